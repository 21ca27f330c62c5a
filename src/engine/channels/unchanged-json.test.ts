/** When a message may stay the text that it was, although a schema has looked at it. */

import { expect, test } from 'vitest';
import { type JsonText, trustedJsonText } from '../../model/json-text.js';
import { isUnchanged } from './unchanged-json.js';

const text: JsonText = trustedJsonText('{ "z":1.0, "id":1234567890123456789, "list":[{"a":null}] }');
const meant = () => JSON.parse(text) as Record<string, unknown>;

test('a schema that only looks, copies or sorts changes nothing', () => {
  expect(isUnchanged(text, meant())).toBe(true);
  const { z, ...rest } = meant();
  expect(isUnchanged(text, { ...rest, z })).toBe(true);
  expect(isUnchanged(trustedJsonText('1e400'), Number.POSITIVE_INFINITY)).toBe(true);
});

test.each<[string, (value: Record<string, unknown>) => unknown]>([
  ['another value', (value) => ({ ...value, z: 2 })],
  ['another type', (value) => ({ ...value, z: '1' })],
  ['one more member', (value) => ({ ...value, more: 1 })],
  ['one more member that is undefined', (value) => ({ ...value, more: undefined })],
  ['one member less', ({ z: _, ...value }) => value],
  ['a member renamed', ({ z, ...value }) => ({ ...value, y: z })],
  ['one more element', (value) => ({ ...value, list: [{ a: null }, 1] })],
  ['a list that became an object', (value) => ({ ...value, list: { 0: { a: null } } })],
  ['a date', (value) => ({ ...value, z: new Date(1) })],
  ['an object of a class', (value) => Object.assign(new (class Message {})(), value)],
])('%s is a change', (_, change) => expect(isUnchanged(text, change(meant()))).toBe(false));

test('what the schema changed in its place is a change', () => {
  const value = meant();
  (value.list as unknown[]).pop();
  expect(isUnchanged(text, value)).toBe(false);
});

test('a member that is there twice was seen once: not the text, but what was seen', () => {
  for (const twice of [
    '{"role":"user","role":"admin"}',
    '[{"a":{"b":1,"\\u0062":1}}]',
    '{"__proto__":1,"__proto__":1}',
  ]) {
    expect(isUnchanged(trustedJsonText(twice), JSON.parse(twice))).toBe(false);
  }
  const once = '{"__proto__":{"a":1},"b":": , \\":"}';
  expect(isUnchanged(trustedJsonText(once), JSON.parse(once))).toBe(true);
});
