/** JSON in one pass: the same as `JSON.parse` for what is read, byte for byte for what is kept. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../test/support/linear.js';
import { maxJsonNesting, parseJson, parseSource } from './json-parse.js';
import { each, members } from './json-shape.js';
import { JsonSource } from './json-source.js';

function nativeOutcome(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // Refused: an outcome like any other.
    return undefined;
  }
}

function expectSameAsNative(text: string): void {
  const native = nativeOutcome(text);
  const parsed = parseJson(text);
  expect(parsed.ok).toBe(native !== undefined);
  expect(parseSource(text)?.value).toEqual(native?.value);
  if (!parsed.ok) return;
  expect(parsed.value).toEqual(native?.value);
  // The order of keys as well, and zeros with a sign.
  expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(native?.value));
}

/** What is in use once all garbage is gone. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

/** JSON text as other languages write it: numbers, escapes, spaces and duplicates that `JSON.stringify` never makes. */
const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 });
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.constantFrom('0', '7', '12345678901234567890'),
    fc.constantFrom('', '.0', '.50'),
    fc.constantFrom('', 'e400', 'E-7', 'e+0'),
  )
  .map((parts) => parts.join(''));
const piece = fc.constantFrom(
  ...['a', 'ä', '🎺', '\\n', '\\"', '\\\\', '\\u0041', '\\uD83C\\uDFBA', '\\/', '\u2028', '__proto__', '{'],
  ']',
);
const string = fc.array(piece, { maxLength: 50 }).map((parts) => `"${parts.join('')}"`);
const key = fc.oneof(string, fc.constantFrom('"z"', '"10"', '"9"', '"__proto__"', '"dup"', '"constructor"'));
const jsonText = fc.letrec<{ value: string; list: string; record: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    number,
    string,
    fc.constantFrom('true', 'false', 'null'),
    tie('list'),
    tie('record'),
  ),
  list: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 4 }), space)
    .map(([a, list, b]) => `[${a}${list.join(`${b},${a}`)}${b}]`),
  record: fc
    .tuple(space, fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }), space)
    .map(([a, pairs, b]) => `{${b}${pairs.map(([k, v]) => `${k}${a}:${b}${v}`).join(`${a},${b}`)}${a}}`),
})).value;

describe('what is read', () => {
  test('is what JSON.parse reads', () => fc.assert(fc.property(jsonText, expectSameAsNative), { numRuns: 500 }));

  test('is refused exactly when JSON.parse refuses it: one character taken away, put in or replaced', () => {
    const intruder = fc.constantFrom(
      ...['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', 'u', 't', ' ', '\u0000', '\u001f'],
      ...['\u00a0', '\ufeff', '\n', '/'],
    );
    const mutation = fc.tuple(jsonText, fc.nat(), fc.constantFrom('delete', 'insert', 'replace', 'cut'), intruder);
    fc.assert(
      fc.property(mutation, ([text, n, kind, char]) => {
        const at = n % (text.length + 1);
        const tail = kind === 'cut' ? '' : text.slice(kind === 'insert' ? at : at + 1);
        expectSameAsNative(text.slice(0, at) + (kind === 'insert' || kind === 'replace' ? char : '') + tail);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ...[
      ...['', ' ', '-', '01', '-01', '1.', '.5', '1e', '1e+', '+1', '0x1', 'NaN', 'Infinity', 'undefined'],
      ...['tru', 'nulll'],
    ],
    ...['"', '"\\', '"\\u', '"\\u12', '"\\u12g4"', '"\\x41"', '"\t"', "'a'", '"a" "b"', '1 2', '[1,]', '[,1]', '{,}'],
    ...[
      ...['{"a"}', '{"a":}', '{"a":1,}', '{a:1}', '{"a":1 "b":2}', '[1}', '{"a":1]', '[', '{', '{"a', '{"a":'],
      ...['// 1', '\ufeff1'],
    ],
    ...[`"${'a'.repeat(100)}`, `"${'a'.repeat(100)}\u0001"`, `"${'a'.repeat(100)}\\q"`, `"${'a'.repeat(100)}\\"`],
    ...[
      '1\u00a0',
      '\u20281',
      '"\u2028"',
      '-0',
      '1E5',
      '"\\u0000"',
      ' \t\r\n1 \t\r\n',
      `"${'a'.repeat(100)}\\u00e4${'b'.repeat(99)}"`,
    ],
  ])('%j is taken or refused as JSON.parse does', expectSameAsNative);

  test('every truncation of a text is refused', () => {
    const text = '{"a":[1.5e3,"\\u00e4\\"",true,null],"b":{"c":"d"}}';
    for (let end = 0; end < text.length; end++) expect(parseSource(text.slice(0, end))).toBeUndefined();
  });

  test('B43: __proto__ and constructor are ordinary members', () => {
    const parsed = parseJson('{"__proto__":{"polluted":true},"constructor":1}');
    expect(parsed.ok && Object.entries(parsed.value as object)).toEqual([
      ['__proto__', { polluted: true }],
      ['constructor', 1],
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test(`B44: ${maxJsonNesting} levels are taken, one more is not, kept or read`, () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseJson(nested(maxJsonNesting)).ok).toBe(true);
    expect(parseSource(nested(maxJsonNesting))).toBeDefined();
    expect(parseJson(nested(maxJsonNesting + 1))).toEqual({ ok: false, fault: 'nesting' });
    expect(parseJson(nested(maxJsonNesting + 1), 'source')).toEqual({ ok: false, fault: 'nesting' });
    expect(parseJson('{"a":'.repeat(100_000))).toEqual({ ok: false, fault: 'nesting' });
    expect(parseJson(`{"a":${nested(maxJsonNesting)}}`, members({ a: 'source' }))).toEqual({
      ok: false,
      fault: 'nesting',
    });
  });
});

describe('what is kept', () => {
  test('comes out byte for byte, line breaks between tokens as spaces', () => {
    fc.assert(
      fc.property(jsonText, space, (text, around) => {
        const parsed = parseJson(
          `{"x":1,${around}"data"${around}:${around}${text}${around},"y":[2]}`,
          members({ data: 'source' }),
        );
        const fields = parsed.ok ? (parsed.value as Record<string, unknown>) : {};
        expect(fields.data).toBeInstanceOf(JsonSource);
        expect((fields.data as JsonSource).text).toBe(text.replace(/[\r\n]/g, ' '));
        expect(fields).toMatchObject({ x: 1, y: [2] });
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    '{"id":1234567890123456789,"f":1.0,"e":1e400,"dup":1,"dup":2}',
    '{"z":1,"10":2,"9":3}',
    '[-0, 0.10, 1E+2, 100000000000000000000000000000001]',
    '{ "a" : [ ] }',
    '"\\u00e4\\/\\u2028"',
    '{"__proto__":{"a":1}}',
  ])('%s', (text) => expect(parseSource(text)?.text).toBe(text));

  test('only where the shape says so: the same names elsewhere are read', () => {
    const shape = members({
      commands: each(members({ publish: members({ data: 'source' }) })),
      subs: each(members({ data: 'source' })),
    });
    const text =
      '{"data":1.0,"commands":[{"publish":{"data":1.0,"tags":{"data":1.0}}},{"data":1.0}],"subs":{"data":{"data":1.0}}}';
    const parsed = parseJson(text, shape);
    const kept = new JsonSource('1.0' as JsonSource['text'], false);
    expect(parsed.ok && parsed.value).toEqual({
      data: 1,
      commands: [{ publish: { data: kept, tags: { data: 1 } } }, { data: 1 }],
      subs: { data: { data: kept } },
    });
  });

  test('also under a name that is written with escapes; the last of several counts', () => {
    const parsed = parseJson('{"data":1,"d\\u0061ta":2.0}', members({ data: 'source' }));
    expect(parsed.ok && (parsed.value as { data: JsonSource }).data.text).toBe('2.0');
  });

  test('no small part keeps a large text alive', () => {
    const padding = 'x'.repeat(500_000);
    const shape = members({ data: 'source' });
    const before = heapUsed();
    const kept: unknown[] = [];
    for (let n = 0; n < 60; n++) {
      const text = `{"channel":"a-long-name-of-channel-${n}","data":"some text that is kept","x":"${padding}"}`;
      const { value } = parseJson(Buffer.from(text).toString(), shape) as { value: Record<string, unknown> };
      kept.push(value.channel, value.data);
    }
    // Thirty megabytes, were they kept.
    expect(heapUsed() - before).toBeLessThan(10_000_000);
    expect(kept).toHaveLength(120);
  });
});

describe('B58: a lone surrogate', () => {
  test.each([
    ['\\ud800', true],
    ['\\uDFFF', true],
    ['\\uD83C\\uD83C\\uDFBA', true],
    ['\\udfba\\ud83c', true],
    ['\\ud83cx\\udfba', true],
    ['\ud83c\\udfba', true],
    ['\\ud83c\udfba', true],
    [`${'a'.repeat(100)}\\ud800`, true],
    [`${'a'.repeat(100)}\ud800`, true],
    ['\\ud83c\\uDFBA', false],
    ['🎺', false],
    ['\\\\ud800', false],
    ['\\ud7ff\\ue000', false],
  ])('in "%s" is found: %s', (inner, expected) => {
    expect(parseSource(`"${inner}"`)?.hasLoneSurrogate).toBe(expected);
    expect(parseSource(`{"${inner}":1}`)?.hasLoneSurrogate).toBe(expected);
  });

  test('is that of the kept value and not of others beside it', () => {
    const parsed = parseJson('{"a":"\\ud800","data":"x","b":"\\ud800"}', members({ data: 'source' }));
    expect(parsed.ok && (parsed.value as { data: JsonSource }).data.hasLoneSurrogate).toBe(false);
  });
});

test('hostile strings are walked in linear time', () => {
  for (const unit of ['\\"', '\\\\', '"",', '{"":', `"${'a'.repeat(40)}",`]) {
    expectLinear(60_000, (size) => {
      expect(parseSource(`[${unit.repeat(size / unit.length)}\\`)).toBeUndefined();
    });
  }
});
