/** Room in a connection's queue for what its client missed: it waits for that, and is not a sign of a slow reader. */

import type { EncodedMessage } from '../../protocols/protocol.js';
import type { Clock } from '../ports/clock.js';
import { maxFramingBytes } from './joined-frames.js';

/** How often it is looked whether the peer has taken enough. */
const lookEveryMs = 20;

/** So much is kept free for what nobody asks for room for: small replies and pushes. */
const maxReservedBytes = 16_384;

/** At most so many bytes, whatever the transport wraps around them. */
export function sizeOf(messages: readonly EncodedMessage[]): number {
  return messages.reduce((sum, message) => sum + Buffer.byteLength(message) + maxFramingBytes, 0);
}

/** Whether so many bytes have no room even in an empty queue. */
export function isTooLarge(limits: { readonly maxQueueBytes: number }, numBytes: number): boolean {
  return numBytes > roomIn(limits);
}

/** What may wait of that which a client has asked for: what comes up behind it in the same turn has room, too. */
export function roomIn({ maxQueueBytes }: { readonly maxQueueBytes: number }): number {
  return maxQueueBytes - Math.min(maxReservedBytes, Math.floor(maxQueueBytes / 16));
}

/** Resolves when there is room for so many bytes, no more than the queue holds, or when the connection is closed. */
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
