/** What a transport is to an HTTP server: paths, and what becomes of the requests for them. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** One path, matched as it is: nothing is decoded, joined or stripped. */
export interface ClientEndpoint {
  readonly path: string;
  /** Takes over a plain request, whatever its method, and answers it. Absent: they are none of ours. Never throws. */
  handle?(request: IncomingMessage, response: ServerResponse): void;
  /** Takes over an upgrade. Absent: none is accepted. Never throws. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** One way for clients to get in. */
export interface Transport {
  /** Fixed for the transport's life; no two transports of a server share a path. */
  readonly endpoints: readonly ClientEndpoint[];
  /**
   * Resolves when all clients whose sessions were closed have been told why, or are given up. Absent: they are told
   * where they are, and need not ask.
   */
  settled?(): Promise<void>;
  /** Cuts what is still open, without a word. Sessions have been closed before. */
  terminateAll(): void;
}
