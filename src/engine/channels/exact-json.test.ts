/** What JSON cannot keep is refused with its place; the rest is what `JSON.stringify` writes. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeExactly } from './exact-json.js';

const cycle: Record<string, unknown> = { a: {} };
cycle.self = [cycle];
// biome-ignore lint/suspicious/noSparseArray: what is told about
const sparse = [1, , 2];

describe('what JSON cannot keep', () => {
  test.each<[string, unknown, string]>([
    ['undefined in a list', { list: [1, undefined] }, '.list[1] is undefined'],
    ['a hole in a list', sparse, '[1] is undefined'],
    ['NaN', { items: [{ price: Number.NaN }] }, '.items[0].price is NaN'],
    ['an infinity', { 'a b': Number.NEGATIVE_INFINITY }, '["a b"] is -Infinity'],
    ['a bigint', { id: 1n }, '.id is a bigint'],
    ['a function in an object', { run: () => 1 }, '.run is a function'],
    ['a symbol', [Symbol('s')], '[0] is a symbol'],
    ['a Map', { by: new Map([[1, 2]]) }, '.by is a Map'],
    ['a Set', new Set([1]), ' is a Set'],
    ['an Error', { cause: new RangeError('x') }, '.cause is a Error'],
    ['a typed array', { bytes: new Uint8Array(2) }, '.bytes is a Uint8Array'],
    ['a promise', { later: Promise.resolve(1) }, '.later is a Promise'],
    ['an invalid date', { at: new Date('never') }, '.at is an invalid date'],
    ['a boxed NaN', { n: new Number(Number.NaN) }, '.n is NaN'],
    ['a cycle', cycle, '.self[0] is a cycle'],
    ['what toJSON returns', { x: { toJSON: () => ({ y: [Number.NaN] }) } }, '.x.y[0] is NaN'],
    ['a lone surrogate', { a: ['b\ud800'] }, '.a[0] is text with a lone surrogate'],
    ['a lone surrogate in a key', { 'b\ud800': 1 }, ' is text with a lone surrogate'],
    ['nothing at all', undefined, ' is undefined'],
  ])('%s is named with its path', (_, value, fault) => {
    const outcome = encodeExactly(value);
    expect(outcome.ok ? outcome.text : outcome.fault).toContain(fault.replace(/\ud800/, ''));
    expect(outcome.ok).toBe(false);
  });

  test('ten thousand levels are refused and not an overflow', () => {
    let deep: unknown = 1;
    for (let n = 0; n < 10_000; n++) deep = [deep];
    expect(encodeExactly(deep).ok).toBe(false);
  });
});

describe('what JSON keeps', () => {
  class Point {
    constructor(
      readonly x: number,
      readonly y: number | undefined,
    ) {}
  }
  const shared = { s: 1 };

  test.each<[string, unknown, string]>([
    ['a member that is undefined is left out', { a: 1, b: undefined }, '{"a":1}'],
    ['a date is its text', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['an object of a class is its members', new Point(1, undefined), '{"x":1}'],
    ['the same object twice is no cycle', [shared, shared], '[{"s":1},{"s":1}]'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ['bytes of Node have a toJSON', Buffer.from('a'), '{"type":"Buffer","data":[97]}'],
    ['minus zero', -0, '0'],
  ])('%s', (_, value, text) => expect(encodeExactly(value)).toEqual({ ok: true, text }));

  test('is what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        expect(encodeExactly(value)).toEqual({ ok: true, text: JSON.stringify(value) });
      }),
    );
  });

  test('whatever is let through is read back as it was', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true, withDate: true }),
        (value) => {
          const outcome = encodeExactly(value);
          if (!outcome.ok) return;
          expect(JSON.stringify(JSON.parse(outcome.text))).toBe(outcome.text);
          expect(outcome.text).toBe(JSON.stringify(value));
        },
      ),
      { numRuns: 500 },
    );
  });
});
