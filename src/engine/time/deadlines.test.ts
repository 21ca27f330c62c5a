/** Many deadlines on one timer. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { Deadlines, type Expiring } from './deadlines.js';

function setup(resolutionMs?: number) {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock, resolutionMs);
  const calledAtMs: number[] = [];
  const expiring: Expiring = { onDeadline: () => calledAtMs.push(clock.nowMs()) };
  return { clock, deadlines, calledAtMs, expiring };
}

const delaysMs = [0, 1, 999, 1_000, 1_001, 2_500, 60_000];
test.each(delaysMs)('%i ms: called once, not before and at most 1 s later', async (delayMs) => {
  const { clock, deadlines, calledAtMs, expiring } = setup();
  await clock.advance(300);
  deadlines.add(expiring, delayMs);
  await clock.advance(120_000);
  expect(calledAtMs).toHaveLength(1);
  expect(calledAtMs[0]).toBeGreaterThanOrEqual(300 + delayMs);
  expect(calledAtMs[0]).toBeLessThanOrEqual(300 + delayMs + 1_000);
  expect(deadlines.size).toBe(0);
});

test('with a finer resolution they are called as much sooner', async () => {
  const { clock, deadlines, calledAtMs, expiring } = setup(100);
  await clock.advance(330);
  deadlines.add(expiring, 5_000);
  await clock.advance(10_000);
  expect(calledAtMs).toEqual([5_400]);
});

test('a deadline that has passed already is due at the next tick', async () => {
  const { clock, deadlines, calledAtMs, expiring } = setup();
  deadlines.add(expiring, -3_600_000);
  await clock.advance(1_000);
  expect(calledAtMs).toEqual([1_000]);
});

test('one that was removed is not called, and removing twice does no harm', async () => {
  const { clock, deadlines, calledAtMs, expiring } = setup();
  const tick = deadlines.add(expiring, 5_000);
  deadlines.remove(expiring, tick);
  deadlines.remove(expiring, tick);
  await clock.advance(10_000);
  expect(calledAtMs).toEqual([]);
});

test('G11: the timer runs only while something waits', async () => {
  const { clock, deadlines, expiring } = setup();
  const tick = deadlines.add(expiring, 5_000);
  deadlines.add(expiring, 5_000);
  deadlines.add({ onDeadline: () => undefined }, 7_000);
  expect(clock.numTimers).toBe(1);
  deadlines.remove(expiring, tick);
  expect(clock.numTimers).toBe(1);
  await clock.advance(8_000);
  expect(clock.numTimers).toBe(0);
  deadlines.remove(expiring, deadlines.add(expiring, 1_000));
  expect(clock.numTimers).toBe(0);
});

test('an expiry in the far future neither fires nor overflows', async () => {
  const { clock, deadlines, calledAtMs, expiring } = setup();
  deadlines.add(expiring, 8_640_000_000_000_000);
  await clock.advance(60_000);
  expect(calledAtMs).toEqual([]);
  expect(deadlines.size).toBe(1);
});

test('may be added to from within', async () => {
  const { clock, deadlines } = setup();
  let rounds = 0;
  const again: Expiring = {
    onDeadline: () => {
      if (++rounds < 3) deadlines.add(again, 1_000);
    },
  };
  deadlines.add(again, 1_000);
  await clock.advance(20_000);
  expect(rounds).toBe(3);
});

test('empties all that is due after a timer that came late', () => {
  let late: (() => void) | undefined;
  let nowMs = 0;
  const clock = new FakeClock();
  const deadlines = new Deadlines({
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    afterTurn: (task) => clock.afterTurn(task),
    schedule: (task) => {
      late = task;
      return () => undefined;
    },
  });
  const called: number[] = [];
  for (const delaySec of [1, 2, 3, 60]) deadlines.add({ onDeadline: () => called.push(delaySec) }, delaySec * 1_000);
  nowMs = 10_000;
  late?.();
  expect(called).toEqual([1, 2, 3]);
  expect(deadlines.size).toBe(1);
});

// Half a million connections can come in one second; spread as arguments of one call, they overflowed the stack.
test('any number may be due in the same second', async () => {
  const { clock, deadlines } = setup();
  let called = 0;
  for (let i = 0; i < 500_000; i++) deadlines.add({ onDeadline: () => called++ }, 1_000);
  await clock.advance(2_000);
  expect(called).toBe(500_000);
});

test('calls nothing once closed', async () => {
  const { clock, deadlines, calledAtMs, expiring } = setup();
  deadlines.add(expiring, 1_000);
  deadlines.close();
  await clock.advance(5_000);
  expect(calledAtMs).toEqual([]);
  expect(clock.numTimers).toBe(0);
});
