/** Deltas, decoded by the official client in both codecs. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeltaReader } from '../../../../test/support/centrifuge/delta-reader.js';
import { fossilDelta } from './fossil.js';

/** What the SDK makes of the delta between two texts, in JSON, where it has to be text, and in protobuf. */
function decoded(base: string, delta: Uint8Array): { readonly json: unknown; readonly protobuf: string } {
  const [json, protobuf] = [new DeltaReader('json'), new DeltaReader('protobuf')];
  json.read({ data: JSON.stringify(base) });
  protobuf.read({ data: Buffer.from(JSON.stringify(base)) });
  const bytes = protobuf.read({ data: delta, delta: true });
  // safe: bytes, in this codec
  const text = Buffer.from(bytes as Uint8Array).toString();
  return { json: json.read({ data: Buffer.from(delta).toString(), delta: true }), protobuf: JSON.parse(text) };
}

/** Both are made strings of JSON, as publications are. */
function deltaOf(base: string, target: string, mostBytes = Number.MAX_SAFE_INTEGER): Uint8Array | undefined {
  const [from, to] = [base, target].map((text) => Buffer.from(JSON.stringify(text))) as [Buffer, Buffer];
  return fossilDelta(from, to, Math.min(mostBytes, to.length * 2 + 100));
}

function expectDecoded(base: string, target: string): Uint8Array {
  const delta = deltaOf(base, target) ?? new Uint8Array();
  expect(decoded(base, delta)).toEqual({ json: target, protobuf: target });
  return delta;
}

/** Few different characters of all lengths in UTF-8, so that texts have much in common, also parts of characters. */
const piece = fc.constantFrom(
  'a',
  'b',
  'é',
  'è',
  '€',
  '₭',
  '😀',
  '😁',
  'scores',
  '"home":',
  'é'.repeat(9),
  '😀'.repeat(7),
);
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
const edit = fc.record({ at: fc.nat({ max: 300 }), remove: fc.nat({ max: 30 }), insert: text });

describe('a delta', () => {
  test.each([
    ['nothing before', '', 'abc'],
    ['nothing after', 'abc'.repeat(30), ''],
    ['the same', 'abc'.repeat(30), 'abc'.repeat(30)],
    ['one character', `${'x'.repeat(50)}1${'y'.repeat(50)}`, `${'x'.repeat(50)}2${'y'.repeat(50)}`],
    [
      'one character that shares bytes with the one before',
      `${'x'.repeat(50)}é${'y'.repeat(50)}`,
      `${'x'.repeat(50)}è${'y'.repeat(50)}`,
    ],
    [
      'parts that change places',
      `${'abcdefgh'.repeat(9)}${'12345678'.repeat(9)}`,
      `${'12345678'.repeat(9)}${'abcdefgh'.repeat(9)}`,
    ],
    ['a part twice', 'the quick brown fox jumps', 'the quick brown fox jumps the quick brown fox jumps'],
  ])('is decoded by the official client: %s', (_, base, target) => {
    expectDecoded(base, target);
  });

  test('is decoded by the official client after any edits, whatever the length of characters', () => {
    const property = fc.property(text, fc.array(edit, { maxLength: 6 }), (base, edits) => {
      let target = [...base];
      for (const { at, remove, insert } of edits) target.splice(at % (target.length + 1), remove, ...insert);
      target = target.slice(0, 2_000);
      expectDecoded(base, target.join(''));
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('is decoded by the official client for texts that have nothing to do with each other', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (...texts) => void expectDecoded(...texts),
      ),
      {
        numRuns: 200,
      },
    );
  });

  test('is text even where a character has changed in its last byte', () => {
    const delta = deltaOf('é'.repeat(40), `${'é'.repeat(20)}è${'é'.repeat(19)}`);
    expect(Buffer.from(Buffer.from(delta ?? '').toString()).equals(delta ?? Buffer.from('none'))).toBe(true);
  });

  test('is short where little has changed, in several places, of other lengths', () => {
    const scores = (changes: Readonly<Record<number, unknown>>) =>
      JSON.stringify(Array.from({ length: 40 }, (_, n) => ({ team: `Team ${n}`, points: changes[n] ?? n * 17 })));
    const delta = expectDecoded(scores({}), scores({ 3: 'forfeited', 20: 5 }));
    expect(delta.length).toBeLessThan(80);
  });

  test('is not made if it would be longer than it may be', () => {
    const [base, target] = ['x'.repeat(100), `${'x'.repeat(100)}y`];
    const { length } = deltaOf(base, target) ?? [];
    expect(deltaOf(base, target, length)?.length).toBe(length);
    expect(deltaOf(base, target, (length ?? 0) - 1)).toBeUndefined();
    expect(deltaOf(base, target, 0)).toBeUndefined();
    expect(deltaOf(base, target, -5)).toBeUndefined();
  });

  test('takes work in proportion to the length, whatever repeats itself', () => {
    const reads = (numBytes: number) => {
      let count = 0;
      const counted: ProxyHandler<Uint8Array> = {
        get(bytes, key) {
          count++;
          return Reflect.get(bytes, key);
        },
      };
      const target = Buffer.from('abcdefghijkX'.repeat(numBytes / 12));
      fossilDelta(new Proxy(Buffer.from('ab'.repeat(numBytes / 2)), counted), target, target.length);
      return count;
    };
    // Ten times is right, a hundred would be the square.
    expect(reads(960_000) / reads(96_000)).toBeLessThan(20);
  });
});
