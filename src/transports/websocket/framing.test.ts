/** Outgoing frames, read back by the parser of `ws`. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Receiver } from 'ws';
import { frameMessage, websocketFraming } from './framing.js';

interface Received {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** What a client reads from the bytes, in chunks of this size. */
function receive(bytes: Uint8Array, chunkBytes = bytes.length): Received[] {
  const received: Received[] = [];
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer, isBinary: boolean) => received.push({ data, isBinary }));
  receiver.on('error', (error: Error) => {
    throw error;
  });
  for (let at = 0; at < bytes.length; at += chunkBytes) receiver.write(bytes.subarray(at, at + chunkBytes));
  return received;
}

const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

describe('a frame', () => {
  test.each(lengths)('of %i bytes of text is read back as it was', (length) => {
    const text = 'x'.repeat(length);
    expect(receive(frameMessage(text))).toEqual([{ data: Buffer.from(text), isBinary: false }]);
  });

  test.each(lengths)('of %i bytes is read back as it was', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => index % 256);
    expect(receive(frameMessage(bytes))).toEqual([{ data: Buffer.from(bytes), isBinary: true }]);
  });

  test.each([
    [0, 2],
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
  ])('of %i bytes has the shortest header there is: %i bytes (RFC 6455 section 5.2)', (length, header) => {
    expect(frameMessage('x'.repeat(length)).length).toBe(header + length);
  });

  test.each([
    ['two bytes a character', 'é', 63],
    ['three', '語', 42],
    ['four', '🎺', 32],
  ])('counts bytes, not characters: %s', (_, character, count) => {
    const text = character.repeat(count);
    expect(receive(frameMessage(text))).toEqual([{ data: Buffer.from(text), isBinary: false }]);
  });

  test('is whole, unmasked and of one fragment', () => {
    expect([...frameMessage('hi')]).toEqual([0x81, 2, 0x68, 0x69]);
    expect([...frameMessage(Uint8Array.of(7))]).toEqual([0x82, 1, 7]);
  });

  test('a lone surrogate, should one get here, leaves valid UTF-8', () => {
    expect(receive(frameMessage('a\ud800b'))[0]?.data.toString()).toBe('a\ufffdb');
  });

  test('is read back whatever the message and however the network cuts it', () => {
    const message = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), fc.integer({ min: 1, max: 50 }), (messages, chunkBytes) => {
        const read = receive(Buffer.concat(messages.map((one) => websocketFraming.frame(one))), chunkBytes);
        expect(read.map(({ isBinary }) => isBinary)).toEqual(messages.map((one) => typeof one !== 'string'));
        expect(Buffer.concat(read.map(({ data }) => data))).toEqual(
          Buffer.concat(messages.map((one) => (typeof one === 'string' ? Buffer.from(one) : one))),
        );
      }),
    );
  });
});
