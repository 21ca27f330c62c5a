/** What a transport gives the engine for one client, and how messages are wrapped for it. */

import type { Disconnect } from '../../model/codes.js';
import type { EncodedMessage, Protocol } from '../../protocols/protocol.js';

/** Turns one encoded message into what the transport writes: a WebSocket frame, an SSE event. Stateless and shared. */
export interface Framing {
  /** Unique among framings. */
  readonly name: string;
  frame(message: EncodedMessage): Uint8Array;
  /**
   * Bytes of the frame that joins so many messages of so many bytes in all. Absent: what reads this framing has no frame
   * to hold, as with lines, and everything can go into one.
   */
  joinedBytes?(payloadBytes: number, numMessages: number): number;
}

/**
 * How bytes for a connection come about. One object per pair, shared by all its connections: the identity of this
 * object is the key under which encoded bytes are shared.
 */
export interface Encoding {
  readonly protocol: Protocol;
  readonly framing: Framing;
}

/** One open connection. Bytes leave in the order of the calls, or the connection closes. Nothing here throws. */
export interface Connection {
  /** Name of the transport, for metrics: `websocket`, `sse`, … */
  readonly transport: string;
  readonly encoding: Encoding;
  /**
   * What the client sends may come late or twice, in requests of their own, or be made by the network: a pong that nobody
   * asked for is no fault then.
   */
  readonly takesStrayPongs?: boolean;
  /** Bytes written and not yet taken by the kernel. */
  readonly bufferedBytes: number;
  /** Writes bytes that the connection's framing has made. Ignored once closed. */
  write(bytes: Uint8Array): void;
  /** Sends what was written, says why, and closes within a deadline of its own. Idempotent. */
  close(disconnect: Disconnect): void;
}

/** What is known of a client before its first command: from its HTTP request. */
export interface Handshake {
  /** Lower-case names. Of a repeated header the values are joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Path and query of the request. */
  readonly url: string;
  /** Of the peer, or of the client behind a trusted proxy. */
  readonly remoteAddress: string;
  /** The secret by which the client addresses this connection in further requests; absent when it needs none. */
  readonly session?: string;
}
