/** A subscription whose channel has a new rule: it continues, needs permission again, or starts again. */

import { unsubscribeCodes } from '../../model/codes.js';
import type { SubscribeContext, SubscribeGrant } from '../channels/channel-options.js';
import { grantOf } from '../channels/grant.js';
import { decideByFunction, decideByName } from '../channels/permissions.js';
import { functionFailed } from '../channels/refusal-lines.js';
import type { Rule } from '../channels/rule.js';
import { compareRules } from '../channels/rule-comparison.js';
import type { AttachmentPorts } from '../fanout/attachment.js';
import type { RuleChanges } from '../fanout/rule-changes.js';
import type { Subscription } from '../fanout/subscription.js';
import type { EngineLimits } from '../ports/limits.js';
import { subscribeContext } from './commands/subscribe.js';
import type { TargetPorts } from './commands/target.js';
import type { EstablishPorts } from './establish.js';
import { subscribeByServer } from './server-subscribe.js';
import type { Session } from './session.js';

/** The current rules, and what processes the subscriptions when they change. */
export interface RuleChangePorts extends TargetPorts, EstablishPorts, AttachmentPorts {
  readonly ruleChanges: RuleChanges;
  readonly limits: EngineLimits;
}

/**
 * A client that may not stay is told to subscribe again, with its original token and data, so that it gets the same
 * reply as any new subscriber, also a refusal.
 */
export function settleRuleChange(ports: RuleChangePorts, session: Session, subscription: Subscription): void {
  if (!subscription.isEstablished) return;
  const rule = ports.match(subscription.channel);
  if (rule === undefined) {
    session.subscriptions.unsubscribe(
      subscription,
      subscription.serverSide ? unsubscribeCodes.server : unsubscribeCodes.stateInvalidated,
    );
    return;
  }
  switch (compareRules(subscription.rule, rule)) {
    case 'terms':
      if (subscription.serverSide) void beginAnew(ports, session, subscription, rule);
      else sendBack(session, subscription, rule);
      break;
    case 'permission':
      // The server's decision, for which rules are not asked.
      if (subscription.serverSide) subscription.goOnUnder(rule);
      else askAgain(ports, session, subscription, rule);
      break;
    default:
      subscription.goOnUnder(rule);
  }
}

/**
 * With 2502 the official SDK drops its position: right if there is no history, but with a history it would lose what is
 * published in between.
 */
function sendBack(session: Session, subscription: Subscription, rule: Rule): void {
  const { stream, map, streams } = subscription.rule;
  const isSameKind =
    (map === undefined) === (rule.map === undefined) && (streams === undefined) === (rule.streams === undefined);
  const isPlaceKept = stream !== undefined && rule.stream !== undefined && isSameKind;
  session.subscriptions.unsubscribe(
    subscription,
    isPlaceKept ? unsubscribeCodes.insufficientState : unsubscribeCodes.stateInvalidated,
  );
}

function askAgain(ports: RuleChangePorts, session: Session, subscription: Subscription, rule: Rule): void {
  const { subscribe } = rule;
  const question = { action: 'subscribe', channel: subscription.channel, rule } as const;
  const byName = decideByName(subscribe, session, question);
  if (byName === undefined && typeof subscribe === 'function') {
    ports.ruleChanges.ask(() => askFunction(ports, session, subscription, rule));
    return;
  }
  // The grant of a token holds until it expires, whatever the rule. Other grants came from the old rule.
  const isOverridden = subscription.identity.override !== undefined && !subscription.clientRefresh;
  const mayStay = byName === undefined ? subscription.clientRefresh : byName.ok && !isOverridden;
  if (!mayStay) {
    sendBack(session, subscription, rule);
    return;
  }
  subscription.goOnUnder(rule);
  if (subscription.clientRefresh) return;
  // The new rule has no function that would renew it.
  subscription.grant({ ...subscription.identity, expiresAtMs: undefined }, false);
  session.subscriptions.limitTime(subscription);
}

/** The subscription continues while the function is asked. */
async function askFunction(
  ports: RuleChangePorts,
  session: Session,
  subscription: Subscription,
  rule: Rule,
): Promise<void> {
  const { channel } = subscription;
  const { subscribe } = rule;
  if (typeof subscribe !== 'function' || subscription.isEnded) return;
  try {
    const question = { action: 'subscribe', channel, rule } as const;
    const context = subscribeContext(session, question, {});
    const verdict = await decideByFunction<SubscribeContext, SubscribeGrant>(subscribe, context, question);
    if (subscription.isEnded) return;
    if (ports.match(channel) !== rule) settleRuleChange(ports, session, subscription);
    else if (!verdict.ok) sendBack(session, subscription, rule);
    else stay(session, subscription, rule, verdict.grant);
  } catch (error) {
    session.explain(functionFailed('permission under another rule', error, { channel }));
    sendBack(session, subscription, rule);
  }
}

function stay(session: Session, subscription: Subscription, rule: Rule, grant: SubscribeGrant | undefined): void {
  if (grant?.override !== undefined) {
    // Options other than the rule's: the client must be told of them in a new subscription.
    sendBack(session, subscription, rule);
    return;
  }
  subscription.goOnUnder(rule);
  if (subscription.clientRefresh) return;
  subscription.grant(grantOf(grant), false);
  session.subscriptions.limitTime(subscription);
}

/** The client of a server-side subscription cannot subscribe again itself. It gets what is published in between. */
async function beginAnew(
  ports: RuleChangePorts,
  session: Session,
  subscription: Subscription,
  rule: Rule,
): Promise<void> {
  const { channel, identity } = subscription;
  // What has room leaves before; the rest is recovered.
  subscription.finish();
  const recoverSince = subscription.position;
  session.subscriptions.unsubscribe(subscription, unsubscribeCodes.stateInvalidated);
  try {
    await subscribeByServer(ports, session, channel, rule, { ...identity, ...(recoverSince && { recoverSince }) });
  } catch (error) {
    session.explain(functionFailed('subscription under another rule', error, { channel }));
    session.subscriptions.loseState(subscription);
  }
}
