/** `sub_refresh`: a new subscription token before the old one expires. */

import { errorCodes, unsubscribeCodes } from '../../../model/codes.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { PermissionContext, SubscribeGrant } from '../../channels/channel-options.js';
import { grantOf } from '../../channels/grant.js';
import { decideByFunction, permissionContext } from '../../channels/permissions.js';
import { emptyField, functionFailed, membership, takesNoTokens } from '../../channels/refusal-lines.js';
import type { Subscription } from '../../fanout/subscription.js';
import type { Authenticator } from '../../ports/authenticator.js';
import type { Clock } from '../../ports/clock.js';
import { type Denied, refuse } from '../../ports/decision.js';
import { ttlSec } from '../../time/ttl.js';
import { type RevocationCheck, subscriptionRevocationOf } from '../revoked.js';
import type { Session } from '../session.js';
import { findTarget, isTokenExpired, type TargetPorts } from './target.js';

/** What decides about new subscription tokens. */
export interface SubRefreshPorts extends TargetPorts {
  readonly auth: Authenticator;
  readonly revocations: RevocationCheck;
  readonly clock: Clock;
}

export async function runSubRefresh(
  ports: SubRefreshPorts,
  session: Session,
  name: string,
  token: string,
): Promise<ReplyBody | Denied | undefined> {
  const target = findTarget(ports, name);
  if (!target.ok) return target;
  const subscription = session.subscriptions.get(target.channel);
  if (!subscription?.isEstablished) {
    return refuse(errorCodes.permissionDenied, membership('sub_refresh', target.channel, false));
  }
  if (ports.auth.subscribe === undefined || !subscription.clientRefresh) {
    return refuse(errorCodes.notAvailable, takesNoTokens('sub_refresh'));
  }
  if (token === '') return refuse(errorCodes.badRequest, emptyField('sub_refresh', 'token'));
  const outcome = await ports.auth.subscribe(token, target.channel, session);
  // Unsubscribed meanwhile, and perhaps subscribed again: the token was not for that subscription.
  if (subscription.isEnded) {
    return refuse(errorCodes.permissionDenied, membership('sub_refresh', target.channel, false));
  }
  const denied = outcome.ok ? subscriptionRevocationOf(ports.revocations, session.user, outcome.identity) : outcome;
  // Clients would end the subscription on a final error, though a new token may come until its grace period ends.
  if (denied && isTokenExpired(denied)) return refuse({ ...errorCodes.tokenExpired, temporary: true }, denied.why);
  if (denied) return denied;
  if (!outcome.ok) return outcome;
  for (const note of outcome.notes ?? []) session.explain(note);
  subscription.grant(outcome.identity, true);
  session.subscriptions.limitTime(subscription);
  return { kind: 'subRefresh', ...ttlSec(ports.clock, subscription.expiresAtMs) };
}

/** Asks the application whether an expired subscription may continue whose client has no tokens. */
export async function renewSubscription(session: Session, subscription: Subscription): Promise<void> {
  const { channel, rule } = subscription;
  try {
    const question = { action: 'subscribe', channel, rule } as const;
    const context = permissionContext(session, question);
    const verdict = await decideByFunction<PermissionContext, SubscribeGrant>(rule.renew ?? never, context, question);
    if (subscription.isEnded) return;
    if (verdict.ok) {
      subscription.grant({ ...subscription.identity, expiresAtMs: undefined, ...grantOf(verdict.grant) }, false);
      session.subscriptions.limitTime(subscription);
    } else if ('disconnect' in verdict) session.close(verdict.disconnect, verdict.why);
    else session.subscriptions.unsubscribe(subscription, unsubscribeCodes.expired);
  } catch (error) {
    session.explain(functionFailed('renewal of a subscription', error, { channel }));
    session.subscriptions.unsubscribe(subscription, unsubscribeCodes.expired);
  }
}

function never(): boolean {
  return false;
}
