/** What becomes of whoever was let in, or asks to be, with a token that has been revoked. */

import { type Disconnect, disconnectCodes, errorCodes, unsubscribeCodes } from '../../model/codes.js';
import { revoked, revokedByClock } from '../channels/refusal-lines.js';
import type { Grant, Identity } from '../ports/authenticator.js';
import { type Denied, refuse } from '../ports/decision.js';
import type { Session } from './session.js';

/** What is asked of the revocations of a node. */
export interface RevocationCheck {
  /** How the connection ends, or `undefined` when nothing stands against it. */
  find(who: Pick<Identity, 'user' | 'tokenId' | 'issuedAtMs'>): Disconnect | undefined;
  /** Whether nothing stands against it but the time of its token, by so little that clocks may differ. */
  isByClock(who: Pick<Identity, 'user' | 'tokenId' | 'issuedAtMs'>): boolean;
}

/** A refusal with 109 where the next token may be good, and a final close otherwise. */
export function revocationOf(
  revocations: RevocationCheck,
  who: Pick<Identity, 'user' | 'tokenId' | 'issuedAtMs'>,
): Denied | undefined {
  const disconnect = revocations.find(who);
  if (disconnect === undefined) return undefined;
  if (revocations.isByClock(who)) return refuse(errorCodes.tokenExpired, revokedByClock);
  return { ok: false, disconnect, why: revoked };
}

/** Of a token for a channel: 109 as above, and 103 otherwise, since the connection may stay. */
export function subscriptionRevocationOf(revocations: RevocationCheck, user: string, grant: Grant): Denied | undefined {
  const denied = revocationOf(revocations, { ...grant, user });
  return denied !== undefined && 'disconnect' in denied ? refuse(errorCodes.permissionDenied, revoked) : denied;
}

/** Ends a connection whose token is revoked. False when nothing stands against it. */
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
    session.unsubscribe(subscription, mayComeBack ? unsubscribeCodes.expired : unsubscribeCodes.server);
  }
}
