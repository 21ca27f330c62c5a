/** Arguments and results of a running application's methods. */

import type { SubscribeGrant } from '../engine/channels/channel-options.js';
import { fromJsonText } from '../model/json-text.js';
import { payloadValue } from '../model/payload.js';
import type { Position } from '../model/position.js';
import type { ClientInfo, Publication } from '../model/publication.js';

/** How something is published. */
export interface PublishOptions {
  /** A retry with the same key within 5 minutes is not published again. 1 to 256 bytes. */
  readonly idempotencyKey?: string;
  /**
   * Version of the published document: it is skipped unless it is newer than the channel's last one. At least 1. Needs
   * a history, and one process, workers or Redis.
   */
  readonly version?: number;
  /** Versions of different epochs cannot be compared: the new one counts as newer. Default: compared with any. */
  readonly versionEpoch?: string;
  /** Sent with it, for filters of subscribers; at most 4,096 bytes as JSON. Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Deliver it without adding it to the history: it has no offset and is not recovered. Default: `false`. */
  readonly skipHistory?: boolean;
}

/** A kept publication. */
export interface HistoryEntry<Message> {
  /** What was published. */
  readonly data: Message;
  /** Its number in the history, counted from 1. */
  readonly offset: number;
  /** The client that published it; absent when the server did. */
  readonly info?: Member;
  /** What was published with it. Absent: none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** What was read of a history, and where the channel is. */
export interface HistoryResult<Message> {
  /** Oldest first, newest first with `reverse`. */
  readonly publications: readonly HistoryEntry<Message>[];
  /** The offset of the newest publication of the channel. */
  readonly offset: number;
  /** Id of the history; another one when it has begun anew. */
  readonly epoch: string;
}

/** A message of a channel as it reaches this process. */
export interface WatchedMessage<Message> {
  /** Null for a key of a map that was removed. */
  readonly data: Message;
  /** Absent in a channel without history. */
  readonly offset?: number;
  /** The client that published it; absent when the server did. */
  readonly info?: Member;
  /** What was published with it. Absent: none. */
  readonly tags?: Readonly<Record<string, string>>;
  /** In a map: the key that was set, or removed. */
  readonly key?: string;
  /** In a map: the key was removed. Absent: it was set. */
  readonly removed?: boolean;
}

/** A client in a channel. */
export interface Member {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** Id of the connection. */
  readonly client: string;
  /** What authentication says of the connection; any JSON. */
  readonly connInfo?: unknown;
  /** What the permission to subscribe says; any JSON. */
  readonly chanInfo?: unknown;
}

/** Which publications of a history are read. */
export interface HistoryReadOptions {
  /** Largest number of publications to return. Default: 100. 0: only the position. */
  readonly limit?: number;
  /** Only publications after this position, or before it with `reverse`. */
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

export function toWatched<Message>({ data, offset, info, tags, key, removed }: Publication): WatchedMessage<Message> {
  return {
    // safe: what a channel carries has passed its schema
    data: payloadValue(data) as Message,
    ...(offset > 0 && { offset }),
    ...(info && { info: toMember(info) }),
    ...(tags && { tags }),
    ...(key !== undefined && { key }),
    ...(removed && { removed }),
  };
}

/** Selects connections of a user. */
export interface Connections {
  /** One connection only. Default: all of the user's. */
  readonly client?: string;
}

/** Which connections of a user are closed, and what their clients do then. */
export interface DisconnectOptions extends Connections {
  /** Tell the client to reconnect. Default: `false`. */
  readonly reconnect?: boolean;
  /** Connections that stay. Default: none. */
  readonly except?: readonly string[];
}

/** How a user's connections are subscribed. */
export interface SubscribeOptions extends Connections, SubscribeGrant {
  /** First deliver publications after this position, if they are still there. */
  readonly recoverSince?: Position;
}

/** What a ticket is good for. */
export interface TicketOptions {
  /** How long the ticket is valid, in seconds. Default: 30. */
  readonly ttlSec?: number;
  /** Unix time in seconds at which the connection ends. Default: it does not expire. */
  readonly expiresAt?: number;
  /** Shown to other clients as `connInfo`. */
  readonly info?: unknown;
  /** For the server only: passed to permission functions and procedures. */
  readonly meta?: unknown;
}

/** Which connections of a user end, and when. */
export interface RefreshOptions extends Connections {
  /** Unix time in seconds at which the connections end. Default: never. */
  readonly expiresAt?: number;
}
