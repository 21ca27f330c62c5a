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
 * One protocol in one codec. A stateless one has one object for all connections: what it has encoded for one subscriber is
 * written to every other one that speaks the same.
 */
export interface Protocol {
  /** Unique; together with the framing of a transport it names an encoding. */
  readonly name: string;
  /**
   * Makes it stateful: what it encodes depends on what it has encoded before. Each connection has an object of its own,
   * which encodes all that is written to the connection, in the order of writing. What has been encoded since this call and
   * is not written after all (what was missed has no room yet) is taken back by the function returned, before anything else
   * is encoded. Replies to other commands than connect and subscribe must leave the state alone: they may never be written.
   */
  checkpoint?(): () => void;
  /** Never throws. Text frames arrive as strings, binary frames as bytes. */
  decode(frame: EncodedMessage): Decoded;
  encodeReply(id: number, body: ReplyBody): EncodedMessage;
  encodePush(push: Push): EncodedMessage;
  /** The application-level ping that proves a connection alive to both ends. */
  encodePing(): EncodedMessage;
  /** Several messages as one, in order; never called with an empty list. */
  join(messages: readonly EncodedMessage[]): EncodedMessage;
}
