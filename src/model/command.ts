/** Commands of clients, decoded and checked. One variant per method of the protocol. */

import type { ErrorReply } from './codes.js';
import type { FilterNode } from './filter.js';
import type { JsonPayload, Payload } from './payload.js';
import type { Position } from './position.js';

/** In the `flag` of `subscribe` and of `connect`: a recovery that is larger than one reply may come in pages behind it. */
export const pagedRecovery = 65_536;

/** Features of a subscription that a client declares in `flag`. */
export const subscribeFlags = { channelCompaction: 1, rejectUnrecovered: 2, pagedRecovery } as const;

/** What a client asks for in the `flag` of `publish`: the position of the publication, in the reply. */
export const publishFlags = { position: 1 } as const;

/** Features of a connection that a client declares in `flag`; the server confirms the dictionary there. */
export const connectFlags = { dictionary: 1, pagedRecovery } as const;

export interface SubscribeRequest {
  readonly channel: string;
  readonly token?: string | undefined;
  /** The client's position, if it wants to recover. */
  readonly recoverSince?: Position | undefined;
  readonly positioned: boolean;
  readonly recoverable: boolean;
  readonly joinLeave: boolean;
  /** Whether it can decode deltas in the format of Fossil. */
  readonly delta: boolean;
  /** Which publications the client wants; absent: all. */
  readonly filter?: FilterNode | undefined;
  readonly data?: JsonPayload | undefined;
  /** Bits of {@link subscribeFlags}; unknown bits are ignored. */
  readonly flag: number;
  /** Present if the client asks for a map. */
  readonly map?: MapRequest;
}

/** What kind of map the client asks for: any, one whose keys are clients, one whose keys are users. */
export const mapTypes = { any: 1, clients: 2, users: 3 } as const;

/** What a client that subscribes to a map asks for next: entries of the state, missed changes, live changes. */
export const mapPhases = { live: 0, stream: 1, state: 2 } as const;

/** One of the requests with which a client subscribes to a map. */
export interface MapRequest {
  readonly type: (typeof mapTypes)[keyof typeof mapTypes];
  readonly phase: (typeof mapPhases)[keyof typeof mapPhases];
  /** From the reply to the request before; 0: the beginning of the state. */
  readonly cursor: number;
  /** Most entries or changes of a reply; 0: as many as the server likes. */
  readonly limit: number;
  /** Where the client is, if it is not at the beginning. */
  readonly position: Position;
}

/** The key of a map that a client sets or removes. */
export interface KeyedChange {
  readonly key: string;
  readonly removed: boolean;
}

export interface ConnectRequest {
  readonly token?: string | undefined;
  readonly data?: JsonPayload | undefined;
  readonly name: string;
  readonly version: string;
  /** Substitutes for HTTP headers, for clients that cannot set those. */
  readonly headers?: ReadonlyMap<string, string> | undefined;
  /** The client's positions in server-side subscriptions, by channel. */
  readonly subs: ReadonlyMap<string, Position>;
  /** The id of the compression dictionary that it has, or empty; absent if it cannot read frames compressed with one. */
  readonly dictionary?: string | undefined;
  /** What it says that its connection has in common with others, unchecked; absent if it says nothing. */
  readonly profile?: string;
  /** Whether recoveries of server-side subscriptions may come in pages. Default: `false`. */
  readonly inPages?: boolean;
}

export interface HistoryRequest {
  readonly channel: string;
  /** 0: only the position; negative: as many as the server allows. */
  readonly limit: number;
  readonly since?: Position | undefined;
  readonly reverse: boolean;
}

/** A command. Its reply has the same `id`, which is above 0 for all but `send` and `pong`. */
export type Command =
  | { readonly kind: 'connect'; readonly id: number; readonly request: ConnectRequest }
  | { readonly kind: 'subscribe'; readonly id: number; readonly request: SubscribeRequest }
  | { readonly kind: 'unsubscribe'; readonly id: number; readonly channel: string }
  | {
      readonly kind: 'publish';
      readonly id: number;
      readonly channel: string;
      readonly data: Payload;
      /** Present if the channel is a map. */
      readonly change?: KeyedChange;
      /** Whether the reply has the position of the publication. Default: `false`. */
      readonly wantsPosition?: true;
    }
  | { readonly kind: 'presence'; readonly id: number; readonly channel: string }
  | { readonly kind: 'presenceStats'; readonly id: number; readonly channel: string }
  | { readonly kind: 'history'; readonly id: number; readonly request: HistoryRequest }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'rpc'; readonly id: number; readonly method: string; readonly data: JsonPayload | undefined }
  | { readonly kind: 'refresh'; readonly id: number; readonly token: string }
  | { readonly kind: 'subRefresh'; readonly id: number; readonly channel: string; readonly token: string }
  | { readonly kind: 'send'; readonly data: JsonPayload | undefined }
  | { readonly kind: 'pong' }
  /** A command with an invalid field, whose reply is the error. */
  | InvalidCommand;

export interface InvalidCommand {
  readonly kind: 'invalid';
  readonly id: number;
  /** The protocol's name of the command. */
  readonly method: string;
  readonly field: string;
  /** For the log: begins with the field, and contains no values. */
  readonly why: string;
  readonly error: ErrorReply;
}
