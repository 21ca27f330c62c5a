/** A transport's connection of one client, and how messages are framed for it. */

import type { Disconnect } from '../../model/codes.js';
import type { DictionaryOffer } from '../../model/dictionary.js';
import type { EncodedMessage, Protocol } from '../../protocols/protocol.js';

/** Turns one encoded message into the bytes to be written: a WebSocket frame, an SSE event. Stateless and shared. */
export interface Framing {
  /** Unique among framings. */
  readonly name: string;
  frame(message: EncodedMessage): Uint8Array;
  /**
   * Size of a frame that joins this many messages with this many bytes in total. Absent: readers do not buffer frames,
   * as with lines, so the size is not limited.
   */
  joinedBytes?(payloadBytes: number, numMessages: number): number;
  /** Frames may be shorter than what readers get out of them, so the length of a frame does not tell its size. */
  readonly shrinks?: boolean;
}

/**
 * A protocol and a framing. One object per pair, shared by all its connections; encoded bytes are shared by the
 * identity of this object.
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
  /** Whether data from the client may arrive late or twice, so that an unexpected pong is not an error. */
  readonly takesStrayPongs?: boolean;
  /** Whether its client is asked to answer pings. Default: `true`. */
  readonly answersPings?: boolean;
  /** Whether more can follow a reply by itself, later. Default: `true`. */
  readonly takesPages?: boolean;
  /**
   * The dictionary with which frames to this client can be compressed. Absent: with none.
   *
   * @param held the id of the one that the client has, or empty
   */
  offerDictionary?(held: string): DictionaryOffer;
  /** From now on {@link encoding} is that of frames compressed with the dictionary. */
  beginDictionary?(): void;
  /** Bytes that are written, but not yet taken by the kernel. */
  readonly bufferedBytes: number;
  /** Writes bytes that the connection's framing has made. Ignored after the close. */
  write(bytes: Uint8Array): void;
  /** Sends pending data and the reason, and closes within its own deadline. Idempotent. */
  close(disconnect: Disconnect): void;
}

/** What a client's HTTP request says about it, before its first command. */
export interface Handshake {
  /** Lower-case names. The values of a repeated header are joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Path and query of the request. */
  readonly url: string;
  /** The address of the peer, or of the client behind a trusted proxy. */
  readonly remoteAddress: string;
  /** The secret with which the client names this connection in further requests; absent if there are none. */
  readonly session?: string;
}
