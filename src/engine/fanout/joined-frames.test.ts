/** How the messages of one turn are divided among frames. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Receiver } from 'ws';
import { plainEncoding } from '../../../test/support/engine/recorded-connection.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import { sse } from '../../transports/streaming/format.js';
import { websocketFraming } from '../../transports/websocket/framing.js';
import type { Encoding } from '../ports/connection.js';
import { framesOf, maxJoinedBytes } from './joined-frames.js';

const websocket: Encoding = { protocol: centrifugalJson, framing: websocketFraming };

/** The size of each frame on the wire, and its messages, by the parser of `ws`. */
function framesIn(bytes: Uint8Array): { readonly wireBytes: number; readonly messages: string[] }[] {
  const frames: { wireBytes: number; messages: string[] }[] = [];
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer) => {
    const header = data.length < 126 ? 2 : data.length < 65_536 ? 4 : 10;
    frames.push({ wireBytes: header + data.length, messages: data.toString().split('\n') });
  });
  receiver.write(bytes);
  expect(frames.reduce((sum, { wireBytes }) => sum + wireBytes, 0)).toBe(bytes.length);
  return frames;
}

const sized = (bytes: number) => 'x'.repeat(bytes);

describe('messages of one turn', () => {
  test('a single message is framed as it is, however large', () => {
    const message = sized(maxJoinedBytes * 3);
    expect(framesIn(framesOf(websocket, [message]))).toEqual([{ wireBytes: message.length + 10, messages: [message] }]);
  });

  test.each([
    // 4 bytes for the header, 1 for the line feed.
    [32_763 - 10, 1],
    [32_763 - 9, 2],
  ])('%i bytes beside 10 make %i frame(s): the limit is exact, header and line feed included', (bytes, count) => {
    const frames = framesIn(framesOf(websocket, [sized(10), sized(bytes)]));
    expect(frames).toHaveLength(count);
    expect(Math.max(...frames.map(({ wireBytes }) => wireBytes))).toBeLessThanOrEqual(32_768);
  });

  test('the limit counts bytes and not characters', () => {
    const frames = framesIn(framesOf(websocket, ['é'.repeat(9_000), 'é'.repeat(9_000)]));
    expect(frames.map(({ messages }) => messages.length)).toEqual([1, 1]);
  });

  test('a large one goes alone, in its place', () => {
    const large = sized(50_000);
    const messages = ['1', '2', large, '3', '4'];
    expect(framesIn(framesOf(websocket, messages)).map((frame) => frame.messages)).toEqual([
      ['1', '2'],
      [large],
      ['3', '4'],
    ]);
  });

  test('whatever their sizes: all of them in order, no joined frame too large, and none that could be joined apart', () => {
    const message = fc.oneof(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 32_000, max: 70_000 }),
    );
    const unit = fc.constantFrom('x', 'é', '語', '🎺');
    fc.assert(
      fc.property(fc.array(fc.tuple(message, unit), { minLength: 1, maxLength: 60 }), (sizes) => {
        const messages = sizes.map(([size, character]) =>
          character.repeat(Math.ceil(size / Buffer.byteLength(character))),
        );
        const frames = framesIn(framesOf(websocket, messages));
        expect(frames.flatMap((frame) => frame.messages)).toEqual(messages);
        for (const { wireBytes, messages: joined } of frames) {
          if (joined.length > 1) expect(wireBytes).toBeLessThanOrEqual(32_768);
        }
        frames.slice(1).forEach((frame, n) => {
          const [next = ''] = frame.messages;
          expect((frames[n]?.wireBytes ?? 0) + 1 + Buffer.byteLength(next)).toBeGreaterThan(32_766);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('an event of server-sent events is bounded as well, its `data:` included', () => {
    const text = Buffer.from(framesOf(sse.text.encoding, Array(400).fill(sized(200)))).toString();
    const events = text.split(/(?<=\n\n)/);
    expect(events.join('')).toBe(text);
    expect(events.length).toBe(3);
    for (const event of events) expect(event.length).toBeLessThanOrEqual(32_768);
    expect(text.match(/^data: x{200}$/gm)).toHaveLength(400);
  });

  test('what is only lines is not cut up', () => {
    const encoding = plainEncoding();
    expect(Buffer.from(framesOf(encoding, Array(400).fill(sized(200)))).length).toBe(400 * 201 - 1);
  });
});
