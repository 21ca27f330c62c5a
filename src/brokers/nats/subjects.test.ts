/** Names of subjects. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeToken } from './subjects.js';

test('B79: whatever a channel is called, it is one token without wildcards', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (text) => {
      expect(encodeToken(text)).toMatch(/^[\w:/@#=+,;!~%-]+$/);
    }),
  );
});

test('different names are different tokens, and a token tells its name', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (text) => {
      expect(decodeURIComponent(encodeToken(text))).toBe(text);
    }),
  );
});

test.each([
  ['*', '%2A'],
  ['a.>', 'a%2E%3E'],
  ['chat:lobby', 'chat:lobby'],
  ['50 %', '50%20%25'],
  ['ä', '%C3%A4'],
])('%s is %s', (name, token) => expect(encodeToken(name)).toBe(token));
