import { expect, it } from 'vitest';
import { bytes, count, duration, jsonLine, jsonText, milliseconds, perSec, time, userName } from './format.js';

it.each([
  [count(0), '0'],
  [count(99_999), '99,999'],
  [count(1_234_567), '1.2M'],
  [perSec(0), '0'],
  [perSec(0.25), '0.3'],
  [perSec(1_500), '1,500'],
  [bytes(0), '0 B'],
  [bytes(1_023), '1023 B'],
  [bytes(1_536), '1.5 KiB'],
  [bytes(300 * 1_048_576), '300 MiB'],
  [milliseconds(0), '0 ms'],
  [milliseconds(0.44), '0.4 ms'],
  [milliseconds(120), '120 ms'],
  [duration(0), '0 s'],
  [duration(59.9), '59 s'],
  [duration(3_661), '1 h 1 min'],
  [duration(200_000), '2 d 7 h'],
  [duration(-5), '0 s'],
  [userName(''), 'anonymous'],
  [userName('42'), '42'],
  [jsonLine({ a: 'x'.repeat(10) }, 8), '{"a":"xx…'],
  [jsonLine(undefined), ''],
  [jsonText({ a: 'b\n  c', d: [1] }), '{ "a": "b\\n  c", "d": [ 1 ] }'],
  [jsonText({ a: 1, b: 2 }, 10), '{\n  "a": 1,\n  "b": 2\n}'],
  [jsonText(undefined), ''],
])('%s', (shown, expected) => expect(shown).toBe(expected));

it('a time has its date unless it was today', () => {
  const nowMs = Date.UTC(2026, 3, 5, 12);
  expect(time(nowMs / 1_000, nowMs)).toMatch(/^\d{2}:\d{2}:\d{2}$/);
  expect(time(nowMs / 1_000 - 86_400 * 2, nowMs)).toContain('2026');
});
