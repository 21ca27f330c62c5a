/** Authentication by JSON Web Tokens: verifies them, reads their claims, and says no with the right code. */

import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { disconnectCodes, errorCodes } from '../../model/codes.js';
import type { Clock } from '../clock.js';
import type { Authenticator, AuthOutcome, Identity, SubscriptionIdentity } from './authenticator.js';
import { readConnectionClaims, readSubscriptionClaims } from './claims.js';
import type { TokenHeader, TokenIssuer, VerificationKey } from './token-keys.js';

/** Longer tokens are refused unread. */
const maxTokenLength = 8_192;
/** How far clocks may be apart. */
const clockToleranceSec = 10;

type Refused = Extract<AuthOutcome<never>, { ok: false }>;

/**
 * An expired token is answered with error 109, so that the client gets a new one; a key server that cannot be reached
 * with error 100, so that it tries again; every other bad token with disconnect 3500.
 */
export function tokenAuthenticator(issuers: readonly TokenIssuer[], clock: Pick<Clock, 'wallMs'>): Authenticator {
  const verifier = new Verifier(issuers, clock);
  return {
    async connect({ token }) {
      return token === undefined
        ? { ok: false, disconnect: disconnectCodes.invalidToken }
        : connection(verifier, token);
    },
    refresh: (token) => connection(verifier, token),
    subscribe: (token, channel, client) => subscription(verifier, token, channel, client),
  };
}

async function connection(verifier: Verifier, token: string): Promise<AuthOutcome<Identity>> {
  try {
    return { ok: true, identity: readConnectionClaims(await verifier.verify(token)) };
  } catch (error) {
    return refusal(error);
  }
}

async function subscription(
  verifier: Verifier,
  token: string,
  channel: string,
  { user, client }: { readonly user: string; readonly client: string },
): Promise<AuthOutcome<SubscriptionIdentity>> {
  try {
    const claims = readSubscriptionClaims(await verifier.verify(token));
    const isForClient = claims.client === undefined ? claims.user === user : claims.client === client;
    if (claims.channel === channel && isForClient) return { ok: true, identity: claims.identity };
  } catch (error) {
    const refused = refusal(error);
    if ('error' in refused) return refused;
  }
  return { ok: false, error: errorCodes.permissionDenied };
}

/** Finds out which of the issuers has signed a token, if one has. */
class Verifier {
  constructor(
    private readonly issuers: readonly TokenIssuer[],
    private readonly clock: Pick<Clock, 'wallMs'>,
  ) {}

  /** The claims. Throws for every reason not to believe them. */
  async verify(token: string): Promise<unknown> {
    if (token.length > maxTokenLength) throw new errors.JWTInvalid('token is too long');
    const header: TokenHeader = decodeProtectedHeader(token);
    // Not verified yet: it only selects among issuers that are known, and the verification below checks it.
    const { iss } = decodeJwt(token);
    let unavailable: KeysUnavailable | undefined;
    for (const issuer of this.issuers) {
      if (issuer.issuer !== undefined && issuer.issuer !== iss) continue;
      try {
        for (const key of await issuer.keys.find(header)) {
          const payload = await this.#verifyWith(token, key, header, issuer);
          if (payload !== undefined) return payload;
        }
      } catch (error) {
        // Another origin may have the key; only when none has, this one's silence counts.
        if (!(error instanceof KeysUnavailable)) throw error;
        unavailable = error;
      }
    }
    throw unavailable ?? new errors.JWSSignatureVerificationFailed();
  }

  /** `undefined` when the signature is wrong, which may be right under another key. Throws for all that stays wrong. */
  async #verifyWith(token: string, key: VerificationKey, header: TokenHeader, { issuer, audience }: TokenIssuer) {
    const nowMs = this.clock.wallMs();
    const verified = await jwtVerify(token, key, {
      algorithms: header.alg === undefined ? [] : [header.alg],
      clockTolerance: clockToleranceSec,
      currentDate: new Date(nowMs),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    }).catch((error: unknown) => {
      if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
      throw error;
    });
    if (verified === undefined) return undefined;
    const { payload } = verified;
    // The tolerance is for what begins. What has ended would let a client in only to close it.
    if (payload.exp !== undefined && payload.exp * 1_000 <= nowMs) {
      throw new errors.JWTExpired('token has expired', payload, 'exp', 'check_failed');
    }
    return payload;
  }
}

/** The keys could not be asked for; nothing is known about the token. */
export class KeysUnavailable extends Error {}

function refusal(error: unknown): Refused {
  if (error instanceof errors.JWTExpired) return { ok: false, error: errorCodes.tokenExpired };
  if (error instanceof KeysUnavailable) return { ok: false, error: errorCodes.internal };
  return { ok: false, disconnect: disconnectCodes.invalidToken };
}
