/** Compressed frames, read back by the parser and the inflater of `ws`. */

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PerMessageDeflate, Receiver } from 'ws';
import { framesOf, maxJoinedBytes } from '../../engine/fanout/joined-frames.js';
import { Counters } from '../../engine/ports/counters.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import { deflateFraming, maxDeflatedBytes, rsv1 } from './deflate-framing.js';
import { frameMessage } from './framing.js';

type Message = string | Uint8Array;

/** What a client that keeps nothing from message to message reads, with a window of this size. */
async function read(frames: readonly Uint8Array[], windowBits: number): Promise<Message[]> {
  const inflate = new PerMessageDeflate({ isServer: false });
  inflate.accept([{ server_no_context_takeover: [true], server_max_window_bits: [windowBits] }]);
  const extensions = { [PerMessageDeflate.extensionName]: inflate };
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true, extensions });
  const received: Message[] = [];
  receiver.on('message', (data: Buffer, isBinary: boolean) => received.push(isBinary ? data : data.toString()));
  await new Promise<void>((resolve, reject) => {
    receiver.on('error', reject).on('finish', resolve);
    for (const frame of frames) receiver.write(frame);
    receiver.end();
  });
  inflate.cleanup();
  return received;
}

const json = (length: number) =>
  JSON.stringify({ rows: Array.from({ length: length / 16 }, (_, n) => `row ${n % 97}`) });

describe('a compressed frame', () => {
  test.each([15, 12, 9])('is read back by a client with a window of 2^%i bytes', async (windowBits) => {
    const { frame } = deflateFraming({ windowBits, minBytes: 0 }, new Counters());
    const messages: Message[] = [
      json(300),
      json(70_000),
      Buffer.from(json(5_000)),
      '🎺'.repeat(400),
      randomBytes(2_000),
    ];
    expect(await read(messages.map(frame), windowBits)).toEqual(messages);
  });

  test('is marked with RSV1, and is no longer than without', () => {
    const { frame } = deflateFraming({ windowBits: 15, minBytes: 0 }, new Counters());
    const [text, bytes] = [frame(json(1_000)), frame(Buffer.from(json(1_000)))];
    expect([text[0], bytes[0]]).toEqual([0x81 | rsv1, 0x82 | rsv1]);
    expect(text.length).toBeLessThan(frameMessage(json(1_000)).length / 3);
  });

  test.each([
    ['shorter than the option says', 'x'.repeat(99)],
    ['so long that it would hold up others', 'x'.repeat(maxDeflatedBytes + 1)],
    ['of which nothing can be saved', randomBytes(500)],
    ['empty', ''],
  ])('is not made of a message that is %s', (_, message) => {
    const { frame } = deflateFraming({ windowBits: 15, minBytes: 100 }, new Counters());
    expect(frameMessage(message).equals(frame(message))).toBe(true);
  });

  test('is made of messages just as long as the options say', () => {
    const { frame } = deflateFraming({ windowBits: 15, minBytes: 100 }, new Counters());
    for (const length of [100, maxDeflatedBytes]) expect((frame('x'.repeat(length))[0] ?? 0) & rsv1).toBe(rsv1);
  });

  test('is counted with its bytes before and after', () => {
    const counts = new Counters();
    const { frame } = deflateFraming({ windowBits: 15, minBytes: 100 }, counts);
    frame('x'.repeat(99));
    const { length } = frame('x'.repeat(1_000));
    frame(randomBytes(500));
    const { deflatedFrames, deflateInBytes, deflateOutBytes } = counts;
    expect({ deflatedFrames, deflateInBytes, deflateOutBytes }).toEqual({
      deflatedFrames: 2,
      deflateInBytes: 1_500,
      deflateOutBytes: length - 2 + 500,
    });
  });

  test('is read back whatever the messages', async () => {
    const { frame } = deflateFraming({ windowBits: 9, minBytes: 0 }, new Counters());
    const message = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.uint8Array({ maxLength: 2_000, max: 7 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 5 }), async (messages) => {
        // A lone surrogate leaves as U+FFFD.
        const expected = messages.map((one) => (typeof one === 'string' ? Buffer.from(one).toString() : one));
        expect(await read(messages.map(frame), 9)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('joins messages only as far as clients read them at once, once they are decompressed', async () => {
    const encoding = {
      protocol: centrifugalJson,
      framing: deflateFraming({ windowBits: 15, minBytes: 0 }, new Counters()),
    };
    // Three bytes a character: together far more than the characters that there are.
    const messages = Array.from({ length: 12 }, () => '語'.repeat(2_000));
    const received = await read([framesOf(encoding, messages)], 15);
    expect(received.join('\n')).toBe(messages.join('\n'));
    for (const text of received) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxJoinedBytes);
    expect(received.length).toBe(3);
  });
});
