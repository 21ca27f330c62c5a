/** The messages that JetStream keeps of a channel, in both directions, and how a place advances. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trustedJsonText } from '../../../model/json-text.js';
import { encodePublication } from '../../bus-message.js';
import { advanced, decodeStored, emptyPlace, encodeStored, type Place } from './stored-message.js';

const limits = { size: 3, ttlMs: 1_000 };
const empty = emptyPlace('birth.1', 'life.1');

test('a message comes back as it was', () => {
  const place = fc.record({
    seq: fc.nat(),
    timeMs: fc.nat(),
    offset: fc.integer({ min: 20, max: Number.MAX_SAFE_INTEGER }),
    birth: fc.constant('aZ_-0.1'),
    life: fc.constant('b.2'),
    oldest: fc.nat(),
    limits: fc.record({ size: fc.nat(), ttlMs: fc.nat() }),
    links: fc.array(fc.nat(), { maxLength: 16 }),
  });
  const publications = fc.array(fc.record({ data: fc.json().map(trustedJsonText) }), { maxLength: 20 });
  fc.assert(
    fc.property(place, publications, (given, kept) => {
      const text = encodeStored(given, kept.map(encodePublication));
      expect(decodeStored(text, given.seq)).toEqual({ place: given, publications: kept });
    }),
  );
});

test.each([
  ...['', 'h', 'h1:b:l:0:1:1:1:', 'h1:b:l:0:1:1:1::5:0:1', 'h1:b:l:0:1:1:1::x', 'h1:b:l:0:1:1:1::-1:0:1'],
  ...['h1:b:l:0:1:1:1::3:0:13:0:2', 'hx:b:l:0:1:1:1::3:0:1', 'p0::0:1'],
])('B39: %j is refused', (text) => expect(() => decodeStored(text, 1)).toThrow());

describe('a place', () => {
  const stored = (place: Place, seq: number) => ({ ...place, seq });

  test('counts from 1 and remembers where the messages before are', () => {
    const one = stored(advanced(empty, 1, limits, 'life.1', 0), 10);
    const three = stored(advanced(one, 2, limits, 'life.1', 500), 20);
    expect([one.offset, one.oldest, one.links]).toEqual([1, 1, []]);
    expect([three.offset, three.oldest, three.links]).toEqual([3, 1, [10]]);
    expect(advanced(three, 2, limits, 'life.1', 900)).toMatchObject({ offset: 5, oldest: 3, links: [20, 10] });
  });

  test('begins a new history when the one before has outlived its time, and counts on', () => {
    const one = stored(advanced(empty, 3, limits, 'life.1', 0), 10);
    expect(advanced(one, 1, limits, 'life.1', 999)).toMatchObject({ oldest: 2, links: [10] });
    expect(advanced(one, 1, limits, 'life.1', 1_000)).toMatchObject({ offset: 4, oldest: 4, links: [] });
  });
});
