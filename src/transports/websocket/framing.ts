/** Writes shared frames: one unfragmented, unmasked WebSocket message each (RFC 6455 section 5.2). */

import type { Framing } from '../../engine/ports/connection.js';
import type { EncodedMessage } from '../../protocols/protocol.js';

const finText = 0x81;
const finBinary = 0x82;

export function headerBytes(payloadBytes: number): number {
  return payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10;
}

/** Writes the header of a frame with this first byte and payload. @returns its length */
export function frameHeader(bytes: Buffer, first: number, payloadBytes: number): number {
  const headerLength = headerBytes(payloadBytes);
  bytes[0] = first;
  if (headerLength === 2) bytes[1] = payloadBytes;
  else if (headerLength === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(payloadBytes, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(payloadBytes), 2);
  }
  return headerLength;
}

/** Header and payload in one buffer, so that it is one write and one system call per subscriber. */
export function frameMessage(message: EncodedMessage): Buffer {
  const isText = typeof message === 'string';
  const length = isText ? Buffer.byteLength(message) : message.length;
  const bytes = Buffer.allocUnsafe(headerBytes(length) + length);
  const headerLength = frameHeader(bytes, isText ? finText : finBinary, length);
  if (isText) bytes.write(message, headerLength);
  else bytes.set(message, headerLength);
  return bytes;
}

export const websocketFraming: Framing = {
  name: 'websocket',
  frame: frameMessage,
  // Messages are separated by a line feed.
  joinedBytes: (payloadBytes, numMessages) => {
    const bytes = payloadBytes + numMessages - 1;
    return headerBytes(bytes) + bytes;
  },
};
