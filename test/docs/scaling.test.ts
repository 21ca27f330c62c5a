/** docs/operations/scaling.md, followed from its first command to its last. */

import { test } from 'vitest';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

test.skipIf(curlIsMissing())('every command of the page does what the page says', { timeout: patienceMs }, async () => {
  await using reader = await Reader.start();
  await reader.follow('docs/operations/scaling.md');
});
