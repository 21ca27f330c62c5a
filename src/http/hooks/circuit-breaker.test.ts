/** When a backend is taken for dead, and when it is asked again. */

import { expect, test } from 'vitest';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { CircuitBreaker } from './circuit-breaker.js';

/** With the test's randomness a probe goes out every 1.5 s. */
function make(maxFailures = 3) {
  const clock = new FakeClock();
  return { clock, breaker: new CircuitBreaker(clock, countingRandom(), maxFailures) };
}

test('opens at the last of so many failures in a row, and says so once', () => {
  const { breaker } = make();
  expect([breaker.failed(), breaker.failed()]).toEqual([false, false]);
  expect(breaker.pass()).toBe('closed');
  expect(breaker.failed()).toBe(true);
  expect(breaker.isOpen).toBe(true);
  expect(breaker.failed()).toBe(false);
});

test('an answer in between starts the count again', () => {
  const { breaker } = make();
  breaker.failed();
  breaker.failed();
  expect(breaker.succeeded()).toBe(false);
  breaker.failed();
  expect(breaker.failed()).toBe(false);
  expect(breaker.isOpen).toBe(false);
});

test('lets one probe out in each interval, also when the one before hangs', async () => {
  const { breaker, clock } = make(1);
  breaker.failed();
  expect(breaker.pass()).toBeUndefined();
  await clock.advance(1_499);
  expect(breaker.pass()).toBeUndefined();
  await clock.advance(1);
  expect(breaker.pass()).toBe('probe');
  expect(breaker.pass()).toBeUndefined();
  await clock.advance(1_500);
  expect(breaker.pass()).toBe('probe');
});

test('a probe that is answered closes it', async () => {
  const { breaker, clock } = make(1);
  breaker.failed();
  await clock.advance(1_500);
  breaker.pass();
  expect(breaker.succeeded()).toBe(true);
  expect(breaker.pass()).toBe('closed');
});

test('a probe that fails leaves it open, until the next', async () => {
  const { breaker, clock } = make(1);
  breaker.failed();
  await clock.advance(1_500);
  breaker.pass();
  expect(breaker.failed()).toBe(false);
  expect(breaker.pass()).toBeUndefined();
});

test.each([
  [0, 1_000],
  [0.999, 1_999],
])('the interval is from one to two seconds: %d', async (unit, waitMs) => {
  const clock = new FakeClock();
  const breaker = new CircuitBreaker(clock, { id: () => '', unit: () => unit }, 1);
  breaker.failed();
  await clock.advance(waitMs - 1);
  expect(breaker.pass()).toBeUndefined();
  await clock.advance(1);
  expect(breaker.pass()).toBe('probe');
});
