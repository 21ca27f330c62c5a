import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { ProbeSeries } from './probe-series.js';

function made() {
  const clock = new FakeClock();
  const state: { fate: 'works' | 'fails' | 'hangs'; attempts: number; turns: unknown[] } = {
    ...{ fate: 'works', attempts: 0, turns: [] },
  };
  const series = new ProbeSeries({
    name: 'probe',
    clock,
    attempt: () => {
      state.attempts++;
      if (state.fate === 'hangs') return new Promise(() => undefined);
      return state.fate === 'works' ? Promise.resolve() : Promise.reject(new Error('no'));
    },
    onTurn: (isWell, reason) => state.turns.push([isWell, reason instanceof Error]),
  });
  series.start();
  return { clock, state, series };
}

test('G10: work that fails is known within two seconds, and once; that it succeeds again within one', async () => {
  const { clock, state, series } = made();
  await clock.advance(10_000);
  expect([series.isWell, state.attempts]).toEqual([true, 10]);
  state.fate = 'fails';
  await clock.advance(2_000);
  expect(series.isWell).toBe(false);
  await clock.advance(20_000);
  state.fate = 'works';
  await clock.advance(300);
  expect(series.isWell).toBe(true);
  expect(state.turns).toEqual([
    [false, true],
    [true, false],
  ]);
  series.close();
});

test('G10: work that hangs is known within four seconds; who waits for it does not hold up what would succeed', async () => {
  const { clock, state, series } = made();
  await clock.advance(5_000);
  state.fate = 'hangs';
  await clock.advance(4_000);
  expect(series.isWell).toBe(false);
  state.fate = 'works';
  await clock.advance(300);
  expect(series.isWell).toBe(true);
  // The attempts that hung fail now, which tells nothing about the present.
  await clock.advance(10_000);
  expect(series.isWell).toBe(true);
  expect(state.turns).toHaveLength(2);
  series.close();
});

test('one failure between successes changes nothing, and what hangs is not tried without end', async () => {
  const { clock, state, series } = made();
  state.fate = 'fails';
  await clock.advance(1_000);
  state.fate = 'works';
  await clock.advance(1_000);
  expect([series.isWell, state.turns]).toEqual([true, []]);
  state.fate = 'hangs';
  const before = state.attempts;
  await clock.advance(3_900);
  expect(state.attempts - before).toBeLessThanOrEqual(8);
  series.close();
});

test('a silence is remembered for a while', async () => {
  const { clock, state, series } = made();
  state.fate = 'hangs';
  await clock.advance(9_000);
  state.fate = 'works';
  await clock.advance(500);
  expect(series.silenceMs).toBeLessThan(1_000);
  expect(series.silenceWithin(3_000)).toBeGreaterThanOrEqual(9_000);
  await clock.advance(4_000);
  expect(series.silenceWithin(3_000)).toBeLessThan(2_000);
  series.close();
});
