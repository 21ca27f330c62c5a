/** docs/recipes: each page followed from its first file to its last command. */

import { readdirSync } from 'node:fs';
import { root } from './page.js';
import { followed } from './terminals.js';

for (const name of readdirSync(`${root}docs/recipes`)) followed(name, `docs/recipes/${name}`);
