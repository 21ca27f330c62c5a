/** Where beats lie in time, for all rates, and after one that could not come in time. */

import { expect, test } from 'vitest';
import { Rhythm } from './rhythm.js';

function begun(atMs: number): Rhythm {
  const rhythm = new Rhythm();
  rhythm.begin(atMs);
  return rhythm;
}

test('the beats of all rates are on one grid, on both sides of the first', () => {
  const rhythm = begun(1_030);
  expect([1_000, 1_030, 1_031, 1_129.5, 1_130].map((fromMs) => rhythm.next(fromMs, 100))).toEqual([
    1_030, 1_030, 1_130, 1_130, 1_130,
  ]);
  expect([rhythm.next(0, 500), rhythm.next(1_031, 500)]).toEqual([30, 1_530]);
  const third = 1_000 / 3;
  expect(rhythm.next(1_030 + 900 * third, third)).toBeCloseTo(301_030, 6);
});

test('who begins while others beat follows them, and after the last of them the next one begins it anew', () => {
  const rhythm = begun(1_000);
  rhythm.begin(1_030);
  expect(rhythm.next(1_031, 100)).toBe(1_100);
  rhythm.end();
  rhythm.begin(1_070);
  expect(rhythm.next(1_071, 100)).toBe(1_100);
  rhythm.end();
  rhythm.end();
  rhythm.begin(2_070);
  expect(rhythm.next(2_071, 100)).toBe(2_170);
});

test('a beat that comes later takes the next ones with it, once for all that were due with it', () => {
  const rhythm = begun(1_000);
  for (const intervalMs of [100, 100, 500]) rhythm.delay(2_000, intervalMs, 37);
  expect([rhythm.next(2_100, 100), rhythm.next(2_037, 500), rhythm.next(2_038, 500)]).toEqual([2_137, 2_037, 2_537]);
});

test('what is late without having been a beat of the rhythm does not move it', () => {
  const rhythm = begun(1_000);
  rhythm.delay(2_050, 100, 37);
  expect(rhythm.next(2_050, 100)).toBe(2_100);
});
