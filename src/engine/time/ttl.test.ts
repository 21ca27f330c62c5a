/** Times to live as sent to clients. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { ttlSec } from './ttl.js';

const clock = new FakeClock();

test('what does not expire has none', () => expect(ttlSec(clock, undefined)).toEqual({}));

test.each([
  [60_000, 60],
  [60_999, 60],
  [1_000, 1],
  [999, 1],
  [0, 1],
  [-3_600_000, 1],
  [2_000_001_000, 2_000_000],
  [8_640_000_000_000_000, 2_000_000],
])('%i ms from now: %i s', (ms, sec) => expect(ttlSec(clock, clock.wallMs() + ms)).toEqual({ ttlSec: sec }));

test('B69: the longest one does not overflow the timer of a client', () => {
  const { ttlSec: longest = 0 } = ttlSec(clock, Number.MAX_SAFE_INTEGER);
  expect(longest * 1_000).toBeLessThan(2 ** 31);
});
