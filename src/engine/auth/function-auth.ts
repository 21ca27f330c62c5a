/** Authentication by a function of the application. */

import { disconnectCodes } from '../../model/codes.js';
import { payloadValue } from '../../model/payload.js';
import type { Denial } from '../channels/channel-options.js';
import { grantOf } from '../channels/grant.js';
import { denialOf, isDenying } from '../channels/permissions.js';
import type { Authenticator, Identity } from '../ports/authenticator.js';

/** The argument of an {@link AuthFunction}. */
export interface AuthRequest {
  /** The token that the client sent, unread; `undefined` without one. */
  readonly token: string | undefined;
  /** Data from the client; unchecked. */
  readonly data: unknown;
  /** Headers of the HTTP request behind the connection, cookies among them; lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** Headers in the client's command, because it cannot set real ones; as trustworthy as `data`. */
  readonly standIns: ReadonlyMap<string, string>;
  /** Path and query of the request behind the connection. */
  readonly url: string;
  /** Address of the client, behind trusted proxies the one that they give. */
  readonly remoteAddress: string;
  /** What the client says that its connection has in common with others, such as a view; as trustworthy as `data`. */
  readonly profile: string | undefined;
}

/** Who it is, in the application's own types. */
export interface AuthGrant {
  /** Id of the user; `null` for an anonymous connection. Left out, or `undefined`: refused with 3500. */
  readonly user: string | null;
  /** Unix time in seconds. The connection is closed then; its client reconnects, and the function is called again. */
  readonly expiresAt?: number;
  /** Shown to other clients as `connInfo`. */
  readonly info?: unknown;
  /** For the server only: passed to permission functions and procedures. */
  readonly meta?: unknown;
  /** Sent to the client in its `connected` event. */
  readonly data?: unknown;
  /** Channels that the server subscribes the client to. */
  readonly channels?: readonly string[];
}

/** Identifies a client; `null` refuses it with 3500, a {@link Denial} with the application's own code. */
export type AuthFunction = (request: AuthRequest) => AuthAnswer | Promise<AuthAnswer>;

/** What an {@link AuthFunction} may answer. */
type AuthAnswer = AuthGrant | Denial | null;

export function authenticateBy(decide: AuthFunction): Authenticator {
  return {
    readsHeaders: true,
    async connect({ token, data, handshake, standIns, profile }) {
      const { headers, url, remoteAddress } = handshake;
      const answer = await decide({
        token,
        data: data === undefined ? undefined : payloadValue(data),
        headers,
        standIns,
        url,
        remoteAddress,
        profile,
      });
      if (answer === null || typeof answer !== 'object') return refused;
      if (isDenying(answer)) return denialOf(answer) ?? refused;
      // safe: no denial, so it is the grant
      const grant = answer as AuthGrant;
      // An anonymous user is `null`. `undefined` probably comes from a lookup that found nobody.
      if (grant.user === undefined) return refused;
      return { ok: true, identity: identityOf(grant) };
    },
  };
}

const refused = {
  ok: false,
  disconnect: disconnectCodes.invalidToken,
  why: {
    check: 'auth function',
    fields: { option: 'auth' },
    message: 'connect refused: the function auth has answered null, or without a user',
    level: 'info',
  },
} as const;

/** @throws TypeError for a user that is not a string: 42 and '42' would be two users */
function identityOf(grant: AuthGrant): Identity {
  if (grant.user !== null && typeof grant.user !== 'string') throw new TypeError('auth: the user is a text, or null');
  return {
    user: grant.user ?? '',
    ...grantOf(grant),
    ...(grant.meta !== undefined && { meta: grant.meta }),
    ...(grant.channels !== undefined && { subscriptions: new Map(grant.channels.map((channel) => [channel, {}])) }),
  };
}
