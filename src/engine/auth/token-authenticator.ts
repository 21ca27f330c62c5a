/** Authentication by JSON Web Tokens: verifies them, reads their claims, and refuses with the right code. */

import { disconnectCodes, errorCodes } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Authenticator, Grant, Identity, Recognised } from '../ports/authenticator.js';
import type { Clock } from '../ports/clock.js';
import { type Decision, type Denied, refuse } from '../ports/decision.js';
import { readConnectionClaims, readSubscriptionClaims, type SubscriptionClaims } from './claims.js';
import { cite, TokenFault } from './token-fault.js';
import type { TokenIssuer } from './token-keys.js';
import { TokenVerifier } from './token-verifier.js';

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
  const payload = await verifier.verify(token);
  if (payload instanceof TokenFault) return refusal(payload);
  const identity = readConnectionClaims(payload);
  return identity instanceof TokenFault ? refusal(identity) : { ok: true, identity, ...verifier.notesOn(payload) };
}

async function subscription(
  verifier: TokenVerifier,
  token: string,
  channel: string,
  { user, client }: { readonly user: string; readonly client: string },
): Promise<Decision<Recognised<Grant>>> {
  const payload = await verifier.verify(token);
  if (payload instanceof TokenFault) return subscriptionRefusal(payload);
  const claims = readSubscriptionClaims(payload);
  if (claims instanceof TokenFault) return subscriptionRefusal(claims);
  const fault = findStranger(claims, channel, { user, client });
  if (fault !== undefined) return subscriptionRefusal(fault);
  return { ok: true, identity: claims.identity, ...verifier.notesOn(payload) };
}

/** Why the token is for another channel, connection or user. */
function findStranger(
  claims: SubscriptionClaims,
  channel: string,
  { user, client }: { readonly user: string; readonly client: string },
): TokenFault | undefined {
  if (claims.channel !== channel) {
    const message = `channel is ${cite(claims.channel)}, and the client subscribes to ${cite(channel)}`;
    return new TokenFault('claim', message, { claim: 'channel' });
  }
  if (claims.client !== undefined && claims.client !== client) {
    return new TokenFault('claim', 'client is another connection', { verdict: 'outlived', claim: 'client' });
  }
  if (claims.client !== undefined || claims.user === user) return undefined;
  const isOfNobody = claims.user === '';
  const whose = isOfNobody ? 'missing or empty' : 'another user';
  return new TokenFault('claim', `sub is ${whose}, and not that of the connection`, {
    claim: 'sub',
    ...(!isOfNobody && { verdict: 'outlived' }),
  });
}

/** A bad token for one channel does not end the connection. */
function subscriptionRefusal(fault: TokenFault): Denied {
  const refused = refusal(fault);
  return 'error' in refused ? refused : refuse(errorCodes.permissionDenied, refused.why);
}

function refusal(fault: TokenFault): Denied {
  const why = fault.line();
  switch (fault.verdict) {
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
