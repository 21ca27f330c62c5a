/** What a client can ask, decoded and checked. One variant per method of the protocol. */

import type { ErrorReply } from './codes.js';
import type { Payload } from './payload.js';
import type { Position } from './position.js';

/** Features of a subscription that a client declares in `flag`. */
export const subscribeFlags = { channelCompaction: 1, rejectUnrecovered: 2 } as const;

export interface SubscribeRequest {
  readonly channel: string;
  readonly token?: string;
  /** Where the client stopped; set when it wants what it missed since. */
  readonly recoverSince?: Position;
  readonly positioned: boolean;
  readonly recoverable: boolean;
  readonly joinLeave: boolean;
  readonly data?: Payload;
  /** Bits of {@link subscribeFlags}; unknown bits are ignored. */
  readonly flag: number;
}

export interface ConnectRequest {
  readonly token?: string;
  readonly data?: Payload;
  readonly name: string;
  readonly version: string;
  /** Stand-ins for HTTP headers, for clients that cannot set those. */
  readonly headers?: ReadonlyMap<string, string>;
  /** Where the client stopped in its server-side subscriptions, by channel. */
  readonly subs: ReadonlyMap<string, Position>;
}

export interface HistoryRequest {
  readonly channel: string;
  /** 0 asks for the position alone; negative for as many as the server allows. */
  readonly limit: number;
  readonly since?: Position;
  readonly reverse: boolean;
}

/** A command; `id` is what its reply carries and is above 0 for all but `send`, `pong`. */
export type Command =
  | { readonly kind: 'connect'; readonly id: number; readonly request: ConnectRequest }
  | { readonly kind: 'subscribe'; readonly id: number; readonly request: SubscribeRequest }
  | { readonly kind: 'unsubscribe'; readonly id: number; readonly channel: string }
  | { readonly kind: 'publish'; readonly id: number; readonly channel: string; readonly data: Payload }
  | { readonly kind: 'presence'; readonly id: number; readonly channel: string }
  | { readonly kind: 'presenceStats'; readonly id: number; readonly channel: string }
  | { readonly kind: 'history'; readonly id: number; readonly request: HistoryRequest }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'rpc'; readonly id: number; readonly method: string; readonly data: Payload | undefined }
  | { readonly kind: 'refresh'; readonly id: number; readonly token: string }
  | { readonly kind: 'subRefresh'; readonly id: number; readonly channel: string; readonly token: string }
  | { readonly kind: 'send'; readonly data: Payload | undefined }
  | { readonly kind: 'pong' }
  /** Understood as a command, but one of its fields is not acceptable: its reply is the error. */
  | InvalidCommand;

export interface InvalidCommand {
  readonly kind: 'invalid';
  readonly id: number;
  /** What it would have been, as the protocol calls it. */
  readonly method: string;
  readonly field: string;
  /** For the log: begins with the field, and has no values in it. */
  readonly why: string;
  readonly error: ErrorReply;
}
