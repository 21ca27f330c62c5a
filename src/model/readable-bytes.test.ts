import { expect, test } from 'vitest';
import { hexOfBytes, textOfBytes } from './readable-bytes.js';

test.each([
  ['text', 'Ü 🎺\n\tok', 'Ü 🎺\n\tok'],
  ['nothing', '', ''],
  ['a control character', 'a\u0000b', undefined],
  ['an escape sequence of terminals', '\u001b[2J', undefined],
  ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe), undefined],
])('%s', (_, bytes, text) => {
  expect(textOfBytes(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)).toBe(text);
});

test('hexadecimals, in lines, up to a length', () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, n) => n * 13);
  expect(hexOfBytes(bytes, 100)).toBe('00 0d 1a 27 34 41 4e 5b 68 75 82 8f 9c a9 b6 c3\nd0 dd ea f7');
  expect(hexOfBytes(bytes, 3)).toBe('00 0d 1a …');
  expect(hexOfBytes(new Uint8Array(), 3)).toBe('');
});
