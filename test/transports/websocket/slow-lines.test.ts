/** Real sockets that stand still or drip beside fast ones: the short form of `npm run bench:slow`, without its times. */

import { channel, fanfare } from 'fanfare';
import { expect, onTestFinished, test, vi } from 'vitest';
import { nowUs, payloadMaker } from '../../../bench/shared/payload.mjs';
import { Reader } from '../../../bench/slow/reader.mjs';
import { violations } from '../../../bench/slow/violations.mjs';

/** More than the kernel takes for a socket of which nobody reads. */
const numPublications = 150;
const payloadBytes = 60_000;
const makePayload = payloadMaker(payloadBytes);
const fast = Number.POSITIVE_INFINITY;
const rates = [0, 125, 10_000, 10_000, fast, fast, fast];

test.each(['latest', 'recover'] as const)('F9: %s beside fast readers, who miss nothing', async (slow) => {
  const app = fanfare({
    anonymous: true,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    limits: { pingIntervalMs: 0, maxQueueBytes: 262_144 },
    channels: {
      'feed:{x}': channel({ subscribe: 'anyone', slow, ...(slow === 'recover' && { history: { size: 1_000 } }) }),
    },
  });
  const { port } = await app.listen(0);
  const shared = Buffer.allocUnsafe(65_536);
  const readers = rates.map((rate) => new Reader(rate));
  onTestFinished(async () => {
    for (const reader of readers) reader.leave();
    await app.close(0);
  });
  for (const reader of readers) await reader.join(port, shared);
  for (let n = 1; n <= numPublications; n++) {
    await app.publish('feed:a', makePayload(n, nowUs()));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const until = (some: readonly Reader[]) =>
    vi.waitFor(() => expect(some.map(({ seen }) => seen.last)).toEqual(some.map(() => numPublications)), 20_000);
  const [healthy, behind] = [readers.filter((each) => each.isHealthy), readers.filter((each) => !each.isHealthy)];
  await until(healthy);
  if (slow === 'recover') expect(healthy.map(({ seen }) => seen.count)).toEqual(healthy.map(() => numPublications));
  expect(behind.filter(({ seen }) => seen.last === numPublications)).toEqual([]);
  for (const reader of behind) reader.hurry();
  await until(behind);
  const seen = behind.map((each) => each.seen);
  expect(violations(slow, numPublications, seen)).toEqual([]);
  if (slow === 'latest') for (const { count } of seen) expect(count).toBeLessThan(numPublications);
});
