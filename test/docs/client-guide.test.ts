/** docs/guide/client.md, its programs run against its server. */

import { followed } from './terminals.js';

followed('every program of the page prints what the page says', 'docs/guide/client.md');
