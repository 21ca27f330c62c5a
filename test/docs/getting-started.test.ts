/** docs/guide/getting-started.md, followed from `npm start` to Fanfare beside Express, Fastify and Hono. */

import { followed } from './terminals.js';

followed('every command and program of the page does what the page says', 'docs/guide/getting-started.md');
