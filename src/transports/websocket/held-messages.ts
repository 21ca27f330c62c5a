/** Messages for sockets that somebody else frames: what is written together can be told apart again. */

import type { Framing } from '../../engine/ports/connection.js';

const lengthBytes = 4;

/** Each message with its length before it. */
export const heldFraming: Framing = {
  name: 'held',
  frame(message) {
    const isText = typeof message === 'string';
    const length = isText ? Buffer.byteLength(message) : message.length;
    const bytes = Buffer.allocUnsafe(lengthBytes + length);
    bytes.writeUInt32BE(length);
    if (isText) bytes.write(message, lengthBytes);
    else bytes.set(message, lengthBytes);
    return bytes;
  },
  // Messages are separated by a line feed.
  joinedBytes: (payloadBytes, numMessages) => payloadBytes + numMessages - 1,
};

/** The messages in bytes of {@link heldFraming}. The last result is kept, since many sockets in turn get the same bytes. */
export class HeldMessages {
  #bytes: Uint8Array | undefined;
  #messages: readonly (string | Uint8Array)[] = [];

  constructor(private readonly isText: boolean) {}

  of(bytes: Uint8Array): readonly (string | Uint8Array)[] {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#messages = this.#split(bytes);
    }
    return this.#messages;
  }

  #split({ buffer, byteOffset, byteLength }: Uint8Array): (string | Uint8Array)[] {
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    const messages: (string | Uint8Array)[] = [];
    for (let at = 0; at < bytes.length; ) {
      const start = at + lengthBytes;
      at = start + bytes.readUInt32BE(at);
      messages.push(this.isText ? bytes.toString('utf8', start, at) : bytes.subarray(start, at));
    }
    return messages;
  }
}
