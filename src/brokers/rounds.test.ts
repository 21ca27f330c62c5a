/** Iterations over collections of any size. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { Rounds } from './rounds.js';

test('a large collection is gone through in many turns, what comes and goes meanwhile included', async () => {
  const clock = new FakeClock();
  const entries = new Map(Array.from({ length: 10_000 }, (_, index) => [index, 0]));
  const inTurns: number[] = [];
  const rounds = new Rounds(clock, 1_000, function* () {
    for (const [entry] of entries) {
      entries.set(entry, clock.nowMs());
      inTurns.push(clock.nowMs());
      yield;
    }
  });
  rounds.start();
  await clock.advance(999);
  expect(inTurns).toEqual([]);
  await clock.advance(1);
  expect(inTurns.length).toBeLessThan(5_000);
  entries.delete(9_999);
  entries.set(-1, 0);
  await clock.advance(500);
  expect(inTurns.length).toBe(10_000);
  expect(entries.get(-1)).toBeGreaterThan(1_000);
  expect(new Set(inTurns).size).toBeGreaterThan(3);

  await clock.advance(1_000);
  expect(inTurns.length).toBeGreaterThan(10_000);
  rounds.close();
  const seen = inTurns.length;
  await clock.advance(5_000);
  expect(inTurns.length).toBe(seen);
});

test('on a slow machine a turn goes through fewer entries', async () => {
  const clock = new FakeClock();
  const perTurn: number[] = [];
  const rounds = new Rounds(clock, 1_000, function* () {
    let turn = -1;
    for (let entry = 0; entry < 1_000; entry++) {
      const turnNow = Math.floor(clock.nowMs() / 10);
      if (turnNow !== turn) perTurn.push(0);
      turn = turnNow;
      perTurn[perTurn.length - 1] = (perTurn.at(-1) ?? 0) + 1;
      // The 64th of each look takes long.
      if (entry % 64 === 63) clock.work(8);
      yield;
    }
  });
  rounds.start();
  await clock.advance(2_000);
  rounds.close();
  expect(perTurn.reduce((sum, count) => sum + count, 0)).toBe(1_000);
  expect(Math.max(...perTurn)).toBeLessThan(2 * 64);
});
