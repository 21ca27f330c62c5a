/** What happens to connections and requests whose token has been revoked. */

import { type Disconnect, disconnectCodes, errorCodes, unsubscribeCodes } from '../../model/codes.js';
import { revoked, revokedByClock } from '../channels/refusal-lines.js';
import type { Grant, Identity } from '../ports/authenticator.js';
import { type Denied, refuse } from '../ports/decision.js';
import type { Session } from './session.js';

/** What is asked of the node's revocations. */
export interface RevocationCheck {
  /** How the connection must be closed, or `undefined` if nothing is revoked. */
  find(who: Pick<Identity, 'user' | 'tokenId' | 'issuedAtMs'>): Disconnect | undefined;
  /** Whether the token's time of issue is the only reason, and so close that clocks may differ. */
  isByClock(who: Pick<Identity, 'user' | 'tokenId' | 'issuedAtMs'>): boolean;
}

/** A refusal with 109 if the next token may be valid, otherwise a final close. */
export function revocationOf(
  revocations: RevocationCheck,
  who: Pick<Identity, 'user' | 'tokenId' | 'issuedAtMs'>,
): Denied | undefined {
  const disconnect = revocations.find(who);
  if (disconnect === undefined) return undefined;
  if (revocations.isByClock(who)) return refuse(errorCodes.tokenExpired, revokedByClock);
  return { ok: false, disconnect, why: revoked };
}

/** For a subscription token: 109 as above, otherwise 103, since the connection may stay. */
export function subscriptionRevocationOf(revocations: RevocationCheck, user: string, grant: Grant): Denied | undefined {
  const denied = revocationOf(revocations, { ...grant, user });
  return denied !== undefined && 'disconnect' in denied ? refuse(errorCodes.permissionDenied, revoked) : denied;
}

/** Closes a connection whose token is revoked. False if it is not revoked. */
export function closeIfRevoked(revocations: RevocationCheck, session: Session, identity: Identity): boolean {
  const denied = revocationOf(revocations, identity);
  if (denied === undefined) return false;
  session.close('disconnect' in denied ? denied.disconnect : disconnectCodes.expired, denied.why);
  return true;
}

/** Ends the subscriptions whose tokens are revoked. */
export function unsubscribeRevoked(revocations: RevocationCheck, session: Session): void {
  for (const subscription of [...session.subscriptions]) {
    if (!subscription.clientRefresh) continue;
    const denied = subscriptionRevocationOf(revocations, session.user, subscription.identity);
    if (denied === undefined) continue;
    const mayComeBack = 'error' in denied && denied.error.code === errorCodes.tokenExpired.code;
    session.subscriptions.unsubscribe(subscription, mayComeBack ? unsubscribeCodes.expired : unsubscribeCodes.server);
  }
}
