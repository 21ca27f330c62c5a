/** Discards what a peer sends after the close: otherwise a flood would still be parsed frame by frame. */

import type { Duplex } from 'node:stream';

/** Discards further input, and ends the socket after the close frame. Idempotent. */
export function ignoreRest(socket: Duplex): void {
  if (socket.writableEnded) return;
  // The listener of `ws`, which does the same itself after a frame that violates the protocol.
  socket.removeAllListeners('data');
  socket.resume();
  socket.end();
}
