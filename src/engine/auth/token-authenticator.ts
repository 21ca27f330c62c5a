/** Authentication by JSON Web Tokens: verifies them, reads their claims, and refuses with the right code. */

import { disconnectCodes, errorCodes } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Authenticator, Grant, Identity, Recognised } from '../ports/authenticator.js';
import type { Clock } from '../ports/clock.js';
import { type Decision, type Denied, refuse } from '../ports/decision.js';
import { claimsOf, readConnectionClaims, readSubscriptionClaims } from './claims.js';
import { cite, TokenFault } from './token-fault.js';
import type { TokenIssuer } from './token-keys.js';
import { looksLikeMs, TokenVerifier } from './token-verifier.js';

/**
 * An expired token, and one that is not valid yet, is answered with error 109, so that the client gets a new one; a key
 * server that cannot be reached with error 100, so that it tries again; every other bad token with disconnect 3500.
 */
export function tokenAuthenticator(issuers: readonly TokenIssuer[], clock: Pick<Clock, 'wallMs'>): Authenticator {
  return authenticateWith(new TokenVerifier(issuers, clock));
}

export function authenticateWith(verifier: TokenVerifier): Authenticator {
  return {
    async connect({ token, allowsNobody = false }) {
      if (token === undefined) return { ok: false, disconnect: disconnectCodes.invalidToken, why: noToken };
      const outcome = await connection(verifier, token);
      return outcome.ok && outcome.identity.user === '' && !allowsNobody ? refusal(nobody()) : outcome;
    },
    refresh: (token) => connection(verifier, token),
    subscribe: (token, channel, client) => subscription(verifier, token, channel, client),
  };
}

const noToken: RefusalLine = {
  check: 'token',
  fields: { option: 'anonymous' },
  message: 'connect refused: it has no token, and neither anonymous nor hooks.connect lets clients in without',
};

/** The token has no user: in most cases the lookup of whoever issued it has found nobody. */
export function nobody(): TokenFault {
  return new TokenFault('claim', 'sub is missing or empty, and anonymous is off', {
    claim: 'sub',
    option: 'anonymous',
  });
}

async function connection(verifier: TokenVerifier, token: string): Promise<Decision<Recognised<Identity>>> {
  try {
    const payload = await verifier.verify(token);
    return { ok: true, identity: readConnectionClaims(claimsOf(token)), ...notesOn(payload) };
  } catch (error) {
    return refusal(error);
  }
}

async function subscription(
  verifier: TokenVerifier,
  token: string,
  channel: string,
  { user, client }: { readonly user: string; readonly client: string },
): Promise<Decision<Recognised<Grant>>> {
  try {
    const payload = await verifier.verify(token);
    const claims = readSubscriptionClaims(claimsOf(token));
    if (claims.channel !== channel) {
      const message = `channel is ${cite(claims.channel)}, and the client subscribes to ${cite(channel)}`;
      throw new TokenFault('claim', message, { claim: 'channel' });
    }
    if (claims.client !== undefined && claims.client !== client) {
      throw new TokenFault('claim', 'client is another connection', { verdict: 'outlived', claim: 'client' });
    }
    if (claims.client === undefined && claims.user !== user) {
      const isOfNobody = claims.user === '';
      const whose = isOfNobody ? 'missing or empty' : 'another user';
      throw new TokenFault('claim', `sub is ${whose}, and not that of the connection`, {
        claim: 'sub',
        ...(!isOfNobody && { verdict: 'outlived' }),
      });
    }
    return { ok: true, identity: claims.identity, ...notesOn(payload) };
  } catch (error) {
    const refused = refusal(error);
    if ('error' in refused) return refused;
    return refuse(errorCodes.permissionDenied, refused.why);
  }
}

/** Claims that are accepted although their maker can hardly have meant them. */
export function oddities(payload: Readonly<Record<string, unknown>>): RefusalLine[] {
  return ['exp', 'expire_at', 'iat'].flatMap((claim) => {
    const value = payload[claim];
    if (typeof value !== 'number' || !looksLikeMs(value)) return [];
    const effect = claim === 'iat' ? 'it can hardly be revoked by its time' : 'it never expires';
    const message = `token accepted, but ${claim} is ${cite(value)}: milliseconds, it seems, where seconds are due; ${effect}`;
    return [{ check: 'token date', key: claim, fields: { claim }, message }];
  });
}

function notesOn(payload: Parameters<typeof oddities>[0]): { readonly notes?: readonly RefusalLine[] } {
  const notes = oddities(payload);
  return notes.length === 0 ? {} : { notes };
}

function refusal(error: unknown): Denied {
  if (!(error instanceof TokenFault)) throw error;
  const why = error.line();
  switch (error.verdict) {
    case 'expired':
    case 'early':
    case 'outlived':
      return refuse(errorCodes.tokenExpired, why);
    case 'unavailable':
      return refuse(errorCodes.internal, why);
    case 'invalid':
      return { ok: false, disconnect: disconnectCodes.invalidToken, why };
  }
}
