/** A wire protocol for the engine: bytes to commands, and replies and pushes to bytes. */

import type { Disconnect } from '../model/codes.js';
import type { Command } from '../model/command.js';
import type { Push } from '../model/push.js';
import type { ReplyBody } from '../model/reply.js';

/** One encoded message: text for text protocols, bytes for binary ones. */
export type EncodedMessage = string | Uint8Array;

/** A whole frame, or why its connection has to be closed. No command of an invalid frame runs. */
export type Decoded =
  | { readonly ok: true; readonly commands: readonly Command[] }
  | { readonly ok: false; readonly disconnect: Disconnect; readonly detail: string };

/**
 * One protocol in one codec. A stateless one has one object for all connections, so that bytes encoded for one
 * subscriber can be written to all others.
 */
export interface Protocol {
  /** Unique; together with the framing of a transport it names an encoding. */
  readonly name: string;
  /** Whether publications have bytes as they are; otherwise they are strings of base64. */
  readonly carriesBytes: boolean;
  /**
   * Makes it stateful: its encoding depends on what it has encoded before. Each connection has its own object, which
   * encodes everything in the order of writing. The returned function takes back what was encoded since this call and
   * is not written after all (missed publications without room), before anything else is encoded. Replies to other
   * commands than connect and subscribe must leave the state alone: they may never be written.
   */
  checkpoint?(): () => void;
  /** Whether its clients find a channel by the number that they were told. Default: `false`. */
  readonly hasChannelIds?: boolean;
  /** Never throws. Text frames arrive as strings, binary frames as bytes. */
  decode(frame: EncodedMessage): Decoded;
  encodeReply(id: number, body: ReplyBody): EncodedMessage;
  encodePush(push: Push): EncodedMessage;
  /** The application-level ping with which both ends check that a connection is alive. */
  encodePing(): EncodedMessage;
  /** Several messages as one, in order; never called with an empty list. */
  join(messages: readonly EncodedMessage[]): EncodedMessage;
}
