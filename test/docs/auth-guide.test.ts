/** docs/guide/auth.md, followed from no token to its last limit against a fresh server. */

import { test } from 'vitest';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

test.skipIf(curlIsMissing())('every command of the page does what the page says', { timeout: patienceMs }, async () => {
  await using reader = await Reader.start();
  await reader.follow('docs/guide/auth.md');
});
