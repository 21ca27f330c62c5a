/** Authentication by JSON Web Tokens that any backend can make with a shared secret. */

import { errors, jwtVerify } from 'jose';
import { disconnectCodes, errorCodes } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Authenticator, AuthOutcome, ConnectAttempt, Identity, SubscriptionIdentity } from './authenticator.js';
import { readConnectionClaims, readSubscriptionClaims } from './claims.js';

export interface JwtOptions {
  /** Shared with the backends that make tokens: at least 32 bytes. Several: all are accepted, for rotation. */
  readonly secret: string | readonly string[];
  /** HMAC algorithm that the tokens must have. Default: `HS256`. */
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512';
  /** What `iss` must be. Default: not checked. */
  readonly issuer?: string;
  /** What `aud` must contain. Default: not checked. */
  readonly audience?: string;
}

export const minSecretBytes = 32;
/** Longer tokens are refused unread. */
const maxTokenLength = 8_192;
const clockToleranceSec = 10;

type Refused = Extract<AuthOutcome<never>, { ok: false }>;

/**
 * Accepts connection tokens with the claims `sub`, `exp`, `expire_at`, `info`, `b64info`, `meta`, `channels`, `subs`, and
 * subscription tokens with `channel` besides. An expired token is answered with error 109, so that the client gets a
 * new one; every other bad one with disconnect 3500.
 *
 * @throws FanfareError `ERR_CONFIG` for a secret that is too short
 */
export function jwt(options: JwtOptions): Authenticator {
  const secrets = typeof options.secret === 'string' ? [options.secret] : options.secret;
  if (secrets.length === 0) throw new FanfareError('ERR_CONFIG', 'jwt: secret is missing');
  const keys = secrets.map((secret) => new TextEncoder().encode(secret));
  if (keys.some((key) => key.length < minSecretBytes)) {
    throw new FanfareError('ERR_CONFIG', `jwt: a secret has at least ${minSecretBytes} bytes`);
  }
  const verifyOptions = {
    algorithms: [options.algorithm ?? 'HS256'],
    clockTolerance: clockToleranceSec,
    ...(options.issuer !== undefined && { issuer: options.issuer }),
    ...(options.audience !== undefined && { audience: options.audience }),
  };

  async function verify(token: string): Promise<unknown> {
    if (token.length > maxTokenLength) throw new errors.JWTInvalid('token is too long');
    let lastError: unknown;
    for (const key of keys) {
      try {
        return (await jwtVerify(token, key, verifyOptions)).payload;
      } catch (error) {
        lastError = error;
        // Only a wrong signature can be right under another key.
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
    throw lastError;
  }

  async function connection(token: string): Promise<AuthOutcome<Identity>> {
    try {
      return { ok: true, identity: readConnectionClaims(await verify(token)) };
    } catch (error) {
      return refusal(error);
    }
  }

  return {
    async connect({ token }: ConnectAttempt): Promise<AuthOutcome<Identity>> {
      return token === undefined ? { ok: false, disconnect: disconnectCodes.invalidToken } : connection(token);
    },
    refresh: connection,
    async subscribe(token, channel, { user, client }): Promise<AuthOutcome<SubscriptionIdentity>> {
      try {
        const claims = readSubscriptionClaims(await verify(token));
        const isForClient = claims.client === undefined ? claims.user === user : claims.client === client;
        if (claims.channel !== channel || !isForClient) return { ok: false, error: errorCodes.permissionDenied };
        return { ok: true, identity: claims.identity };
      } catch (error) {
        const refused = refusal(error);
        return 'error' in refused ? refused : { ok: false, error: errorCodes.permissionDenied };
      }
    },
  };
}

function refusal(error: unknown): Refused {
  if (error instanceof errors.JWTExpired) return { ok: false, error: errorCodes.tokenExpired };
  return { ok: false, disconnect: disconnectCodes.invalidToken };
}
