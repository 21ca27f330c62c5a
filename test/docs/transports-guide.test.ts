/** docs/guide/transports.md, its program run against its server. */

import { test } from 'vitest';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

test.skipIf(curlIsMissing())(
  'every program of the page prints what the page says',
  { timeout: patienceMs },
  async () => {
    await using reader = await Reader.start();
    await reader.follow('docs/guide/transports.md');
  },
);
