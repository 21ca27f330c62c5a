/** Positions as a text, in both directions. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPositions, parsePositions } from './positions.js';

const channels = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const places = fc.record({ offset: fc.nat(Number.MAX_SAFE_INTEGER), epoch: fc.stringMatching(/^[\w-]{1,24}$/) });

test('are read as they were written, whatever the channels are called', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(channels, places), { minLength: 1, maxLength: 8 }), (entries) => {
      const positions = new Map(entries);
      const text = formatPositions(positions);
      // Valid in a header and in a line of an event stream.
      expect(text).toMatch(/^[!-~]+$/);
      expect(parsePositions(text)).toEqual(positions);
    }),
  );
});

test('hostile texts give nothing, and never throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const positions = parsePositions(text);
      if (positions !== undefined) expect(parsePositions(formatPositions(positions))).toEqual(positions);
    }),
  );
});

test.each([
  ...['', 'news', 'news=', 'news=1', 'news=1.', 'news=.e', '=1.e', 'news=1.e=2', 'news=1.e&'],
  ...['news=1.e&news=2.e', 'news=-1.e', 'news=1.5.e', 'news=0x1.e', 'news=9007199254740992.e', 'news=1.e e'],
  ...['news=1.e\r\nX: y', '%=1.e', '%ff=1.e', `news=1.${'e'.repeat(65)}`, `${'a=1.e&'.repeat(3_000)}b=1.e`],
])('"%s" is not one', (text) => expect(parsePositions(text)).toBeUndefined());

test('B83: a channel named like a part of Object is a channel', () => {
  expect(parsePositions('__proto__=1.e')).toEqual(new Map([['__proto__', { offset: 1, epoch: 'e' }]]));
});
