/** Oldest first, and no more than so many. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue } from './event-queue.js';

test('the oldest makes room when it is full', () => {
  const queue = new EventQueue<number>(2);
  expect([1, 2, 3].map((event) => queue.push(event))).toEqual([true, true, false]);
  expect(queue.take(5)).toEqual([2, 3]);
  expect(queue.size).toBe(0);
});

test('behaves as a list that is cut at the front, however it is used', () => {
  const step = fc.oneof(fc.record({ push: fc.nat({ max: 3_000 }) }), fc.record({ take: fc.nat({ max: 3_000 }) }));
  const property = fc.property(fc.array(step, { maxLength: 20 }), fc.integer({ min: 1, max: 2_000 }), (steps, max) => {
    const queue = new EventQueue<number>(max);
    let model: number[] = [];
    let next = 0;
    for (const action of steps) {
      if ('push' in action) {
        for (let i = 0; i < action.push; i++) {
          const fits = model.length < max;
          if (queue.push(next) !== fits) throw new Error(`push ${next}`);
          if (!fits) model.shift();
          model.push(next++);
        }
      } else {
        expect(queue.take(action.take)).toEqual(model.slice(0, action.take));
        model = model.slice(action.take);
      }
      expect(queue.size).toBe(model.length);
    }
  });
  fc.assert(property, { numRuns: 30 });
});
