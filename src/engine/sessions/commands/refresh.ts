/** `refresh`: a new connection token before the old one expires, or the server's own question instead. */

import { disconnectCodes, errorCodes } from '../../../model/codes.js';
import type { ReplyBody } from '../../../model/reply.js';
import { emptyField, functionFailed, takesNoTokens } from '../../channels/refusal-lines.js';
import type { Identity } from '../../ports/authenticator.js';
import { type Denied, refuse } from '../../ports/decision.js';
import { ttlSec } from '../../time/ttl.js';
import { expired } from '../close-lines.js';
import { closeIfRevoked } from '../revoked.js';
import type { Session } from '../session.js';
import { isTokenExpired } from './target.js';

export async function runRefresh(session: Session, token: string): Promise<ReplyBody | Denied | undefined> {
  const { node } = session;
  if (node.auth.refresh === undefined) return refuse(errorCodes.notAvailable, takesNoTokens('refresh'));
  if (token === '') return refuse(errorCodes.badRequest, emptyField('refresh', 'token'));
  const outcome = await node.auth.refresh(token);
  if (!session.is('connected')) return undefined;
  if (!outcome.ok) {
    if (!isTokenExpired(outcome)) return outcome;
    // Clients take this error to `refresh` for the last word, and not for advice to get another token as in `connect`.
    session.close(disconnectCodes.expired, outcome.why);
    return undefined;
  }
  for (const note of outcome.notes ?? []) session.explain(note);
  if (!accept(session, outcome.identity)) return undefined;
  return {
    kind: 'refresh',
    client: session.client,
    version: node.version,
    ...ttlSec(node.clock, outcome.identity.expiresAtMs),
  };
}

/** The server itself asks whether a connection that has expired may stay, where its client brings no tokens. */
export async function renewConnection(session: Session): Promise<void> {
  const { node } = session;
  try {
    const outcome = await node.auth.renew?.(session);
    if (!session.is('connected')) return;
    if (outcome?.ok) accept(session, renewed(session.identity, outcome.identity));
    else {
      const disconnect =
        outcome !== undefined && 'disconnect' in outcome ? outcome.disconnect : disconnectCodes.expired;
      session.close(disconnect, expired('auth, or its hook, has not renewed it', 'auth'));
    }
  } catch (error) {
    session.explain(functionFailed('renewal of a connection', error));
    session.close(disconnectCodes.expired, expired('its renewal failed', 'auth'));
  }
}

/** What the renewal does not speak of stays as it was, all but the old end. */
function renewed(before: Identity | undefined, now: Identity): Identity {
  if (before === undefined) return now;
  const { expiresAtMs: _, ...lasting } = before;
  return { ...lasting, ...now };
}

/** Puts the connection's end off. False when it is closed instead. */
function accept(session: Session, identity: Identity): boolean {
  if (closeIfRevoked(session, identity)) return false;
  if (identity.user !== session.user) {
    // A token renews a connection, it does not hand it to somebody else: whoever has signed in meanwhile gets another one.
    session.close(disconnectCodes.expired, 'refresh with the token of another user');
    return false;
  }
  session.identity = identity;
  if (identity.info !== undefined) session.clientInfo = { ...session.clientInfo, connInfo: identity.info };
  session.renewExpiry(identity.expiresAtMs);
  return true;
}
