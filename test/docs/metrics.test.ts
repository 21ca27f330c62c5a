/** docs/operations/metrics.md, followed from its first command to its last. */

import { followed } from './terminals.js';

followed('every command of the page does what the page says', 'docs/operations/metrics.md');
