/** How values are read from files and texts, and shown again. */

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { bytes, duration, flag, integer, list, type OptionKind, origins } from './option-kinds.js';

/** The value, or what is wrong with it. */
function read<Input, Output>(kind: OptionKind<Input, Output>, value: unknown): Output | string {
  const outcome = v.safeParse(kind.schema, value);
  return outcome.success ? outcome.output : 'refused';
}

function fromText<Input, Output>(kind: OptionKind<Input, Output>, text: string): unknown {
  return read(kind, kind.fromText(text));
}

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['25s', 25_000],
    ['2m', 120_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['0', 0],
    ['0s', 0],
    [0, 0],
  ])('%s is %d ms', (text, ms) => expect(read(duration(), text)).toBe(ms));

  const noDurations = [
    25,
    '25',
    '-1s',
    '1.5s',
    '1e3s',
    ' 1s',
    '1 s',
    '10 parsecs',
    '',
    '9999999999d',
    Number.NaN,
    null,
    true,
  ];
  test.each(noDurations)('%s is refused', (value) => expect(read(duration(), value)).toBe('refused'));

  test('are shown in the largest unit that fits', () => {
    const shown = [0, 1, 1_000, 90_000, 3_600_000, 86_400_000].map((ms) => duration().format(ms));
    expect(shown).toEqual(['0s', '1ms', '1s', '90s', '1h', '1d']);
  });
});

describe('bytes', () => {
  test.each([
    [65_536, 65_536],
    ['64KiB', 65_536],
    ['1 MiB', 1_048_576],
    ['10B', 10],
  ])('%s is %d', (value, expected) => expect(read(bytes(), value)).toBe(expected));

  test.each(['64', '64KB', '-1KiB', '1.5MiB', -1, 1.5, null])('%s is refused in a file', (value) => {
    expect(read(bytes(), value)).toBe('refused');
  });

  test('a text without a unit is a number of bytes', () => {
    expect(fromText(bytes(), '65536')).toBe(65_536);
    expect(fromText(bytes(), '64KiB')).toBe(65_536);
  });

  test('what is shown reads back', () => {
    for (const value of [0, 1, 1_023, 1_024, 65_536, 1_048_576, 1_048_577]) {
      expect(fromText(bytes(), bytes().format(value))).toBe(value);
    }
  });
});

test('numbers, switches and lists in text', () => {
  expect(fromText(integer(), '8000')).toBe(8_000);
  for (const text of ['', ' 1', '0x10', '1e3', 'Infinity', '-1']) expect(fromText(integer(), text)).toBe('refused');
  expect([fromText(flag(), 'true'), fromText(flag(), 'false'), fromText(flag(), 'toString')]).toEqual([
    true,
    false,
    'refused',
  ]);
  expect(fromText(list(), 'a, b')).toEqual(['a', 'b']);
  expect(fromText(list(), '')).toBe('refused');
});

test('origins are exact', () => {
  expect(fromText(origins(), '*')).toBe('*');
  expect(fromText(origins(), 'https://a.b,http://localhost:3000')).toEqual(['https://a.b', 'http://localhost:3000']);
  for (const text of ['https://a.b/', 'https://a.b:443', 'a.b', 'https://u@a.b', '*,https://a.b', 'HTTPS://a.b']) {
    expect(fromText(origins(), text)).toBe('refused');
  }
});
