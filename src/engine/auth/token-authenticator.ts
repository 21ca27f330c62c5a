/** Authentication by JSON Web Tokens: verifies them, reads their claims, and says no with the right code. */

import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { disconnectCodes, errorCodes } from '../../model/codes.js';
import type { Authenticator, AuthOutcome, Identity, SubscriptionIdentity } from './authenticator.js';
import { readConnectionClaims, readSubscriptionClaims } from './claims.js';
import type { TokenHeader, TokenIssuer } from './token-keys.js';

/** Longer tokens are refused unread. */
const maxTokenLength = 8_192;
/** How far clocks may be apart. */
const clockToleranceSec = 10;

type Refused = Extract<AuthOutcome<never>, { ok: false }>;

/**
 * An expired token is answered with error 109, so that the client gets a new one; a key server that cannot be reached
 * with error 100, so that it tries again; every other bad token with disconnect 3500.
 */
export function tokenAuthenticator(issuers: readonly TokenIssuer[]): Authenticator {
  return {
    async connect({ token }) {
      return token === undefined ? { ok: false, disconnect: disconnectCodes.invalidToken } : connection(issuers, token);
    },
    refresh: (token) => connection(issuers, token),
    subscribe: (token, channel, client) => subscription(issuers, token, channel, client),
  };
}

async function connection(issuers: readonly TokenIssuer[], token: string): Promise<AuthOutcome<Identity>> {
  try {
    return { ok: true, identity: readConnectionClaims(await verify(issuers, token)) };
  } catch (error) {
    return refusal(error);
  }
}

async function subscription(
  issuers: readonly TokenIssuer[],
  token: string,
  channel: string,
  { user, client }: { readonly user: string; readonly client: string },
): Promise<AuthOutcome<SubscriptionIdentity>> {
  try {
    const claims = readSubscriptionClaims(await verify(issuers, token));
    const isForClient = claims.client === undefined ? claims.user === user : claims.client === client;
    if (claims.channel === channel && isForClient) return { ok: true, identity: claims.identity };
  } catch (error) {
    const refused = refusal(error);
    if ('error' in refused) return refused;
  }
  return { ok: false, error: errorCodes.permissionDenied };
}

/** The claims of a token that one of the issuers has signed. */
async function verify(issuers: readonly TokenIssuer[], token: string): Promise<unknown> {
  if (token.length > maxTokenLength) throw new errors.JWTInvalid('token is too long');
  const header: TokenHeader = decodeProtectedHeader(token);
  // Not verified yet: it only selects among issuers that are known, and the verification below checks it.
  const { iss } = decodeJwt(token);
  let lastError: unknown = new errors.JWSSignatureVerificationFailed();
  for (const { issuer, audience, keys } of issuers) {
    if (issuer !== undefined && issuer !== iss) continue;
    const options = {
      algorithms: header.alg === undefined ? [] : [header.alg],
      clockTolerance: clockToleranceSec,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
    for (const key of await keys.find(header)) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (error) {
        lastError = error;
        // Only a wrong signature can be right under another key.
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
  }
  throw lastError;
}

/** The keys could not be asked for; nothing is known about the token. */
export class KeysUnavailable extends Error {}

function refusal(error: unknown): Refused {
  if (error instanceof errors.JWTExpired) return { ok: false, error: errorCodes.tokenExpired };
  if (error instanceof KeysUnavailable) return { ok: false, error: errorCodes.internal };
  return { ok: false, disconnect: disconnectCodes.invalidToken };
}
