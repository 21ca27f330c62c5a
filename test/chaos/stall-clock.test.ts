/** The clock of a run leaves out the time in which nobody could look. */

import { expect, test } from 'vitest';
import { StallClock } from './stall-clock.js';

test('goes on with the time, and stands still for what is more than the usual lag', () => {
  let now = 1_000;
  using clock = new StallClock(() => now);
  expect(clock.nowMs).toBe(1_000);
  now += 200;
  expect(clock.nowMs).toBe(1_200);
  now += 3_000;
  expect(clock.nowMs).toBe(1_250);
  expect(clock.stalledMs).toBe(2_950);
  now += 100;
  expect(clock.nowMs).toBe(1_350);
});
