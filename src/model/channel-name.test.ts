/** Which strings name a channel: lengths in bytes, characters that hide, and twins. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { channelNameFault, internalPrefix, maxChannelBytes, parseChannelName } from './channel-name.js';

describe('names', () => {
  test.each([
    ...['news', 'chat:lobby', 'match:{42}', 'a b', '*', '>', '#', '$SYS', '日本語', 'Zürich', '🎺'],
    ...['I \u2764\ufe0f NY', internalPrefix],
  ])('"%s" is one, and stays as it is', (text) => expect(parseChannelName(text)).toBe(text));

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('B83: "%s" is an ordinary name', (text) => {
    expect(parseChannelName(text)).toBe(text);
  });

  test('B75: the empty string is none', () => {
    expect(channelNameFault('')).toBe('empty');
    expect(parseChannelName('')).toBeUndefined();
  });

  test.each([
    ['ASCII', 'a'],
    ['two bytes a character', 'é'],
    ['three bytes a character', '語'],
    ['four bytes a character', '🎺'],
  ])('B76: the limit counts bytes of UTF-8: %s', (_, character) => {
    const bytes = Buffer.byteLength(character);
    const fits = character.repeat(Math.floor(maxChannelBytes / bytes));
    expect(channelNameFault(fits)).toBeUndefined();
    expect(channelNameFault(fits + character)).toBe('too-long');
  });

  test('B76: a name of a megabyte is refused by its length, whatever is in it', () => {
    expect(channelNameFault('\u0000'.repeat(1_000_000))).toBe('too-long');
  });
});

describe('characters that a name may not have', () => {
  test.each([
    ['NUL', '\u0000'],
    ['tab', '\t'],
    ['line feed', '\n'],
    ['carriage return', '\r'],
    ['escape', '\u001b'],
    ['DEL', '\u007f'],
    ['C1 next line', '\u0085'],
    ['C1 last', '\u009f'],
    ['Arabic letter mark', '\u061c'],
    ['zero-width space', '\u200b'],
    ['left-to-right mark', '\u200e'],
    ['right-to-left mark', '\u200f'],
    ['line separator', '\u2028'],
    ['paragraph separator', '\u2029'],
    ['left-to-right embedding', '\u202a'],
    ['right-to-left override', '\u202e'],
    ['word joiner', '\u2060'],
    ['left-to-right isolate', '\u2066'],
    ['pop directional isolate', '\u2069'],
    ['byte order mark', '\ufeff'],
    ['interlinear annotation', '\ufffa'],
  ])('B77: %s', (_, character) => {
    for (const text of [character, `a${character}`, `${character}a`, `a${character}b`, `é${character}`]) {
      expect(channelNameFault(text)).toBe('forbidden-character');
    }
  });

  test.each([
    ['high', 'a\ud800'],
    ['low', '\udc00a'],
    ['reversed pair', '\udc00\ud800'],
    ['high before a pair', '\ud83c\ud83c\udfba'],
  ])('B77: a lone surrogate: %s', (_, text) => expect(channelNameFault(text)).toBe('not-well-formed'));
});

describe('twins', () => {
  test.each([
    ['é', 'caf\u00e9', 'cafe\u0301'],
    ['Å', '\u00c5', '\u212b'],
    ['Ω', '\u03a9', '\u2126'],
    ['한', '\ud55c', '\u1112\u1161\u11ab'],
  ])('B78: of the spellings of %s, only NFC is a name', (_, composed, other) => {
    expect(other.normalize('NFC')).toBe(composed);
    expect(channelNameFault(composed)).toBeUndefined();
    expect(channelNameFault(other)).toBe('not-normalized');
  });

  test('B78: two different names never become one by normalizing', () => {
    fc.assert(
      fc.property(anyText(20), (left) => {
        for (const form of ['NFC', 'NFD'] as const) {
          const right = left.normalize(form);
          const areNames = parseChannelName(left) !== undefined && parseChannelName(right) !== undefined;
          if (areNames) expect(right).toBe(left);
        }
      }),
    );
  });
});

test('every name survives UTF-8 and has at most 255 bytes of it', () => {
  fc.assert(
    fc.property(anyText(300), (text) => {
      const name = parseChannelName(text);
      if (name === undefined) return;
      const bytes = Buffer.from(name);
      expect(bytes.length).toBeLessThanOrEqual(maxChannelBytes);
      expect(bytes.toString()).toBe(name);
    }),
  );
});

/** Characters of every width, some that combine, compose or are halves. */
function anyText(maxLength: number): fc.Arbitrary<string> {
  const special = [
    ...['a', ':', 'é', 'e\u0301', '\u0301', '\u0327', '\u212b', '語', '\u1112\u1161', '🎺', '\ud83c', '\u0344'],
  ];
  return fc.string({ unit: fc.constantFrom(...special), minLength: 1, maxLength });
}

test.each([
  ['soft hyphen', 'a\u00adb'],
  ['combining grapheme joiner', 'a\u034fb'],
  ['Mongolian vowel separator', 'a\u180eb'],
  ['a tag', 'a\u{e0041}b'],
  ['a Hangul filler', 'a\u3164b'],
  ['a half-width filler', 'a\uffa0b'],
  ['a rare variation selector', 'a\u{e0100}b'],
  ['a free variation selector', 'a\u180bb'],
])('B77: what cannot be seen is in no name: %s', (_, name) => {
  expect(channelNameFault(name)).toBe('forbidden-character');
});
