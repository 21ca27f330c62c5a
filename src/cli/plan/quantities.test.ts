/** Numbers and sizes, read and written. */

import { expect, test } from 'vitest';
import { formatBitRate, formatQuantity, formatSeconds, formatSize, parseQuantity, parseSize } from './quantities.js';

test.each([
  ['0', 0],
  ['50000', 50_000],
  ['1_000_000', 1e6],
  ['1e6', 1e6],
  ['2.5e3', 2_500],
  ['20k', 20_000],
  ['1.5M', 1.5e6],
])('%s is a number', (text, value) => expect(parseQuantity(text)).toBe(value));

const noNumbers = ['', '-1', '1.2.3', 'e6', '1e', '1e999', 'k', '1K', '1 000', '0x10', 'NaN', 'Infinity'];
test.each(noNumbers)('%j is none', (text) => expect(parseQuantity(text)).toBeUndefined());

test('sizes have units, or are bytes', () => {
  expect(parseSize('512')).toBe(512);
  expect(parseSize('4KiB')).toBe(4_096);
  expect(parseSize('1.5 GiB')).toBe(1.5 * 2 ** 30);
  expect(parseSize('16GB')).toBe(16e9);
  for (const text of ['GiB', '1 XB', '-1GiB', '1gib']) expect(parseSize(text)).toBeUndefined();
});

test('what is printed has no more digits than it is worth', () => {
  expect(formatQuantity(1_234_567.8)).toBe('1,234,568');
  expect(formatQuantity(1.239)).toBe('1.24');
  expect(formatSize(500)).toBe('500 B');
  expect(formatSize(1.5 * 2 ** 30)).toBe('1.5 GiB');
  expect(formatSize(128 * 2 ** 20)).toBe('128 MiB');
  expect(formatBitRate(1e6)).toBe('8 Mbit/s');
  expect(formatBitRate(1e9)).toBe('8 Gbit/s');
  expect(formatSeconds(0.4)).toBe('less than a second');
  expect(formatSeconds(59.1)).toBe('60 s');
  expect(formatSeconds(121)).toBe('3 min');
});
