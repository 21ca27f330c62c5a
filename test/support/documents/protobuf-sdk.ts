/** The protobuf codec of the official JavaScript SDK, as an oracle. */

import { Centrifuge } from 'centrifuge/build/protobuf';
import { codecOf, type Fields, parseWithin, type SdkCodec, withBytes } from '../centrifuge/json-data.js';

export const protobufSdk: SdkCodec = codecOf(new Centrifuge('ws://127.0.0.1:1', { websocket: class {} }));

/** A frame in protobuf of commands that are lines of JSON. What is no JSON becomes a message that is longer than the frame. */
export function protobufOfLines(lines: string): Uint8Array {
  return Buffer.concat(
    lines.split('\n').map((line) => {
      const command = commandOf(line);
      return command === undefined ? Buffer.from([0x7f]) : protobufSdk.encodeCommands([withBytes(command)]);
    }),
  );
}

function commandOf(line: string): Fields | undefined {
  try {
    // safe: a command of a test's, or its garbage
    return JSON.parse(line) as Fields;
  } catch {
    // Garbage on purpose.
    return undefined;
  }
}

/** The replies in a frame in protobuf, as lines of JSON like those of the JSON codec. */
export function linesOfProtobuf(frame: Uint8Array): string {
  const replies = protobufSdk.decodeReplies(frame);
  for (const reply of replies) parseWithin(reply);
  return replies.map((reply) => JSON.stringify(plain(reply))).join('\n');
}

/** The replies in a frame in protobuf, with data as the bytes that came. */
export function messagesOfProtobuf(frame: Uint8Array): unknown[] {
  return protobufSdk.decodeReplies(frame).map(plain);
}

/** Only the fields that came: messages have the others from their prototype, and a form of their own in JSON. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  // A number of 64 bits is an object of its own.
  if ('toNumber' in value && typeof value.toNumber === 'function') return value.toNumber();
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

/** Length of the whole messages that the bytes begin with, each behind its length. */
export function wholeMessages(bytes: Uint8Array): number {
  for (let end = 0; ; ) {
    let [length, at] = [0, end];
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return end;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (at + length > bytes.length) return end;
    end = at + length;
  }
}
