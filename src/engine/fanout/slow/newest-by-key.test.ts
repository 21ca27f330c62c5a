/** The newest of each key, as a plain list of everything that was added would tell it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NewestByKey } from './newest-by-key.js';

interface Added {
  readonly number: number;
  readonly key: string;
}

/** What is due after a place, by looking at everything. */
function due(all: readonly Added[], place: number): number[] {
  return all
    .filter(({ number, key }) => number > place && !all.some((later) => later.key === key && later.number > number))
    .map(({ number }) => number);
}

describe('newest by key', () => {
  test('has the last item of each key after any place, in order, whatever was added and forgotten', () => {
    const step = fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom('', 'a', 'b', 'c', 'd') },
      { weight: 1, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: fc.nat({ max: 40 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (keys) => {
        const newest = new NewestByKey<number>();
        let all: Added[] = [];
        let number = 0;
        for (const key of keys) {
          if (key === undefined) {
            newest.clear();
            all = [];
          } else if (typeof key === 'number') {
            newest.forget(key);
            all = all.filter((each) => each.number > key);
          } else {
            newest.add(key, ++number);
            all.push({ number, key });
          }
          for (let place = 0; place <= number; place++) {
            const found = newest.after(place);
            expect(found.map((each) => each.item)).toEqual(due(all, place));
            expect(found.map((each) => each.number)).toEqual(found.map((each) => each.item));
          }
          expect([newest.numAdded, newest.size]).toEqual([number, due(all, 0).length]);
        }
      }),
    );
  });

  test('one key of a channel without keys: there is never more than one item', () => {
    const newest = new NewestByKey<string>();
    for (const text of ['a', 'b', 'c']) newest.add('', text);
    expect([newest.size, newest.after(0), newest.after(2), newest.after(3)]).toEqual([
      1,
      [expect.objectContaining({ number: 3, item: 'c' })],
      [expect.objectContaining({ number: 3, item: 'c' })],
      [],
    ]);
  });
});
