/** What listeners of a channel are told, and the options of one. */

import type { ClientError } from './client-error.js';
import type { Member, Message, StreamPosition } from './message.js';

/** `subscribing` covers the first attempt and every way back after a lost connection. */
export type ChannelState = 'unsubscribed' | 'subscribing' | 'subscribed';

/** A numeric code of the protocol and its text. */
export interface Cause {
  readonly code: number;
  readonly reason: string;
}

export interface SubscribedEvent {
  /** It asked for what it had missed. `false` on the first subscribe and in channels without recovery. */
  readonly wasRecovering: boolean;
  /** It gets all of it: the messages follow. */
  readonly recovered: boolean;
  /** Where it joined the stream; absent in a channel without history. */
  readonly position?: StreamPosition;
  /** What the server's subscribe function granted along. */
  readonly data?: unknown;
}

export interface UnsubscribedEvent extends Cause {
  /** Why the server refused or ended it; absent when this side left. */
  readonly error?: ClientError;
}

export interface GapEvent {
  /** The newest place in the channel. What came before it and was not seen is not delivered any more. */
  readonly position?: StreamPosition;
}

export interface ChannelEvents<Data> {
  message: Message<Data>;
  /** Somebody came. Needs `joinLeave` in the channel's rule. */
  join: Member;
  /** Somebody went. */
  leave: Member;
  subscribing: Cause;
  subscribed: SubscribedEvent;
  /** Messages were missed that can not be had back: load the state anew. Follows `subscribed`. */
  gap: GapEvent;
  /** The subscription is over, and is not taken up again without {@link Channel.subscribe}. */
  unsubscribed: UnsubscribedEvent;
  /** Something failed that is being tried again. */
  error: ClientError;
}

export interface ChannelOptions {
  /** Ask for joins and leaves even when nobody listens for them yet. Default: `false`. */
  readonly joinLeave?: boolean;
  /**
   * Nobody minds a message that is missed, such as "is typing". Going back to a better transport does not wait for the end
   * of such a channel then, though it has no history. Default: `false`.
   */
  readonly mayMiss?: boolean;
  /** Messages that may wait for one `for await` loop before it fails with `ERR_BUFFER_OVERFLOW`. Default: 1,024. */
  readonly maxBuffered?: number;
  /** Sent along with the subscribe command, for the server's subscribe function. Default: nothing. */
  readonly data?: unknown;
}

export interface HistoryOptions {
  /** Most messages to return. Default: 100. 0: the position alone. */
  readonly limit?: number;
  /** Only messages after this place; before it, when `reverse`. */
  readonly since?: StreamPosition;
  /** Newest first. Default: `false`. */
  readonly reverse?: boolean;
}

export interface HistoryResult<Data> {
  readonly messages: readonly Message<Data>[];
  /** The place of the newest message of the channel. */
  readonly offset: number;
  readonly epoch: string;
}

export interface PresenceStats {
  readonly numClients: number;
  readonly numUsers: number;
}
