/** What happened to a fleet, as its clients and its publishers saw it: the record that the checker judges. */

import type { Position } from '../../src/model/position.js';

/** What a fault may do; the checker excuses nothing else. */
export interface FaultEffects {
  /** These nodes are killed: their clients have to be elsewhere soon. */
  readonly kills?: readonly string[];
  /** These nodes do nothing at all meanwhile: nobody hears from them. */
  readonly silences?: readonly string[];
  /** What is published does not reach these nodes, or nothing can be published from them: they are not ready. */
  readonly cuts?: readonly string[];
  /** Nothing can be acknowledged by anybody. */
  readonly stopsBroker?: boolean;
  /** The broker may have lost `some` publications, or has lost `all`: every stream may get another epoch. */
  readonly losesHistory?: 'some' | 'all';
  /** The broker may have lost who is present. */
  readonly losesPresence?: boolean;
  /** Presence is asked of the nodes, and some may not answer. */
  readonly hidesPresence?: boolean;
  /** The machine had no time for anybody: what a node has not heard within its limits may be under way. */
  readonly starves?: boolean;
}

/** Publishing one value. A value is sent once, though perhaps in several attempts with one idempotency key. */
export type PublishEvent =
  | { readonly kind: 'publish-invoked'; readonly channel: string; readonly value: string }
  | {
      readonly kind: 'publish-ok';
      readonly channel: string;
      readonly value: string;
      /** Absent for a channel without history. */
      readonly position?: Position;
    }
  /** An error came back. */
  | { readonly kind: 'publish-failed'; readonly channel: string; readonly value: string; readonly code: number }
  /** Nothing came back. */
  | { readonly kind: 'publish-unknown'; readonly channel: string; readonly value: string };

/** What a subscriber was told. `subscriber` is a client for as long as it lives, over all its connections. */
export type SubscriberEvent =
  | {
      readonly kind: 'subscribed';
      readonly channel: string;
      readonly subscriber: string;
      /** Its connection, as presence names it. */
      readonly connection: string;
      /** Absent for a channel without history. */
      readonly position?: Position;
      readonly wasRecovering: boolean;
      readonly recovered: boolean;
    }
  | {
      readonly kind: 'delivered';
      readonly channel: string;
      readonly subscriber: string;
      readonly value: string;
      readonly position?: Position;
    }
  /** Not subscribed for now, and told so: 2500, or its connection is gone. */
  | { readonly kind: 'subscribing'; readonly channel: string; readonly subscriber: string; readonly code: number }
  /** It does not want the channel any more. */
  | { readonly kind: 'unsubscribed'; readonly channel: string; readonly subscriber: string; readonly code: number };

/** Clients and their connections. */
export type ConnectionEvent =
  | { readonly kind: 'connected'; readonly subscriber: string; readonly connection: string; readonly node: string }
  /** The connection is gone; the client makes another unless `isFinal`. */
  | { readonly kind: 'disconnected'; readonly subscriber: string; readonly code: number; readonly isFinal: boolean }
  /** The fleet has acknowledged the order to disconnect the client. */
  | { readonly kind: 'disconnect-ordered'; readonly subscriber: string; readonly connection: string }
  /** No node has the connection any more, whatever its client knows. */
  | { readonly kind: 'connection-ended'; readonly subscriber: string; readonly connection: string };

/** What somebody saw who asked. */
export type ViewEvent =
  | {
      readonly kind: 'presence-view';
      readonly channel: string;
      readonly node: string;
      readonly connections: readonly string[];
      /** Connections that some node holds in the channel at that moment, whatever their clients know. Absent: nobody can tell. */
      readonly held?: ReadonlySet<string>;
    }
  /** Everything that a channel's history holds. */
  | {
      readonly kind: 'history-view';
      readonly channel: string;
      readonly top: Position;
      readonly publications: readonly { readonly offset: number; readonly value: string }[];
    }
  /** `isLive` is false also when nobody answered. */
  | { readonly kind: 'health-view'; readonly node: string; readonly isReady: boolean; readonly isLive: boolean };

export type FaultEvent =
  | {
      readonly kind: 'fault-began';
      readonly fault: string;
      /** For people: `F1 kill -9 of node 2`. */
      readonly name: string;
      readonly effects: FaultEffects;
    }
  | { readonly kind: 'fault-ended'; readonly fault: string };

export type Happening = PublishEvent | SubscriberEvent | ConnectionEvent | ViewEvent | FaultEvent;

/** By one monotonic clock. Events come in its order. */
export type HistoryEvent = Happening & { readonly atMs: number };

/** What is wrong with a history. */
export interface Violation {
  /** The guarantee, or the fault whose limit was not kept. */
  readonly line: 'G1' | 'G2' | 'G3' | 'G4' | 'G5' | 'G6' | 'G7' | 'G8' | 'G9' | 'G10' | 'F1';
  readonly atMs: number;
  /** For people. */
  readonly text: string;
}
