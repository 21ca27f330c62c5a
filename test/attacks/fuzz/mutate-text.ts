/** Changes of texts: characters that are cut, put in, doubled, and pieces of other texts. */

import type { SeededRandom } from '../../chaos/seeded-random.js';

const pieces = [
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '\n',
    '\r',
    '\0',
    ' ',
    '-',
    '0',
    '1e999',
    '-0',
    '00',
    '+1',
    'NaN',
    'null',
  ],
  ...['true', '\\u0000', '\\ud800', '\\udc00\\ud800', '\ud800', '\u2028', '\ufeff', '\u202e', 'é', '😀', 'e\u0301'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '9007199254740993', '-9007199254740993', '4294967296'],
  ...['18446744073709551616', '0x10', '1_000', '%00', '../', '*', '>', '#', '{}', '[]', '""'],
] as const;

const maxEdits = 4;
/** Longer texts are not better, and slower. */
export const maxTextLength = 8_192;

/** @param others to take pieces from */
export function mutatedText(random: SeededRandom, text: string, others: readonly string[]): string {
  let made = text;
  for (let edits = 1 + random.below(maxEdits); edits > 0; edits--) made = edited(random, made, others);
  return made.slice(0, maxTextLength);
}

function edited(random: SeededRandom, text: string, others: readonly string[]): string {
  const [at, length] = [random.below(text.length + 1), 1 + random.below(8)];
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (random.below(8)) {
    case 0:
      return before;
    case 1:
      return before + after.slice(length);
    case 2:
      return before + after.slice(0, length).repeat(2 + random.below(3)) + after.slice(length);
    case 3:
      return before + random.pick(pieces) + after.slice(random.below(2) * length);
    case 4:
      return before + String.fromCharCode(random.below(random.below(2) === 0 ? 128 : 65_536)) + after.slice(1);
    case 5: {
      const other = random.pick(others);
      return before + other.slice(random.below(other.length + 1));
    }
    case 6:
      return before + random.pick(pieces).repeat(1 + random.below(200)) + after;
    default:
      // A number, if there is one: what counts, measures and addresses.
      return text.replace(/-?\d+/, () => `${interestingNumber(random)}`);
  }
}

/** Where types, and those who read them, have their limits. */
export function interestingNumber(random: SeededRandom): number {
  const edge = random.pick([0, 1, 2, 7, 8, 15, 16, 31, 32, 52, 53, 63, 64, 1_023]);
  const value = 2 ** edge + random.below(3) - 1;
  return random.below(3) === 0 ? -value : random.below(5) === 0 ? value + 0.5 : value;
}
