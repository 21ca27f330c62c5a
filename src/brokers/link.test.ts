import { expect, test } from 'vitest';
import { countingRandom, FakeClock } from '../../test/support/engine/fake-clock.js';
import { silentLogger } from '../engine/ports/logger.js';
import { Link } from './link.js';

function made() {
  const clock = new FakeClock();
  let dialled = 0;
  const link = new Link(
    {
      kind: 'test',
      name: 'link',
      dial: async () => ++dialled,
      open: async () => ({ ping: async () => undefined, end: () => undefined }),
      destroy: () => undefined,
      timeoutMs: 4_000,
    },
    { clock, random: countingRandom(), log: silentLogger },
  );
  return { clock, link, numDialled: () => dialled };
}

test('a renewal that does not help is asked for often and made seldom; between two the connection stays', async () => {
  const { clock, link, numDialled } = made();
  await link.start();
  let msUp = 0;
  for (let ms = 0; ms < 25_000; ms += 50) {
    link.renew('the server is not a primary');
    await clock.advance(50);
    if (link.session !== undefined) msUp += 50;
  }
  expect(numDialled()).toBeLessThanOrEqual(7);
  expect(msUp).toBeGreaterThan(24_000);
  // After a long time it is logged again.
  await clock.advance(120_000);
  const before = numDialled();
  link.renew('the server is not a primary');
  await clock.advance(1_000);
  expect(numDialled()).toBe(before + 1);
  link.close();
});
