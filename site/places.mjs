// @ts-check
/** Where the site lies. */

import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';

/** Where a server has it: the development mode serves it beside an example. */
export const base = '/docs/';

/** Markdown that VitePress reads, made of that of the repository. */
export const pages = join(root, '.cache/site/pages');

/** What a web server serves under `base`. */
export const html = join(root, '.cache/site/html');

/** What docstrings of public names do not say, as the last build has found it: a list of texts, in JSON. */
export const problemsFile = join(root, '.cache/site/problems.json');
