/** Joins messages in as few frames as clients accept by default, as one sequence of bytes. */

import type { EncodedMessage } from '../../protocols/protocol.js';
import type { Encoding } from '../ports/connection.js';

/**
 * Largest frame that joins messages, including its header: Go's coder/websocket accepts no larger one, Netty and Jetty
 * none of twice the size. A single message has its own frame, however large: the protocol cannot split it.
 */
export const maxJoinedBytes = 32_768;

/** Most bytes that a framing and HTTP add to one message. */
export const maxFramingBytes = 32;

/** Largest size of a message in a frame. Exact for large messages, for which room is requested. */
export function mostBytes(message: EncodedMessage): number {
  const { length } = message;
  // A character has at most 3 bytes.
  return (length > 512 ? Buffer.byteLength(message) : length * 3) + maxFramingBytes;
}

/** Frames of the messages, in order, to be written at once. Never called with an empty list. */
export function framesOf(encoding: Encoding, messages: readonly EncodedMessage[]): Uint8Array {
  if (messages.length === 1 || encoding.framing.joinedBytes === undefined) return frameOf(encoding, messages);
  // Counting characters is free, and for ASCII they are bytes. Bytes are counted only if a frame came out too large, or
  // if that does not show.
  const { joinedBytes, shrinks = false } = encoding.framing;
  let groups = groupsOf(messages, shrinks ? bytesOf : ({ length }) => length, joinedBytes);
  let frames = groups.map((group) => frameOf(encoding, group));
  if (!shrinks && frames.some(({ length }, n) => length > maxJoinedBytes && groups[n]?.length !== 1)) {
    groups = groupsOf(messages, bytesOf, joinedBytes);
    frames = groups.map((group) => frameOf(encoding, group));
  }
  const [frame] = frames;
  return frames.length === 1 && frame !== undefined ? frame : Buffer.concat(frames);
}

function frameOf({ protocol, framing }: Encoding, messages: readonly EncodedMessage[]): Uint8Array {
  const [first] = messages;
  return framing.frame(messages.length === 1 && first !== undefined ? first : protocol.join(messages));
}

function bytesOf(message: EncodedMessage): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length;
}

/** Each group has as many messages as fit. */
function groupsOf(
  messages: readonly EncodedMessage[],
  sizeOf: (message: EncodedMessage) => number,
  joinedBytes: (payloadBytes: number, numMessages: number) => number,
): (readonly EncodedMessage[])[] {
  const groups: (readonly EncodedMessage[])[] = [];
  let [start, end, size] = [0, 0, 0];
  for (const message of messages) {
    const added = sizeOf(message);
    if (end > start && joinedBytes(size + added, end + 1 - start) > maxJoinedBytes) {
      groups.push(messages.slice(start, end));
      start = end;
      size = 0;
    }
    size += added;
    end++;
  }
  groups.push(start === 0 ? messages : messages.slice(start));
  return groups;
}
