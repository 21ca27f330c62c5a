/** What can be done with a payload without knowing its kind. */

import { expect, test } from 'vitest';
import { trustedJsonText } from './json-text.js';
import { type Payload, payloadJson, payloadLength, payloadValue } from './payload.js';

test('JSON text is a payload as it is', () => {
  const text = trustedJsonText('{"a":1.0}');
  const payload: Payload = text;
  expect(payloadJson(payload)).toBe(text);
  expect(payloadLength(payload)).toBe(9);
  expect(payloadValue(payload)).toEqual({ a: 1 });
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
