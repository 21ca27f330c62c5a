/** Durations as people write them. */

import { expect, test } from 'vitest';
import { parseDurationMs } from './duration.js';

test.each([
  ['500ms', 500],
  ['25s', 25_000],
  ['2m', 120_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['0s', 0],
  ['007s', 7_000],
  ['999999999999999ms', 999_999_999_999_999],
])('"%s" is %i milliseconds', (text, ms) => expect(parseDurationMs(text)).toBe(ms));

test.each([
  ...['', '5', 'ms', '5 s', ' 5s', '5s ', '5s\n', '-5s', '+5s', '1.5s', '1e3ms', '0x10s', '5S', '5sec', '5w'],
  ...['10 parsecs', '５s', '9999999999999999ms', '999999999999999d'],
])('B107: "%s" is no duration', (text) => expect(parseDurationMs(text)).toBeUndefined());
