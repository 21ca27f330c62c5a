/** Replies to commands. */

import type { ErrorReply } from './codes.js';
import type { MapRequest } from './command.js';
import type { DictionaryOffer } from './dictionary.js';
import type { JsonPayload } from './payload.js';
import type { Position } from './position.js';
import type { ClientInfo, Publication } from './publication.js';
import type { RefusalLine } from './refusal-line.js';
import type { StatePage } from './state-page.js';

export interface ConnectResult {
  readonly client: string;
  readonly version: string;
  /** Seconds until the connection expires; absent when it does not. */
  readonly ttlSec?: number;
  readonly data?: JsonPayload;
  readonly subs: ReadonlyMap<string, SubscribeResult>;
  /** 0 when the server sends no pings. */
  readonly pingIntervalSec: number;
  /** Whether the server expects an answer to its pings. */
  readonly pong: boolean;
  readonly session: string;
  readonly node: string;
  /** With which the frames after this reply are compressed. */
  readonly dictionary?: DictionaryOffer | undefined;
}

export interface SubscribeResult {
  /** Seconds until the subscription expires and the client must refresh it; absent when it does not. */
  readonly ttlSec?: number;
  readonly recoverable: boolean;
  readonly positioned: boolean;
  readonly epoch: string;
  /** The top of the stream, or, if `recovered`, the offset that the client sent. */
  readonly offset: number;
  readonly wasRecovering: boolean;
  readonly recovered: boolean;
  readonly publications: readonly Publication[];
  readonly data?: JsonPayload;
  /** Whether publications may come as deltas; the whole ones here begin the chain. */
  readonly delta?: boolean;
  /** Stands for the channel's name in pushes, as long as the subscription lives. */
  readonly channelId?: number;
  /** Most publications per second and key that follow; absent: all. */
  readonly maxRate?: number;
  /** Present if the channel is a map. */
  readonly map?: MapResult;
}

/** The part of a reply about a map. */
export interface MapResult {
  /** What the client is to ask for next; `live`: nothing, it is subscribed. */
  readonly phase: MapRequest['phase'];
  /** For the next page of the state; 0 at its end. */
  readonly cursor: number;
  readonly state: StatePage | undefined;
}

export interface HistoryResult {
  readonly publications: readonly Publication[];
  readonly epoch: string;
  readonly offset: number;
}

/** The outcome of one command, without its id. */
export type ReplyBody =
  /** `why` is for the log and never sent. */
  | { readonly kind: 'error'; readonly error: ErrorReply; readonly why?: string | RefusalLine | undefined }
  | { readonly kind: 'connect'; readonly result: ConnectResult }
  | { readonly kind: 'subscribe'; readonly result: SubscribeResult }
  | { readonly kind: 'unsubscribe' }
  /** `position`: only if the client has asked for it, and the channel has a history. */
  | { readonly kind: 'publish'; readonly position?: Position }
  | { readonly kind: 'presence'; readonly clients: readonly ClientInfo[] }
  | { readonly kind: 'presenceStats'; readonly numClients: number; readonly numUsers: number }
  | { readonly kind: 'history'; readonly result: HistoryResult }
  | { readonly kind: 'ping' }
  | { readonly kind: 'rpc'; readonly data: JsonPayload | undefined }
  | { readonly kind: 'refresh'; readonly client: string; readonly version: string; readonly ttlSec?: number }
  | { readonly kind: 'subRefresh'; readonly ttlSec?: number };
