/** JSON as text: what can be encoded, and lone surrogates. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../test/support/linear.js';
import { fromJsonText, hasLoneSurrogate, type JsonText, toJsonText } from './json-text.js';

function encode(value: unknown): JsonText {
  const text = toJsonText(value);
  if (text === undefined) throw new Error('not JSON');
  return text;
}

test('what was encoded is decoded to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(toJsonText(fromJsonText(encode(value)))).toBe(encode(value));
    }),
  );
});

test.each([
  ['undefined', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
])('%s has no JSON', (_, value) => expect(toJsonText(value)).toBeUndefined());

test('cycles and bigints throw a TypeError', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  expect(() => toJsonText(cycle)).toThrow(TypeError);
  expect(() => toJsonText(1n)).toThrow(TypeError);
});

describe('a lone surrogate', () => {
  test.each([
    ['high', '\ud800'],
    ['low', '\udfff'],
    ['before a pair', '\ud83c\ud83c\udfba'],
    ['in a key', { '\udc00': 1 }],
    ['deep inside', [{ a: ['b\udbff'] }]],
    ['after a backslash', '\\\ud800'],
  ])('B58: is found: %s', (_, value) => expect(hasLoneSurrogate(encode(value))).toBe(true));

  test.each([
    ['a pair', '🎺'],
    ['the escape as text', '\\ud800'],
    ['the escape as text after a backslash', '\\\\\\ud800'],
    ['an escaped control character', '\u0000'],
    ['the letters alone', 'ud800'],
    ['a character before the surrogates', '\ud7ff'],
    ['a character behind them', '\ue000'],
  ])('is not found in %s', (_, value) => expect(hasLoneSurrogate(encode(value))).toBe(false));

  test('is found exactly where UTF-8 would lose it', () => {
    // Backslashes and escapes are what the search could be confused by.
    const unit = fc.constantFrom('\\', 'u', 'd', '8', '0', '"', '\ud800', '\udc00', '\u0001');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        expect(hasLoneSurrogate(encode(text))).toBe(Buffer.from(text).toString() !== text);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a message of backslashes is searched in linear time', () => {
    expectLinear(60_000, (size) => {
      expect(hasLoneSurrogate(encode(`${'\\'.repeat(size)}ud800`))).toBe(false);
    });
  });
});
