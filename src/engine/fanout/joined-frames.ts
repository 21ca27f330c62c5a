/** Several messages in as few frames as clients take at their defaults, one behind the other in one piece of bytes. */

import type { EncodedMessage } from '../../protocols/protocol.js';
import type { Encoding } from '../ports/connection.js';

/**
 * No frame that joins messages is larger, its header included: Go's coder/websocket reads no larger one, Netty and Jetty
 * none of twice the size. A single message goes alone, however large it is: the protocol cannot cut it.
 */
export const maxJoinedBytes = 32_768;

/** No framing adds more to one message, and HTTP nothing more to that. */
export const maxFramingBytes = 32;

/** Frames of the messages, in order, to be written at once. Never called with an empty list. */
export function framesOf(encoding: Encoding, messages: readonly EncodedMessage[]): Uint8Array {
  if (messages.length === 1 || encoding.framing.joinedBytes === undefined) return frameOf(encoding, messages);
  // Characters cost nothing to count, and of ASCII they are the bytes. Those are looked at where a frame came out too large.
  let groups = groupsOf(messages, ({ length }) => length, encoding.framing.joinedBytes);
  let frames = groups.map((group) => frameOf(encoding, group));
  if (frames.some(({ length }, n) => length > maxJoinedBytes && groups[n]?.length !== 1)) {
    groups = groupsOf(messages, bytesOf, encoding.framing.joinedBytes);
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

/** As many in each as fit. */
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
