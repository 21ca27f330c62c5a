/** Command ids that are used twice. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommandIds } from './command-ids.js';

test('B59: an id is taken once', () => {
  const ids = new CommandIds();
  expect([1, 2, 2, 1, 3].map((id) => ids.take(id))).toEqual([true, true, false, false, true]);
});

test('ids may skip and come out of order', () => {
  const ids = new CommandIds();
  expect([5, 3, 4, 100, 99, 3_000_000_000, 2_999_999_999].every((id) => ids.take(id))).toBe(true);
});

test('an id far behind is let pass rather than remembered', () => {
  const ids = new CommandIds();
  expect([ids.take(1), ids.take(1_000), ids.take(1)]).toEqual([true, true, true]);
});

test('among the latest 32, every repetition is found and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 32 }), { maxLength: 100 }),
      fc.nat({ max: 2 ** 40 }),
      (list, base) => {
        const ids = new CommandIds();
        const seen = new Set<number>();
        for (const id of list) {
          expect(ids.take(base + id)).toBe(!seen.has(id));
          seen.add(id);
        }
      },
    ),
  );
});
