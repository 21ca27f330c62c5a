/** Who a client is: the port through which authentication answers the engine. */

import type { JsonText } from '../../model/json-text.js';
import type { Payload } from '../../model/payload.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Capability } from '../names/capabilities.js';
import type { Handshake } from './connection.js';
import type { Decision } from './decision.js';

/** What a token, a hook, a function of the application or the server itself grants: a connection or a subscription. */
export interface Grant {
  /** Unix time in milliseconds; absent: it does not expire. */
  readonly expiresAtMs?: number | undefined;
  /** Shown to other clients. */
  readonly info?: JsonText;
  /** Handed to the client in the event that says that it is connected, or subscribed. */
  readonly data?: Payload;
  /** Of a subscription. */
  readonly override?: SubscriptionOverride;
  /** Id of the token that said all this, by which it can be revoked. */
  readonly tokenId?: string;
  /** When that token was made, in Unix milliseconds. */
  readonly issuedAtMs?: number;
}

/** A client that was let in. `info` is its `connInfo`, and `data` stands in its `connected` event. */
export interface Identity extends Grant {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** For the server's eyes: given to permission functions and procedures. */
  readonly meta?: unknown;
  /** Channels that the client is subscribed to without asking, with the grant for each. */
  readonly subscriptions?: ReadonlyMap<string, Grant>;
  /** What the client may do beyond the rules. */
  readonly capabilities?: readonly Capability[];
}

/** Options of a channel's rule that are different for one subscription. */
export interface SubscriptionOverride {
  /** Count it in the channel's presence. */
  readonly presence?: boolean;
  /** Tell others when it comes and goes. */
  readonly joinLeave?: boolean;
  /** Tell it who comes and goes, whether it asks or not. */
  readonly pushJoinLeave?: boolean;
  /** `false`: it gets nothing of the history. */
  readonly recovery?: boolean;
}

/** Whom a client has turned out to be, or what its token grants. `notes` are for the log, and never sent. */
export interface Recognised<Granted extends Grant> {
  readonly identity: Granted;
  readonly notes?: readonly RefusalLine[];
}

/** What a client brings to its first command. */
export interface ConnectAttempt {
  readonly token: string | undefined;
  /** A token may be nobody's. Default: `false`. */
  readonly allowsNobody?: boolean;
  /** What the application's client sent along; outside data. */
  readonly data: Payload | undefined;
  readonly handshake: Handshake;
  /** Headers that the client claims in its command because it cannot set real ones: its word and nobody else's. */
  readonly standIns: ReadonlyMap<string, string>;
  /** Id of the connection. */
  readonly client: string;
  readonly transport: string;
  /** The client's own name and version, unchecked. */
  readonly name: string;
  readonly version: string;
}

/** A connected client, as functions of the application and notifications know it. */
export interface ConnectedClient {
  /** Empty for an anonymous connection. */
  readonly user: string;
  readonly client: string;
  readonly meta: unknown;
  /** Name of the transport: `websocket`, … */
  readonly transport: string;
  readonly handshake: Handshake;
}

/** Decides about clients. Expected refusals are returned; what is thrown becomes error 100 and a log line. */
export interface Authenticator {
  /** Decides by headers, cookies for instance. Then a request with cookies has to say which page it comes from. */
  readonly readsHeaders?: boolean;
  connect(attempt: ConnectAttempt): Promise<Decision<Recognised<Identity>>>;
  /** A new token of a connected client. Absent: connections cannot be refreshed by their clients. */
  refresh?(token: string): Promise<Decision<Recognised<Identity>>>;
  /** A connection without a token has expired: may it stay? Absent: it is closed. */
  renew?(client: ConnectedClient): Promise<Decision<Recognised<Identity>>>;
  /** A token for one channel, made for this client. Absent: subscription tokens are not accepted. */
  subscribe?(
    token: string,
    channel: string,
    client: { readonly user: string; readonly client: string },
  ): Promise<Decision<Recognised<Grant>>>;
}

/** What an authenticator does beside `connect`, for one that is put in front of it. */
export function abilitiesOf(auth: Authenticator): Omit<Authenticator, 'connect'> {
  const { readsHeaders, refresh, renew, subscribe } = auth;
  return {
    ...(readsHeaders !== undefined && { readsHeaders }),
    // Bound: an authenticator may be an object of a class.
    ...(refresh && { refresh: refresh.bind(auth) }),
    ...(renew && { renew: renew.bind(auth) }),
    ...(subscribe && { subscribe: subscribe.bind(auth) }),
  };
}
