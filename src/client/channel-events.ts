/** Events and options of a channel. */

import type { ClientError } from './client-error.js';
import type { TagFilter } from './filter.js';
import type { Member, Message, StreamPosition } from './message.js';

/** `subscribing` covers the first attempt and every return after a lost connection. */
export type ChannelState = 'unsubscribed' | 'subscribing' | 'subscribed';

/** A numeric code of the protocol and its text. */
export interface Cause {
  /** Code of the protocol; PROTOCOL.md lists them. */
  readonly code: number;
  /** For people; it may change. */
  readonly reason: string;
}

/** What a subscription has begun with. */
export interface SubscribedEvent {
  /** It asked for missed messages. `false` on the first subscribe and in channels without recovery. */
  readonly wasRecovering: boolean;
  /** It gets all missed messages: they follow. */
  readonly recovered: boolean;
  /** The position at which it joined the stream; absent in a channel without history. */
  readonly position?: StreamPosition;
  /** Data from the server's subscribe function. */
  readonly data?: unknown;
}

/** Why a subscription has ended. */
export interface UnsubscribedEvent extends Cause {
  /** Why the server refused or ended it; absent when this client unsubscribed. */
  readonly error?: ClientError;
}

/** Where a channel goes on after messages that are lost. */
export interface GapEvent {
  /** The newest position in the channel. Missed messages before it are not delivered any more. */
  readonly position?: StreamPosition;
}

/** What listeners of a channel are called with. */
export interface ChannelEvents<Data> {
  /** A message, in the order of the channel. */
  message: Message<Data>;
  /** A client has joined. Needs `joinLeave` in the channel's rule. */
  join: Member;
  /** A client has left. */
  leave: Member;
  /** The first attempt begins, or a return, with its cause. */
  subscribing: Cause;
  /** Messages come from now on. */
  subscribed: SubscribedEvent;
  /** Missed messages cannot be recovered: load the state again. Follows `subscribed`. */
  gap: GapEvent;
  /** The subscription has ended, and stays so until {@link Channel.subscribe}. */
  unsubscribed: UnsubscribedEvent;
  /** Something failed and is being tried again. */
  error: ClientError;
}

/** What one use of a channel asks for. */
export interface ChannelOptions {
  /** Ask for joins and leaves even if there are no listeners for them yet. Default: `false`. */
  readonly joinLeave?: boolean;
  /**
   * Messages may be missed, such as "is typing". Then the return to a better transport does not wait until such a
   * channel is closed, though it has no history. Default: `false`.
   */
  readonly mayMiss?: boolean;
  /**
   * Let the server send what has changed since the message before, where that is smaller; listeners get whole messages.
   * For messages that resemble each other, in channels whose rule has `delta`. With a `filter` all are whole. Default:
   * `false`.
   */
  readonly delta?: boolean;
  /** Messages that may wait for one `for await` loop before it fails with `ERR_BUFFER_OVERFLOW`. Default: 1,024. */
  readonly maxBuffered?: number;
  /**
   * Which messages the server sends, by their tags; the channel's rule names those in `filterTags`. `history()` is not
   * filtered. All users of a channel in a page have the same filter. Default: all messages.
   */
  readonly filter?: TagFilter;
  /**
   * The channel has bytes: messages are a `Uint8Array`, in either codec. Without it they are what JSON makes of them. Default:
   * `false`.
   */
  readonly bytes?: boolean;
  /**
   * Most messages per second that the server sends, of each key in a map: the newest one leaves at regular beats. Within
   * the bounds of `maxRate` in the channel's rule; without that, and with more than it allows, the server decides. Is sent as a
   * field of `data`, which then has to be an object. Default: what the rule says.
   */
  readonly maxRate?: number;
  /** Sent with the subscribe command, for the server's subscribe function. Default: nothing. */
  readonly data?: unknown;
}

/** Which messages of a history are read. */
export interface HistoryOptions {
  /** Largest number of messages to return. Default: 100. 0: only the position. */
  readonly limit?: number;
  /** Only messages after this position, or before it with `reverse`. */
  readonly since?: StreamPosition;
  /** Newest first. Default: `false`. */
  readonly reverse?: boolean;
}

/** What was read of a history, and where the channel is. */
export interface HistoryResult<Data> {
  /** Oldest first, newest first with `reverse`. */
  readonly messages: readonly Message<Data>[];
  /** The offset of the newest message of the channel. */
  readonly offset: number;
  /** Id of the history; another one when it has begun anew. */
  readonly epoch: string;
}

/** How many are in a channel. */
export interface PresenceStats {
  /** Number of connections. */
  readonly numClients: number;
  /** Number of users, each counted once. */
  readonly numUsers: number;
}
