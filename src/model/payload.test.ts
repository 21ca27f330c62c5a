/** What can be done with a payload without knowing its kind. */

import { expect, test } from 'vitest';
import { trustedJsonText } from './json-text.js';
import {
  isBytes,
  isSamePayload,
  type Payload,
  payloadFromText,
  payloadJson,
  payloadLength,
  payloadText,
  payloadValue,
} from './payload.js';

test('JSON text is a payload as it is', () => {
  const text = trustedJsonText('{"a":1.0}');
  const payload: Payload = text;
  expect(isBytes(payload)).toBe(false);
  expect(payloadJson(text)).toBe(text);
  expect(payloadText(payload)).toBe(text);
  expect(payloadFromText(text, false)).toBe(text);
  expect(payloadLength(payload)).toBe(9);
  expect(payloadValue(payload)).toEqual({ a: 1 });
});

test('bytes are a payload as they are, and base64 where only text is carried', () => {
  const payload: Payload = Uint8Array.of(0, 0xff);
  expect(isBytes(payload)).toBe(true);
  expect(payloadText(payload)).toBe('"AP8="');
  expect(payloadFromText(payloadText(payload), true)).toEqual(payload);
  expect(() => payloadFromText(trustedJsonText('[]'), true)).toThrow();
  expect(payloadLength(payload)).toBe(2);
});

test('who is given the bytes may change them', () => {
  const payload: Payload = Uint8Array.of(1);
  (payloadValue(payload) as Uint8Array)[0] = 2;
  expect(payload).toEqual(Uint8Array.of(1));
});

test('the same content is the same payload', () => {
  const bytes = Uint8Array.of(1, 2);
  expect(isSamePayload(bytes, Uint8Array.of(1, 2))).toBe(true);
  expect(isSamePayload(bytes, Uint8Array.of(1, 3))).toBe(false);
  expect(isSamePayload(bytes, Uint8Array.of(1))).toBe(false);
  expect(isSamePayload(bytes, trustedJsonText('1'))).toBe(false);
  expect(isSamePayload(trustedJsonText('1'), trustedJsonText('1'))).toBe(true);
});

test('what would depend on its kind does not compile', () => {
  const payload: Payload = trustedJsonText('"x"');
  // @ts-expect-error: of which kind, decides what that means
  expect(payload.length).toBe(3);
  // @ts-expect-error
  expect(JSON.parse(payload)).toBe('x');
  // @ts-expect-error
  expect(Buffer.from(payload)).toHaveLength(3);
});
