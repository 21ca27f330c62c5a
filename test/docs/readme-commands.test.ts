/** README.md: its section about the server alone, followed command by command. */

import { test } from 'vitest';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

test.skipIf(curlIsMissing())('every command does what the README says', { timeout: patienceMs }, async () => {
  await using reader = await Reader.start();
  await reader.follow('README.md');
});
