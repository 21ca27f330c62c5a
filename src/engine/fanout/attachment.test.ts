/** The merge of history and live publications: no gap and no repetition, whatever is in the page and the buffer. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trustedJsonText } from '../../model/json-text.js';
import type { Publication } from '../../model/publication.js';
import { merge } from './attachment.js';

const epoch = 'e1';

function publications(from: number, to: number): Publication[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => publication(from + index));
}

function publication(offset: number): Publication {
  return { offset, data: trustedJsonText(`${offset}`) };
}

const buffered = (list: readonly Publication[], of = epoch) => list.map((one) => ({ publication: one, epoch: of }));
const offsets = (list: readonly Publication[]) => list.map(({ offset }) => offset);

describe('merge', () => {
  test.each([
    ['an empty buffer', [], [1, 2, 3], 3],
    ['a buffer that the page has whole', [2, 3], [1, 2, 3], 3],
    ['a buffer that overlaps', [3, 4, 5], [1, 2, 3, 4, 5], 5],
    ['a buffer that follows', [4, 5], [1, 2, 3, 4, 5], 5],
    ['a buffer with repetitions', [3, 4, 4, 3, 5], [1, 2, 3, 4, 5], 5],
  ])('takes the page and, behind it, %s', (_, buffer, expected, top) => {
    const merged = merge(publications(1, 3), { offset: 3, epoch }, buffered(buffer.map(publication)));
    expect(offsets(merged.publications)).toEqual(expected);
    expect([merged.top, merged.hasHole]).toEqual([{ offset: top, epoch }, false]);
  });

  test.each([
    ['begins too late', [5, 6]],
    ['leaves one out', [4, 6]],
  ])('G2: a buffer that %s makes a hole', (_, buffer) => {
    expect(merge(publications(1, 3), { offset: 3, epoch }, buffered(buffer.map(publication))).hasHole).toBe(true);
  });

  test('G5: a buffer of another epoch makes a hole, even where the numbers would fit', () => {
    expect(merge(publications(1, 3), { offset: 3, epoch }, buffered([publication(4)], 'e2')).hasHole).toBe(true);
    expect(merge(publications(1, 3), { offset: 3, epoch }, buffered([publication(2)], 'e2')).hasHole).toBe(true);
  });

  test('leaves page and buffer as they were', () => {
    const page = Object.freeze(publications(1, 2));
    const buffer = Object.freeze(buffered(publications(2, 4)));
    merge(page, { offset: 2, epoch }, buffer);
    expect([page.length, buffer.length]).toEqual([2, 3]);
  });

  test('G1 G3: page and buffer of one stream, read at any instants, merge to consecutive offsets up to the later end', () => {
    const span = fc.record({
      since: fc.nat({ max: 20 }),
      pageEnd: fc.nat({ max: 20 }),
      bufferFrom: fc.nat({ max: 20 }),
      bufferEnd: fc.nat({ max: 30 }),
      repeats: fc.array(fc.nat({ max: 30 }), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(span, ({ since, pageEnd, bufferFrom, bufferEnd, repeats }) => {
        fc.pre(since <= pageEnd && bufferFrom > 0);
        const live = offsets(publications(bufferFrom, bufferEnd));
        // A broker may repeat what it has already delivered.
        for (const at of repeats) {
          const again = live[at];
          if (again !== undefined) live.splice(at + 1, 0, again);
        }
        const top = { offset: pageEnd, epoch };
        const merged = merge(publications(since + 1, pageEnd), top, buffered(live.map(publication)));
        expect(merged.hasHole).toBe(bufferFrom <= bufferEnd && bufferFrom > pageEnd + 1);
        if (merged.hasHole) return;
        const end = bufferFrom <= bufferEnd ? Math.max(pageEnd, bufferEnd) : pageEnd;
        expect(offsets(merged.publications)).toEqual(offsets(publications(since + 1, end)));
        expect(merged.top).toEqual({ offset: end, epoch });
      }),
      { numRuns: 500 },
    );
  });

  test('G2: any publication missing from the buffer is found, wherever it was', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 }), fc.integer({ min: 2, max: 10 }), fc.nat({ max: 9 }), (pageEnd, length, lost) => {
        const live = publications(pageEnd + 1, pageEnd + length);
        // A lost publication is only noticed when a later one arrives.
        fc.pre(lost < length - 1);
        live.splice(lost, 1);
        expect(merge(publications(1, pageEnd), { offset: pageEnd, epoch }, buffered(live)).hasHole).toBe(true);
      }),
    );
  });
});
