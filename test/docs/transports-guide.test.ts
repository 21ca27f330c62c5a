/** docs/guide/transports.md, its program run against its server. */

import { followed } from './terminals.js';

followed('every program of the page prints what the page says', 'docs/guide/transports.md');
