/** Objects of JSON from outside: arrays are none. */

import * as v from 'valibot';
import { expect, test } from 'vitest';
import { jsonObject, jsonTexts } from './json-object.js';

const point = jsonObject({ x: v.optional(v.number(), 0) });

test('an object is taken with its known fields', () => {
  expect(v.parse(point, { x: 1, y: 2 })).toEqual({ x: 1 });
  expect(v.parse(point, {})).toEqual({ x: 0 });
  expect(v.parse(jsonTexts, { a: 'b' })).toEqual({ a: 'b' });
});

test.each([[[]], [[1]], [null], ['x'], [1], [undefined]])('%j is no object', (value) => {
  expect(v.is(point, value)).toBe(false);
  expect(v.is(jsonTexts, value)).toBe(false);
});

test('nor within another one, whose field is named', () => {
  const outcome = v.safeParse(v.object({ at: v.nullish(point) }), { at: [] });
  expect(outcome.issues?.map(({ path }) => path?.map(({ key }) => key))).toEqual([['at']]);
});
