/** Whatever comes at once is let through in slices, in order. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { Slices } from './slices.js';

test('what fits into a turn does not wait', () => {
  const clock = new FakeClock();
  const slices = new Slices(clock, 2);
  for (let turn = 0; turn < 3; turn++) {
    expect([slices.enter(), slices.enter()]).toEqual([undefined, undefined]);
    clock.endTurn();
  }
});

test('all come through in order, no more than a slice in a turn, whenever they come', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 7 }), { maxLength: 20 }), async (arrivals) => {
      const clock = new FakeClock();
      const slices = new Slices(clock, 3);
      const through: number[] = [];
      let [came, before] = [0, 0];
      const endTurn = async () => {
        await new Promise<void>((resolve) => setImmediate(resolve));
        expect(through.length - before).toBeLessThanOrEqual(3);
        before = through.length;
        clock.endTurn();
      };
      for (const count of arrivals) {
        for (let i = 0; i < count; i++) {
          const number = came++;
          const turn = slices.enter();
          if (turn === undefined) through.push(number);
          else void turn.then(() => through.push(number));
        }
        await endTurn();
      }
      for (let turn = 0; turn <= came / 3; turn++) await endTurn();
      expect(through).toEqual(Array.from({ length: came }, (_, number) => number));
    }),
  ));
