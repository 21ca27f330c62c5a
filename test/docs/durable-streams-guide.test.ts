/** docs/guide/durable-streams.md, its commands against its server. */

import { followed } from './terminals.js';

followed('the commands of the page print what the page says', 'docs/guide/durable-streams.md');
