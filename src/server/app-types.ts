/** What the methods of a running application take and give. */

import { fromJsonText } from '../model/json-text.js';
import type { Position } from '../model/position.js';
import type { ClientInfo } from '../model/publication.js';

export interface PublishOptions {
  /** A retry with the same key within 5 minutes is not published again. 1 to 256 bytes. */
  readonly idempotencyKey?: string;
  /**
   * Of the document that is published: leave it out unless it is newer than what the channel has had. At least 1. Needs a
   * history, and one process, workers or Redis.
   */
  readonly version?: number;
  /** Versions of different epochs cannot be compared: the newcomer is newer. Default: compared with any. */
  readonly versionEpoch?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Deliver without keeping it: it has no offset and is not recovered. Default: `false`. */
  readonly skipHistory?: boolean;
}

/** A kept publication. */
export interface HistoryEntry<Message> {
  readonly data: Message;
  readonly offset: number;
  readonly info?: Member;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface HistoryResult<Message> {
  readonly publications: readonly HistoryEntry<Message>[];
  /** The place of the newest publication of the channel. */
  readonly offset: number;
  readonly epoch: string;
}

/** A client in a channel. */
export interface Member {
  readonly user: string;
  readonly client: string;
  readonly connInfo?: unknown;
  readonly chanInfo?: unknown;
}

export interface HistoryReadOptions {
  /** Most publications to return. Default: 100. 0: the position alone. */
  readonly limit?: number;
  /** Only publications after this place; before it, when `reverse`. */
  readonly since?: Position;
  /** Newest first. Default: `false`. */
  readonly reverse?: boolean;
}

/** A member as applications see it. */
export function toMember({ user, client, connInfo, chanInfo }: ClientInfo): Member {
  return {
    user,
    client,
    ...(connInfo !== undefined && { connInfo: fromJsonText(connInfo) }),
    ...(chanInfo !== undefined && { chanInfo: fromJsonText(chanInfo) }),
  };
}

/** Whose connections are meant. */
export interface Connections {
  /** One connection only. Default: all of the user's. */
  readonly client?: string;
}

export interface DisconnectOptions extends Connections {
  /** With the advice to come back. Default: `false`. */
  readonly reconnect?: boolean;
  /** Connections that stay. Default: none. */
  readonly except?: readonly string[];
}

export interface SubscribeOptions extends Connections {
  /** Shown to others as `chanInfo`. */
  readonly info?: unknown;
  /** Handed to the subscriber in its `subscribed` event. */
  readonly data?: unknown;
  /** Unix time in seconds. Default: it does not expire. */
  readonly expiresAt?: number;
  /** Deliver what was published after this place first, as far as it is still there. */
  readonly recoverSince?: Position;
}

export interface TicketOptions {
  /** How long it can be used, in seconds. Default: 30. */
  readonly ttlSec?: number;
  /** Unix time in seconds at which the connection ends. Default: it does not expire. */
  readonly expiresAt?: number;
  /** Shown to other clients as `connInfo`. */
  readonly info?: unknown;
  /** For the server's eyes: given to permission functions and procedures. */
  readonly meta?: unknown;
}

export interface RefreshOptions extends Connections {
  /** Unix time in seconds at which the connections end. Default: they do not expire any more. */
  readonly expiresAt?: number;
}
