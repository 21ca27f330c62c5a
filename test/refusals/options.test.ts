/** Options that are right each on its own and wrong together: `fanfare()` says so as `fanfare check` does (B109). */

import { channel, FanfareError, fanfare, type Limits } from 'fanfare';
import { expect, test } from 'vitest';

const channels = { 'news:{id}': channel({ subscribe: 'anyone', history: { size: 2_000, ttl: '5m' } }) };

/** What is told when an application is made. */
async function told(limits: Limits): Promise<object[]> {
  const lines: object[] = [];
  const log = { debug() {}, info() {}, warn: (fields: object) => void lines.push(fields), error() {} };
  await fanfare({ anonymous: true, channels, limits, log }).close(0);
  return lines;
}

test('a limit with its value, and a rule', async () => {
  expect(await told({ connectTimeoutMs: 500 })).toEqual([
    { option: 'limits.connectTimeoutMs', value: 500 },
    { rule: 'news:{id}' },
    { rule: 'news:{id}' },
  ]);
  expect(await told({ maxHistoryPublications: 2_000, maxRecoveredPublications: 2_000 })).toEqual([]);
});

test.each<Limits>([{ pongTimeoutMs: 25_000 }, { connectTimeoutMs: 1 }])('%j is refused', async (limits) => {
  await expect(told(limits)).rejects.toSatisfy((error) => error instanceof FanfareError && error.code === 'ERR_CONFIG');
});
