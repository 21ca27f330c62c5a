/** Lists of headers: what is empty is not there, and quotes hold together. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../test/support/linear.js';
import { elementsOf, pairOf, splitOutsideQuotes, unquoted } from './header-list.js';
import { isUtf8Json, mediaTypeOf } from './media-type.js';

describe('elements', () => {
  test.each<[string | undefined, string[]]>([
    [undefined, []],
    ['', []],
    [' , ,\t,', []],
    ['a', ['a']],
    ['a,, b\t,', ['a', 'b']],
    ['a b', ['a b']],
    ['x="1,2", y', ['x="1,2"', 'y']],
    ['x="\\",", y', ['x="\\","', 'y']],
    ['x="1, y', ['x="1, y']],
    // What is space to JavaScript and not to HTTP.
    ['\u00a0a\u00a0', ['\u00a0a\u00a0']],
  ])('of %j: %j', (value, elements) => expect(elementsOf(value)).toEqual(elements));

  test('whatever comes, nothing is lost but separators and space', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '\\', ' ', '\t', ';') }), (text) => {
        const kept = splitOutsideQuotes(text, ',').join('');
        expect(kept.replaceAll(/[, \t]/g, '')).toBe(text.replaceAll(/[, \t]/g, ''));
      }),
    );
  });

  test('B14: many quotes are read in linear time', () => {
    expectLinear(2_000, (size) => elementsOf('"\\",'.repeat(size)));
    expectLinear(4_000, (size) => unquoted(`"${'\\"'.repeat(size)}`));
  });
});

test.each<[string, readonly [string, string] | undefined]>([
  ['a=b', ['a', 'b']],
  ['A = "b;\\"c"', ['a', 'b;"c']],
  ['a=', ['a', '']],
  ['a', undefined],
  ['a="b', undefined],
  ['a="b"c"', undefined],
])('pairs %j', (text, pair) => expect(pairOf(text)).toEqual(pair));

describe('media types', () => {
  test.each([
    ...['application/json', 'Application/JSON', 'application/json;charset=utf-8'],
    ...['application/json\t; charset="UTF-8"', 'application/json; charset=utf8'],
    ...['application/json; charset=US-ASCII', 'application/json;'],
    ...['application/json; ; profile="a;b"; Charset=Utf-8', 'application/json;odata=verbose'],
  ])('%s is JSON', (type) => {
    expect(isUtf8Json(type)).toBe(true);
    expect(mediaTypeOf(type)).toBe('application/json');
  });

  test.each([
    ...[undefined, '', 'text/plain', 'text/plain; application/json', 'application/jsonp'],
    ...['application/json, text/plain', 'application/json; charset=utf-16'],
    'application/json; charset=utf-8; charset=latin1',
  ])('%s is not', (type) => expect(isUtf8Json(type)).toBe(false));
});
