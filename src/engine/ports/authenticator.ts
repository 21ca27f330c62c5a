/** Who a client is: the port through which authentication answers the engine. */

import type { Disconnect, ErrorReply } from '../../model/codes.js';
import type { JsonText } from '../../model/json-text.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Capability } from '../names/capabilities.js';
import type { Handshake } from './connection.js';

/** A client that was let in. */
export interface Identity {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** Unix time in milliseconds; absent: the connection does not expire. */
  readonly expiresAtMs?: number;
  /** Shown to other clients as `connInfo`. */
  readonly info?: JsonText;
  /** For the server's eyes: given to permission functions and procedures. */
  readonly meta?: unknown;
  /** Handed to the client in its `connected` event. */
  readonly data?: JsonText;
  /** Channels that the client is subscribed to without asking, with what goes for each. */
  readonly subscriptions?: ReadonlyMap<string, SubscriptionIdentity>;
  /** What the client may do beyond the rules. */
  readonly capabilities?: readonly Capability[];
  /** Id of the token that said all this, by which it can be revoked. */
  readonly tokenId?: string;
  /** When that token was made, in Unix milliseconds. */
  readonly issuedAtMs?: number;
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

/** What a subscription token or a subscribe function grants. */
export interface SubscriptionIdentity {
  /** Id of the token that granted it, by which it can be revoked. */
  readonly tokenId?: string;
  /** When that token was made, in Unix milliseconds. */
  readonly issuedAtMs?: number;
  readonly info?: JsonText;
  readonly data?: JsonText;
  /** Unix time in milliseconds; absent: the subscription does not expire. */
  readonly expiresAtMs?: number | undefined;
  readonly override?: SubscriptionOverride;
}

/**
 * Yes with the facts; no with a code: an error lets the client try a new token, a disconnect sends it away. `why` and
 * `notes` are for the log, and never sent.
 */
export type AuthOutcome<T> =
  | { readonly ok: true; readonly identity: T; readonly notes?: readonly RefusalLine[] }
  | { readonly ok: false; readonly error: ErrorReply; readonly why?: RefusalLine }
  | { readonly ok: false; readonly disconnect: Disconnect; readonly why?: RefusalLine };

/** What a client brings to its first command. */
export interface ConnectAttempt {
  readonly token: string | undefined;
  /** A token may be nobody's. Default: `false`. */
  readonly allowsNobody?: boolean;
  /** What the application's client sent along; outside data. */
  readonly data: JsonText | undefined;
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
  connect(attempt: ConnectAttempt): Promise<AuthOutcome<Identity>>;
  /** A new token of a connected client. Absent: connections cannot be refreshed by their clients. */
  refresh?(token: string): Promise<AuthOutcome<Identity>>;
  /** A connection without a token has expired: may it stay? Absent: it is closed. */
  renew?(client: ConnectedClient): Promise<AuthOutcome<Identity>>;
  /** A token for one channel, made for this client. Absent: subscription tokens are not accepted. */
  subscribe?(
    token: string,
    channel: string,
    client: { readonly user: string; readonly client: string },
  ): Promise<AuthOutcome<SubscriptionIdentity>>;
}
