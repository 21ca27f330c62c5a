/** Offsets as texts: sorted as the stream is, and nothing else is one. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseOffset, writeOffset } from './offsets.js';

const offsets = fc.nat({ max: Number.MAX_SAFE_INTEGER });

test('come back as they were, and sort as positions do', () =>
  fc.assert(
    fc.property(offsets, offsets, fc.string({ maxLength: 60 }), (one, other, epoch) => {
      expect(parseOffset(writeOffset({ offset: one, epoch }))).toEqual({ offset: one, epoch });
      const [a, b] = [writeOffset({ offset: one, epoch }), writeOffset({ offset: other, epoch })];
      expect(a < b).toBe(one < other);
      expect(a).not.toMatch(/[,&=?/]/);
    }),
  ));

test('the names for the beginning and the end', () => {
  expect([parseOffset('-1'), parseOffset('now')]).toEqual(['beginning', 'now']);
});

test.each([
  '',
  '1',
  'a',
  '0000000000000001',
  '0000000000000001_a b',
  '9999999999999999_aa',
  '-2',
  '0000000000000001_/',
])('%j is none', (text) => expect(parseOffset(text)).toBeUndefined());
