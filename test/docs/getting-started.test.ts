/** docs/guide/getting-started.md, followed from `npm start` to Fanfare beside Express, Fastify and Hono. */

import { test } from 'vitest';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

test.skipIf(curlIsMissing())(
  'every command and program of the page does what the page says',
  { timeout: patienceMs },
  async () => {
    await using reader = await Reader.start();
    await reader.follow('docs/guide/getting-started.md');
  },
);
