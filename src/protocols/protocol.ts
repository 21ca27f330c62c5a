/** What a wire protocol is to the engine: bytes to commands, and replies and pushes to bytes. */

import type { Disconnect } from '../model/codes.js';
import type { Command } from '../model/command.js';
import type { Push } from '../model/push.js';
import type { ReplyBody } from '../model/reply.js';

/** One encoded message: text for text protocols, bytes for binary ones. */
export type EncodedMessage = string | Uint8Array;

/** A frame as a whole, or why its sender has to go. A bad frame has no valid part: none of its commands run. */
export type Decoded =
  | { readonly ok: true; readonly commands: readonly Command[] }
  | { readonly ok: false; readonly disconnect: Disconnect; readonly detail: string };

/**
 * One protocol in one codec. Unless it {@link isStateful}, one object serves all connections, and what it has encoded for
 * one subscriber is written to every other one that speaks the same.
 */
export interface Protocol {
  /** Unique; together with the framing of a transport it names an encoding. */
  readonly name: string;
  /**
   * Each connection has an object of its own, since what it encodes depends on what it has encoded and decoded before.
   * It is called once for each message, in the order in which the connection writes them. Default: false.
   */
  readonly isStateful?: boolean;
  /** Never throws. Text frames arrive as strings, binary frames as bytes. */
  decode(frame: EncodedMessage): Decoded;
  encodeReply(id: number, body: ReplyBody): EncodedMessage;
  encodePush(push: Push): EncodedMessage;
  /** The application-level ping that proves a connection alive to both ends. */
  encodePing(): EncodedMessage;
  /** Several messages as one, in order; never called with an empty list. */
  join(messages: readonly EncodedMessage[]): EncodedMessage;
}
