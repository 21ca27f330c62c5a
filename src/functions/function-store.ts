/** What functions need of a store: everything that a server would have in its memory. */

import type { Revocation } from '../engine/auth/revocations.js';
import type { Broker } from '../engine/ports/broker.js';

/** One way of finding connections. */
export type IndexKind = 'channel' | 'user' | 'token';

/** What a visit brings along, so that it is refused without reading anything. */
export interface VisitRequest {
  /** Names the lease; nobody else has the same. */
  readonly lease: string;
  readonly leaseMs: number;
  /** The event that it handles, which may be delivered several times. Absent: it handles none. */
  readonly event?: ClientEvent | undefined;
}

/** A frame of a client. */
export interface ClientEvent {
  /** The same each time that the event is delivered. */
  readonly id: string;
  /** The lowest and the highest id of the frame's commands; 0: they have none. */
  readonly firstCommand: number;
  readonly lastCommand: number;
  /** Whether to wait for the commands in between if earlier ones are missing. */
  readonly isPatient: boolean;
}

export type Taken =
  /** The connection has ended, or was never there. */
  | { readonly kind: 'absent' }
  /** Somebody else visits it. The newest command that has arrived is `lastCommand`; 0: none. */
  | { readonly kind: 'busy'; readonly lastCommand: number }
  /** The event has been taken before. */
  | { readonly kind: 'repeated' }
  /** Commands before those of the event have not arrived: the newest that has is `lastCommand`. */
  | { readonly kind: 'early'; readonly lastCommand: number }
  /**
   * The lease is the caller's, and the event counts as handled whatever becomes of it: no command runs twice.
   * `isSuspect`: whoever had the lease before has neither written nor given it back, so nobody knows what it has sent;
   * `intended` are the channels that it was about to subscribe the connection to.
   */
  | {
      readonly kind: 'taken';
      readonly state: string;
      readonly isSuspect: boolean;
      readonly intended: readonly string[];
    };

/**
 * The connections of all functions, each with a state and a lease. Methods reject with a FanfareError `ERR_BROKER`; then
 * they may or may not have had an effect.
 */
export interface ConnectionStore {
  /** No effect if it is there. @param dueAtMs when the sweep has to look at it, in Unix milliseconds */
  add(id: string, state: string, dueAtMs: number): Promise<void>;
  /** Takes the lease, in one atomic step with what {@link Taken} says. */
  take(id: string, request: VisitRequest): Promise<Taken>;
  /** Prolongs the lease. False if it is somebody else's by now. */
  hold(id: string, lease: string, leaseMs: number): Promise<boolean>;
  /** Notes what is about to be done for the connection, for whoever has the lease next, until {@link leave}. */
  intend(id: string, lease: string, channel: string): Promise<void>;
  /** Writes and gives the lease back, in one atomic step. False, and nothing is written, if it is somebody else's. */
  leave(id: string, lease: string, state: string, dueAtMs: number): Promise<boolean>;
  /** Removes the connection, if the lease is the caller's; otherwise false. */
  remove(id: string, lease: string): Promise<boolean>;
  /** Those whose time has come, the earliest first. */
  due(nowMs: number, limit: number): Promise<readonly string[]>;
  /** There is nothing to look at any more: the connection is not there. */
  notDue(id: string): Promise<void>;
}

/** The order in which visits of one connection deliver what is in no stream. */
export interface DeliveryOrder {
  /** A place behind those of earlier visits. To be called under the lease. */
  place(id: string): Promise<number>;
  /** Whether all before it have delivered. */
  isNext(id: string, place: number): Promise<boolean>;
  delivered(id: string, place: number): Promise<void>;
}

/** Which connections belong to a name. */
export interface ConnectionIndex {
  /** Once resolved, every later {@link members} has it. Idempotent, as {@link remove} is. */
  add(kind: IndexKind, name: string, id: string): Promise<void>;
  remove(kind: IndexKind, name: string, id: string): Promise<void>;
  members(kind: IndexKind, name: string): Promise<readonly string[]>;
}

/** Marks, without spaces, of publications that are stored, and perhaps not delivered: a function that has died leaves its mark. */
export interface LateChannels {
  /** Before the publication is stored. */
  mark(channel: string, mark: string, nowMs: number): Promise<void>;
  unmark(channel: string, mark: string): Promise<void>;
  /** Marks from before that time, the oldest first. */
  before(atMs: number, limit: number): Promise<readonly { readonly channel: string; readonly mark: string }[]>;
}

/** Revocations that stand. */
export interface RevocationStore {
  add(revocation: Revocation): Promise<void>;
  unblock(user: string, atMs: number): Promise<void>;
  all(): Promise<{
    readonly revoked: readonly Revocation[];
    readonly unblocked: readonly { readonly user: string; readonly atMs: number }[];
  }>;
}

/** What the functions of an application share, made by `dynamoDbStore` or `redisStore`. */
export interface FunctionStore {
  /** Keeps history and presence. What it delivers to nodes is not used. */
  readonly broker: Broker;
  /** What is known of each connection. */
  readonly connections: ConnectionStore;
  /** The order in which publications are delivered. */
  readonly order: DeliveryOrder;
  /** Connections by user and by channel. */
  readonly index: ConnectionIndex;
  /** Channels whose delivery was interrupted. */
  readonly late: LateChannels;
  /** Users and tokens that are refused. */
  readonly revocations: RevocationStore;
}
