/** A subscription whose channel has another rule by now: it goes on, is asked about again, or begins anew. */

import { unsubscribeCodes } from '../../../model/codes.js';
import type { SubscribeContext, SubscribeGrant } from '../../channels/channel-options.js';
import { grantOf } from '../../channels/grant.js';
import { decideByFunction, decideByName } from '../../channels/permissions.js';
import { functionFailed } from '../../channels/refusal-lines.js';
import type { RuleMatch } from '../../channels/rule.js';
import { compareRules } from '../../channels/rule-comparison.js';
import type { AttachmentPorts } from '../../fanout/attachment.js';
import type { RuleChanges } from '../../fanout/rule-changes.js';
import type { Subscription } from '../../fanout/subscription.js';
import type { EngineLimits } from '../../ports/limits.js';
import type { EstablishPorts } from '../establish.js';
import { subscribeByServer } from '../server-subscribe.js';
import type { Session } from '../session.js';
import { subscribeContext } from './subscribe.js';
import type { TargetPorts } from './target.js';

/**
 * Whoever may not stay is told to subscribe again, with everything that it brought the first time: what it gets then,
 * also as a refusal, is what any newcomer gets.
 */
/** The rules that are in force, and what goes through the subscriptions when there are others. */
export interface RuleChangePorts extends TargetPorts, EstablishPorts, AttachmentPorts {
  readonly ruleChanges: RuleChanges;
  readonly limits: EngineLimits;
}

export function settleRuleChange(ports: RuleChangePorts, session: Session, subscription: Subscription): void {
  if (!subscription.isEstablished) return;
  const match = ports.match(subscription.channel);
  if (match === undefined) {
    session.unsubscribe(
      subscription,
      subscription.serverSide ? unsubscribeCodes.server : unsubscribeCodes.stateInvalidated,
    );
    return;
  }
  switch (compareRules(subscription.rule, match.rule)) {
    case 'terms':
      if (subscription.serverSide) void beginAnew(ports, session, subscription, match);
      else sendBack(session, subscription, match);
      break;
    case 'permission':
      // By the word of the server: rules are not asked.
      if (subscription.serverSide) subscription.rule = match.rule;
      else askAgain(ports, session, subscription, match);
      break;
    default:
      subscription.rule = match.rule;
  }
}

/**
 * The official SDK forgets its place with 2502, which is right where there is no history to go on from, and would lose
 * what was published in between where there is.
 */
function sendBack(session: Session, subscription: Subscription, { rule }: RuleMatch): void {
  const isPlaceKept = subscription.rule.stream !== undefined && rule.stream !== undefined;
  session.unsubscribe(
    subscription,
    isPlaceKept ? unsubscribeCodes.insufficientState : unsubscribeCodes.stateInvalidated,
  );
}

function askAgain(ports: RuleChangePorts, session: Session, subscription: Subscription, match: RuleMatch): void {
  const { subscribe } = match.rule;
  const question = { action: 'subscribe', channel: subscription.channel, match } as const;
  const byName = decideByName(subscribe, session, question);
  if (byName === undefined && typeof subscribe === 'function') {
    ports.ruleChanges.ask(() => askFunction(ports, session, subscription, match));
    return;
  }
  // What a token has granted goes on until it expires, by whichever rule. Other grants are the old rule's.
  const isOverridden = subscription.identity.override !== undefined && !subscription.clientRefresh;
  const mayStay = byName === undefined ? subscription.clientRefresh : byName.ok && !isOverridden;
  if (!mayStay) {
    sendBack(session, subscription, match);
    return;
  }
  subscription.rule = match.rule;
  if (subscription.clientRefresh) return;
  // There is nobody any more who would renew it.
  subscription.grant({ ...subscription.identity, expiresAtMs: undefined }, false);
  session.renewSubscription(subscription);
}

/** It stays subscribed while the question is under way. */
async function askFunction(
  ports: RuleChangePorts,
  session: Session,
  subscription: Subscription,
  match: RuleMatch,
): Promise<void> {
  const { channel } = subscription;
  const { subscribe } = match.rule;
  if (typeof subscribe !== 'function' || subscription.endedBy !== undefined) return;
  try {
    const question = { action: 'subscribe', channel, match } as const;
    const context = subscribeContext(session, question, {});
    const verdict = await decideByFunction<SubscribeContext, SubscribeGrant>(subscribe, context, question);
    if (subscription.endedBy !== undefined) return;
    if (ports.match(channel)?.rule !== match.rule) settleRuleChange(ports, session, subscription);
    else if (!verdict.ok) sendBack(session, subscription, match);
    else stay(session, subscription, match, verdict.grant);
  } catch (error) {
    session.explain(functionFailed('permission under another rule', error, { channel }));
    sendBack(session, subscription, match);
  }
}

function stay(session: Session, subscription: Subscription, match: RuleMatch, grant: SubscribeGrant | undefined): void {
  if (grant?.override !== undefined) {
    // Other options than the rule's: to be told from the beginning.
    sendBack(session, subscription, match);
    return;
  }
  subscription.rule = match.rule;
  if (subscription.clientRefresh) return;
  subscription.grant(grantOf(grant), false);
  session.renewSubscription(subscription);
}

/** The client of a server-side subscription cannot subscribe by itself. It gets what comes in between. */
async function beginAnew(
  ports: RuleChangePorts,
  session: Session,
  subscription: Subscription,
  match: RuleMatch,
): Promise<void> {
  const { channel, identity } = subscription;
  const recoverSince = subscription.aheadAt ?? ports.hub.position(channel);
  session.unsubscribe(subscription, unsubscribeCodes.stateInvalidated);
  try {
    await subscribeByServer(ports, session, channel, match, { ...identity, ...(recoverSince && { recoverSince }) });
  } catch (error) {
    session.explain(functionFailed('subscription under another rule', error, { channel }));
    session.loseState(subscription);
  }
}
