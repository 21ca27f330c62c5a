/** What `ChunkWriter` writes, `ChunkReader` reads, however the text comes in pieces. */

import type { UIMessageChunk } from 'ai';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partOf } from './chunk-part.js';
import { ChunkReader } from './chunk-reader.js';
import { ChunkWriter } from './chunk-writer.js';

/** Deltas that follow each other are one: where they are cut is not kept. */
function merged(chunks: readonly UIMessageChunk[]): UIMessageChunk[] {
  const all: UIMessageChunk[] = [];
  for (const chunk of chunks) {
    const last = all.at(-1);
    const isSame =
      last?.type === chunk.type &&
      Object.keys(chunk).length === 3 &&
      Object.keys(last).length === 3 &&
      JSON.stringify(partOf(chunk)) === JSON.stringify(partOf(last));
    if (isSame && 'delta' in chunk && last && 'delta' in last) {
      all[all.length - 1] = { ...last, delta: `${last.delta}${chunk.delta}` } as UIMessageChunk; // safe: of the same type
    } else if (isSame && chunk.type === 'tool-input-delta' && last?.type === 'tool-input-delta') {
      all[all.length - 1] = { ...last, inputTextDelta: last.inputTextDelta + chunk.inputTextDelta };
    } else all.push(chunk);
  }
  return all;
}

const id = fc.constantFrom('a', 'b', '\u001e');
const text = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom('\n', '\u001e', '\u001e{"type":"abort"}\n', '"\\', '😀'),
);
const anyChunk: fc.Arbitrary<UIMessageChunk> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('text-delta' as const), id, delta: text }) },
  fc.record({ type: fc.constantFrom('text-start' as const, 'text-end' as const), id }),
  fc.record({ type: fc.constant('reasoning-delta' as const), id, delta: text }),
  fc.record({ type: fc.constantFrom('reasoning-start' as const, 'reasoning-end' as const), id }),
  fc.record({ type: fc.constant('tool-input-start' as const), toolCallId: id, toolName: text }),
  fc.record({ type: fc.constant('tool-input-delta' as const), toolCallId: id, inputTextDelta: text }),
  fc.record({
    type: fc.constant('text-delta' as const),
    id,
    delta: text,
    providerMetadata: fc.constant({ model: { seen: true } }),
  }),
  fc.record({ type: fc.constant('tool-output-available' as const), toolCallId: id, output: fc.jsonValue() }),
  fc.record({ type: fc.constant('data-weather' as const), data: fc.jsonValue() }),
  fc.record({ type: fc.constantFrom('start-step' as const, 'finish-step' as const) }),
);

describe('a message', () => {
  it('comes out of its text as it went in, cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(anyChunk), fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (chunks, lengths) => {
        const writer = new ChunkWriter();
        const whole = chunks.map((chunk) => writer.write(chunk)).join('');
        const reader = new ChunkReader('m');
        const read: UIMessageChunk[] = [];
        for (let at = 0; at < whole.length; ) {
          const { value: length } = lengths.next();
          read.push(...reader.read(whole.slice(at, at + length)));
          at += length;
        }
        expect(merged(read)).toEqual(merged(JSON.parse(JSON.stringify(chunks))));
      }),
    );
  });

  it('of one text costs little more than the text', () => {
    const writer = new ChunkWriter();
    const words = Array.from({ length: 400 }, (_, n) => ` word${n}`);
    const texts = [
      writer.write({ type: 'start' }),
      writer.write({ type: 'text-start', id: '0' }),
      ...words.map((delta) => writer.write({ type: 'text-delta', id: '0', delta })),
      writer.write({ type: 'text-end', id: '0' }),
    ];
    expect(texts.slice(2, -1)).toEqual(words);
    expect(texts.join('').length - words.join('').length).toBeLessThan(120);
  });
});

describe('a reader', () => {
  it('makes a message of text that has no chunks, and ends what its producer left open', () => {
    const reader = new ChunkReader('m');
    expect([...reader.read('Hel'), ...reader.read('lo'), ...reader.end()]).toEqual([
      { type: 'start', messageId: 'm' },
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Hel' },
      { type: 'text-delta', id: '0', delta: 'lo' },
      { type: 'text-end', id: '0' },
      { type: 'finish' },
    ]);
    const cancelled = new ChunkReader('m');
    const writer = new ChunkWriter();
    const chunks: UIMessageChunk[] = [
      { type: 'start', messageId: 'own' },
      { type: 'reasoning-start', id: 'r' },
      { type: 'text-start', id: 't' },
      { type: 'abort' },
    ];
    expect(cancelled.read(chunks.map((chunk) => writer.write(chunk)).join(''))).toEqual(chunks);
    expect(cancelled.end()).toEqual([
      { type: 'reasoning-end', id: 'r' },
      { type: 'text-end', id: 't' },
    ]);
  });

  it.each(['{"type":"text-de', 'null', '7', '[]', '{}', '{"type":7}', ''])('refuses %s as a chunk', (record) => {
    expect(() => new ChunkReader('m').read(`\u001e${record}\n`)).toThrow(
      expect.objectContaining({ code: 'ERR_STREAM_INVALID' }),
    );
    const half = new ChunkReader('m');
    half.read(`\u001e${record}`);
    expect(() => half.end()).toThrow(expect.objectContaining({ code: 'ERR_STREAM_INVALID' }));
  });
});
