/** Bodies of streaming requests in any pieces: text, lines of JSON, events of providers; and what is none of it. */

import { describe, expect, test } from 'vitest';
import { type PieceOptions, piecesOf } from './stream-pieces.js';

/** Each byte by itself, or the whole. */
async function pieces(body: string | Uint8Array, options: PieceOptions, size: number): Promise<unknown[]> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const found: unknown[] = [];
  for await (const piece of piecesOf(chunks(), options)) found.push('text' in piece ? piece.text : piece.items);
  return found;
}

const text = { isText: true, pick: [] } as const;
const events = `: comment

event: delta
data: {"choices":[{"delta":{"content":"Hel"}}]}

data: {"choices":[{"delta":{}}]}

data: {"choices":[{"delta":{"content":"lo"}}]}\r
\r
data: {"usage":1}

data: [DONE]

data: {"choices":[{"delta":{"content":"late"}}]}

`;

describe.each([1, 3, 1_000_000])('in chunks of %i bytes', (size) => {
  test('text', async () => {
    expect((await pieces('é🎺 "\n', { ...text, format: 'text' }, size)).join('')).toBe('é🎺 "\n');
  });

  test('lines', async () => {
    expect(await pieces('"a"\n\n"b\\n"\r\n"c"', { ...text, format: 'lines' }, size)).toEqual(['a', 'b\n', 'c']);
    const items = { format: 'lines', isText: false, pick: [] } as const;
    expect(await pieces('{"n":1234567890123456789}\n1.0', items, size)).toEqual([
      ['{"n":1234567890123456789}'],
      ['1.0'],
    ]);
  });

  test('events', async () => {
    const pick = 'choices.0.delta.content'.split('.');
    expect(await pieces(events, { isText: true, format: 'events', pick }, size)).toEqual(['Hel', 'lo']);
    expect(await pieces('data: a\ndata: b\n\ndata:c', { ...text, format: 'events' }, size)).toEqual(['a\nb', 'c']);
    const delta = { isText: false, format: 'events', pick: ['choices', '0', 'delta'] } as const;
    expect(await pieces(events, delta, size)).toEqual([['{"content":"Hel"}'], ['{}'], ['{"content":"lo"}']]);
  });
});

test.each([
  [Uint8Array.from([0x61, 0xff]), 'text'],
  [Uint8Array.from([0xc3]), 'text'],
  ['{"a":', 'lines'],
  ['1', 'lines'],
  ['"a"\nb', 'lines'],
  ['x'.repeat(1_100_000), 'lines'],
] as const)('what is none of it is refused (%#)', async (body, format) => {
  await expect(pieces(body, { ...text, format }, 1_000_000)).rejects.toMatchObject({ name: 'ApiError' });
});
