/** Room in a connection's queue for what its client missed, which waits for it and is no sign of a slow reader. */

import type { EncodedMessage } from '../../protocols/protocol.js';
import type { Clock } from '../ports/clock.js';
import { maxFramingBytes } from './joined-frames.js';

/** Interval of checks whether the peer has read enough. */
const lookEveryMs = 20;

/** Room that is kept free for small replies and pushes, which do not ask for room. */
const maxReservedBytes = 16_384;

/** Upper bound of the bytes, whatever framing the transport adds. */
export function sizeOf(messages: readonly EncodedMessage[]): number {
  return messages.reduce((sum, message) => sum + Buffer.byteLength(message) + maxFramingBytes, 0);
}

/** Whether this many bytes have no room even in an empty queue. */
export function isTooLarge(limits: { readonly maxQueueBytes: number }, numBytes: number): boolean {
  return numBytes > roomIn(limits);
}

/** Limit for replies that ask for room, so that later messages of the same turn have room too. */
export function roomIn({ maxQueueBytes }: { readonly maxQueueBytes: number }): number {
  return maxQueueBytes - Math.min(maxReservedBytes, Math.floor(maxQueueBytes / 16));
}

/** Resolves when there is room for this many bytes, at most the size of the queue, or when the connection is closed. */
export function whenRoomFor(
  outbox: { hasRoomFor(numBytes: number): boolean },
  clock: Clock,
  numBytes: number,
): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (outbox.hasRoomFor(numBytes)) resolve();
      else clock.schedule(look, lookEveryMs);
    };
    look();
  });
}
