/** Bodies to publications and back: nothing is lost, whatever is in them and however small the pieces. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBytes, type Payload, payloadJson } from '../../model/payload.js';
import { bodyOf, dataEvent, modeOf, payloadsOf } from './content.js';

const kinds = fc.constantFrom('json', 'bytes', 'base64' as const);
const sizes = fc.integer({ min: 8, max: 200 });

function kept(
  mode: 'json' | 'text' | 'bytes',
  body: Uint8Array,
  data: 'json' | 'bytes' | 'base64',
  maxMessageBytes = 1_000,
) {
  const payloads = payloadsOf(mode, body, { data, maxMessageBytes });
  if (typeof payloads === 'string') throw new Error(payloads);
  return payloads;
}

const sizeOf = (payload: Payload) => (isBytes(payload) ? payload.length : Buffer.byteLength(payloadJson(payload)));

describe('a body', () => {
  test('of bytes comes back as it was, in pieces that fit', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), kinds, sizes, (body, data, most) => {
        const payloads = kept('bytes', body, data, most);
        expect(payloads.every((payload) => sizeOf(payload) <= most)).toBe(true);
        expect(Buffer.from(bodyOf('bytes', payloads))).toEqual(Buffer.from(body));
      }),
    ));

  test('of text comes back as it was, and no piece divides a character', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), kinds, sizes, (text, data, most) => {
        const payloads = kept('text', Buffer.from(text), data, most);
        expect(payloads.every((payload) => sizeOf(payload) <= most)).toBe(true);
        expect(Buffer.from(bodyOf('text', payloads)).toString()).toBe(text);
      }),
    ));

  test('of JSON is one message, or those of an array, and keeps its digits', () => {
    const messages = (text: string) => kept('json', Buffer.from(text), 'json').map((payload) => `${payload}`);
    expect(messages('{"a":1.0}')).toEqual(['{"a":1.0}']);
    expect(messages(' [[1,2], 12345678901234567890 ,"x"]')).toEqual(['[1,2]', '12345678901234567890', '"x"']);
    expect(messages('[]')).toEqual([]);
    expect(Buffer.from(bodyOf('json', kept('json', Buffer.from('[[1],2]'), 'bytes'))).toString()).toBe('[[1],2]');
  });

  test.each(['{', '', '[1,]', '{"a":"\\ud800"}'])('%j is no message', (text) => {
    expect(typeof payloadsOf('json', Buffer.from(text), { data: 'json', maxMessageBytes: 100 })).toBe('string');
  });

  test('that is not UTF-8 is no text', () => {
    expect(typeof payloadsOf('text', Buffer.of(0xff), { data: 'json', maxMessageBytes: 100 })).toBe('string');
  });
});

test.each([
  ['application/json; charset=utf-8', 'json'],
  ['Text/Plain', 'text'],
  ['application/octet-stream', 'bytes'],
  ['application/x-ndjson', 'bytes'],
])('%s is read as %s', (type, mode) => expect(modeOf(type)).toBe(mode));

test('G12: no data ends an event, or begins another one', () =>
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\r', '\n', ':', 'event: control') }), (text) => {
      const event = dataEvent('text', kept('text', Buffer.from(text), 'json'));
      const lines = event.split('\n');
      expect(event.includes('\r')).toBe(false);
      expect(lines.slice(-2)).toEqual(['', '']);
      expect(lines.slice(1, -2).every((line) => line.startsWith('data:'))).toBe(true);
      expect(lines.slice(1, -2).map((line) => line.slice(5))).toEqual(text.split(/\r\n|\r|\n/));
    }),
  ));
