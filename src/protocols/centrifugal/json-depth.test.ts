/** The depth of JSON, found without parsing it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nestsDeeperThan } from './json-depth.js';

/** Depth by walking the parsed value: the oracle. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('nesting', () => {
  test('is what walking the parsed value finds, for any JSON and any limit', () => {
    const text = fc.string({ unit: fc.constantFrom('[', '{', '"', '\\', 'a', ']') });
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 8 }, text, tie('list'), tie('record')),
      list: fc.array(tie('any'), { maxLength: 3 }),
      record: fc.dictionary(text, tie('any'), { maxKeys: 2 }),
    })).any;
    const space = fc.constantFrom(0, 1, 7);
    fc.assert(
      fc.property(value, fc.nat({ max: 6 }), space, (json, limit, indent) => {
        expect(nestsDeeperThan(JSON.stringify(json, null, indent), limit)).toBe(depthOf(json) > limit);
      }),
      { numRuns: 500 },
    );
  });

  test('brackets and escaped quotes in strings do not count', () => {
    const text = (inner: string) => JSON.stringify([inner.repeat(50)]);
    for (const inner of ['[', '{', '"[', '\\"{', '\\\\[', ']', '}'])
      expect(nestsDeeperThan(text(inner), 1)).toBe(false);
  });

  test('brackets behind a string that ends with an escaped backslash do count', () => {
    expect(nestsDeeperThan('["\\\\",[[["deep"]]]]', 3)).toBe(true);
  });

  test('levels beside each other do not add up', () => {
    expect(nestsDeeperThan(`[${Array.from({ length: 1_000 }, () => '[]').join(',')}]`, 2)).toBe(false);
  });

  test('B44: ten thousand levels are deeper than 64, closed or not', () => {
    expect(nestsDeeperThan('['.repeat(10_000) + ']'.repeat(10_000), 64)).toBe(true);
    expect(nestsDeeperThan('{"a":'.repeat(10_000), 64)).toBe(true);
  });

  test('a string without an end, and an escape at the end, are no reason to go on', () => {
    expect(nestsDeeperThan(`"${'['.repeat(1_000)}`, 64)).toBe(false);
    expect(nestsDeeperThan(`"${'['.repeat(1_000)}\\`, 64)).toBe(false);
  });

  test('a text too short to be that deep is not looked at', () => {
    expect(nestsDeeperThan('[[[[', 2)).toBe(false);
    expect(nestsDeeperThan('[[[[]', 2)).toBe(true);
  });
});
