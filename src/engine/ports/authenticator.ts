/** The port of authentication: who a client is. */

import type { JsonText } from '../../model/json-text.js';
import type { JsonPayload } from '../../model/payload.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Capability } from '../names/capabilities.js';
import type { Handshake } from './connection.js';
import type { Decision } from './decision.js';

/** A grant of a connection or a subscription, by a token, a hook, a function or the server itself. */
export interface Grant {
  /** Unix time in milliseconds; absent: it does not expire. */
  readonly expiresAtMs?: number | undefined;
  /** Shown to other clients. */
  readonly info?: JsonText;
  /** Sent to the client in its `connected` or `subscribed` event. */
  readonly data?: JsonPayload;
  /** For a subscription only. */
  readonly override?: SubscriptionOverride;
  /** Id of the token that contains this grant, by which it can be revoked. */
  readonly tokenId?: string;
  /** Time at which that token was issued, in Unix milliseconds. */
  readonly issuedAtMs?: number;
}

/** An accepted client. `info` is its `connInfo`, and `data` is in its `connected` event. */
export interface Identity extends Grant {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** For the server only: passed to permission functions and procedures. */
  readonly meta?: unknown;
  /** Server-side subscriptions, with the grant for each. */
  readonly subscriptions?: ReadonlyMap<string, Grant>;
  /** Permissions beyond the rules. */
  readonly capabilities?: readonly Capability[];
}

/** Options of a channel's rule that are different for one subscription. */
export interface SubscriptionOverride {
  /** Count it in the channel's presence. */
  readonly presence?: boolean;
  /** Report its join and leave to the others. */
  readonly joinLeave?: boolean;
  /** Send it joins and leaves even if it does not ask for them. */
  readonly pushJoinLeave?: boolean;
  /** `false`: it gets nothing of the history. */
  readonly recovery?: boolean;
}

/** The identity of a client, or the grant of its token. `notes` are for the log and never sent. */
export interface Recognised<Granted extends Grant> {
  readonly identity: Granted;
  readonly notes?: readonly RefusalLine[];
}

/** The contents of a client's first command. */
export interface ConnectAttempt {
  readonly token: string | undefined;
  /** Whether the token may have no user. Default: `false`. */
  readonly allowsNobody?: boolean;
  /** Data from the client; unchecked. */
  readonly data: JsonPayload | undefined;
  readonly handshake: Handshake;
  /** Headers in the client's command, because it cannot set real ones; not trustworthy. */
  readonly standIns: ReadonlyMap<string, string>;
  /** Id of the connection. */
  readonly client: string;
  readonly transport: string;
  /** The client's own name and version, unchecked. */
  readonly name: string;
  readonly version: string;
  /** What the client says that its connection has in common with others, such as a view; unchecked. Absent: nothing. */
  readonly profile?: string | undefined;
}

/** A connected client, for functions of the application and notifications. */
export interface ConnectedClient {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** Id of the connection. */
  readonly client: string;
  /** What authentication attached to the connection, for the server only. */
  readonly meta: unknown;
  /** Name of the transport: `websocket`, … */
  readonly transport: string;
  /** The HTTP request behind the connection. */
  readonly handshake: Handshake;
}

/** Decides about clients. Expected refusals are returned; an exception becomes error 100 and a log line. */
export interface Authenticator {
  /** Whether it reads headers, such as cookies. Then a request with cookies needs an `Origin`. */
  readonly readsHeaders?: boolean;
  /** Who a client is, by its first command. */
  connect(attempt: ConnectAttempt): Promise<Decision<Recognised<Identity>>>;
  /** A new token of a connected client. Absent: connections cannot be refreshed by their clients. */
  refresh?(token: string): Promise<Decision<Recognised<Identity>>>;
  /** A connection without a token has expired: may it stay open? Absent: it is closed. */
  renew?(client: ConnectedClient): Promise<Decision<Recognised<Identity>>>;
  /** A token for one channel, made for this client. Absent: subscription tokens are not accepted. */
  subscribe?(
    token: string,
    channel: string,
    client: { readonly user: string; readonly client: string },
  ): Promise<Decision<Recognised<Grant>>>;
}

/** An authenticator's abilities besides `connect`, for one that wraps it. */
export function abilitiesOf(auth: Authenticator): Omit<Authenticator, 'connect'> {
  const { readsHeaders, refresh, renew, subscribe } = auth;
  return {
    ...(readsHeaders !== undefined && { readsHeaders }),
    // Bound, since an authenticator may be an instance of a class.
    ...(refresh && { refresh: refresh.bind(auth) }),
    ...(renew && { renew: renew.bind(auth) }),
    ...(subscribe && { subscribe: subscribe.bind(auth) }),
  };
}
