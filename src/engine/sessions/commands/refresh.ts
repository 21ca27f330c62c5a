/** `refresh`: a new connection token before the old one expires; or renewal by the server itself. */

import { disconnectCodes, errorCodes } from '../../../model/codes.js';
import type { ReplyBody } from '../../../model/reply.js';
import { emptyField, functionFailed, takesNoTokens } from '../../channels/refusal-lines.js';
import type { Authenticator, Identity } from '../../ports/authenticator.js';
import type { Clock } from '../../ports/clock.js';
import { type Denied, refuse } from '../../ports/decision.js';
import { ttlSec } from '../../time/ttl.js';
import { expired } from '../close-lines.js';
import { closeIfRevoked, type RevocationCheck } from '../revoked.js';
import type { Session } from '../session.js';
import { isTokenExpired } from './target.js';

/** What decides about new tokens. */
export interface RefreshPorts {
  readonly auth: Authenticator;
  readonly revocations: RevocationCheck;
  readonly clock: Clock;
  readonly version: string;
}

export async function runRefresh(
  ports: RefreshPorts,
  session: Session,
  token: string,
): Promise<ReplyBody | Denied | undefined> {
  if (ports.auth.refresh === undefined) return refuse(errorCodes.notAvailable, takesNoTokens('refresh'));
  if (token === '') return refuse(errorCodes.badRequest, emptyField('refresh', 'token'));
  const outcome = await ports.auth.refresh(token);
  if (!session.is('connected')) return undefined;
  if (!outcome.ok) {
    if (!isTokenExpired(outcome)) return outcome;
    // In a reply to `refresh`, clients take this error as final, not as advice to get another token as in `connect`.
    session.close(disconnectCodes.expired, outcome.why);
    return undefined;
  }
  for (const note of outcome.notes ?? []) session.explain(note);
  if (!accept(ports, session, outcome.identity)) return undefined;
  return {
    kind: 'refresh',
    client: session.client,
    version: ports.version,
    ...ttlSec(ports.clock, outcome.identity.expiresAtMs),
  };
}

/** Asks the application whether an expired connection may stay whose client has no tokens. */
export async function renewConnection(ports: RefreshPorts, session: Session): Promise<void> {
  if (ports.auth.renew === undefined) {
    session.close(disconnectCodes.expired, expired('the time that it was given', 'auth'));
    return;
  }
  try {
    const outcome = await ports.auth.renew(session);
    if (!session.is('connected')) return;
    if (outcome?.ok) accept(ports, session, renewed(session.admitted?.identity, outcome.identity));
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

/** Fields that the renewal does not set keep their values, except the old expiry. */
function renewed(before: Identity | undefined, now: Identity): Identity {
  if (before === undefined) return now;
  const { expiresAtMs: _, ...lasting } = before;
  return { ...lasting, ...now };
}

/** Postpones the expiry. False if the connection was closed instead. */
function accept(ports: RefreshPorts, session: Session, identity: Identity): boolean {
  if (closeIfRevoked(ports.revocations, session, identity)) return false;
  if (identity.user !== session.user) {
    // A token renews a connection for the same user only; after signing in as another user, a client must reconnect.
    session.close(disconnectCodes.expired, 'refresh with the token of another user');
    return false;
  }
  session.renew(identity);
  return true;
}
