/** Texts with `*` as a wildcard. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Wildcard } from './wildcard.js';

test.each([
  ['a', 'a', true],
  ['a', 'ab', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['a*', 'a', true],
  ['a*', 'ba', false],
  ['*a', 'ba', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'abc', true],
  ['a*b*c', 'acb', false],
  ['*ab*ab', 'ab', false],
  ['*ab*ab', 'abab', true],
  ['a.c', 'abc', false],
  ['(a+)+', '(a+)+', true],
])('"%s" on "%s": %s', (text, name, expected) => expect(new Wildcard(text).matches(name)).toBe(expected));

test('is what a regular expression of the same meaning says', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
  fc.assert(
    fc.property(text, name, (pattern, value) => {
      const oracle = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
      expect(new Wildcard(pattern).matches(value)).toBe(oracle.test(value));
    }),
    { numRuns: 2_000 },
  );
});

test('a literal takes its stars as they are', () => {
  expect(Wildcard.literal('a*').matches('a*')).toBe(true);
  expect(Wildcard.literal('a*').matches('ab')).toBe(false);
  const all = [Wildcard.literal('a*'), new Wildcard('a'), new Wildcard('a*'), new Wildcard('*')];
  expect(all.map(({ isLiteral }) => isLiteral)).toEqual([true, true, false, false]);
});

test('B84: many stars on a name that does not fit are given up', () => {
  // By trying every way to divide the name among the stars, it would not end.
  expect(new Wildcard(`${'*a'.repeat(120)}*b`).matches('a'.repeat(255))).toBe(false);
});
