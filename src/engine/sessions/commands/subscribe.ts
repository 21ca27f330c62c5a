/** `subscribe`: checks the permission, delivers what the client missed, and everything from then on. */

import type { ChannelName } from '../../../model/channel-name.js';
import { errorCodes, unsubscribeCodes } from '../../../model/codes.js';
import { type SubscribeRequest, subscribeFlags } from '../../../model/command.js';
import { JsonSource } from '../../../model/json-source.js';
import { payloadJson } from '../../../model/payload.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { SubscribeContext, SubscribeGrant } from '../../channels/channel-options.js';
import { grantOf, nothingGranted } from '../../channels/grant.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { otherKind } from '../../channels/map-refusals.js';
import { decideByFunction, decideByName, permissionContext } from '../../channels/permissions.js';
import { deniedByRule, limitReached, membership, unrecoverable } from '../../channels/refusal-lines.js';
import type { Question, Rule } from '../../channels/rule.js';
import { Attachment, type AttachmentPorts } from '../../fanout/attachment.js';
import { Subscription } from '../../fanout/subscription.js';
import type { Authenticator, Grant } from '../../ports/authenticator.js';
import { type Decision, type Denied, refuse } from '../../ports/decision.js';
import type { EngineLimits } from '../../ports/limits.js';
import { ttlSec } from '../../time/ttl.js';
import { bytesRefusal } from '../bytes-refusal.js';
import { countRecovery, type EstablishPorts, establish } from '../establish.js';
import { type RevocationCheck, subscriptionRevocationOf } from '../revoked.js';
import type { Session } from '../session.js';
import { type FilterPorts, filterFor } from './filter.js';
import { rateAsked } from './max-rate.js';
import { findTarget, type TargetPorts } from './target.js';

/** What decides about subscriptions, and what they are added to. */
export interface SubscribePorts extends TargetPorts, FilterPorts, EstablishPorts, AttachmentPorts {
  readonly auth: Authenticator;
  readonly revocations: RevocationCheck;
  readonly limits: EngineLimits;
}

/** The grant, and whether the client can renew it by itself. */
interface Granted {
  readonly identity: Grant;
  readonly clientRefresh: boolean;
}

export async function runSubscribe(
  ports: SubscribePorts,
  session: Session,
  id: number,
  request: SubscribeRequest,
): Promise<ReplyBody | Denied | undefined> {
  const target = findTarget(ports, request.channel);
  if (!target.ok) return target;
  const { channel, rule } = target;
  if (rule.map !== undefined) return refuse(errorCodes.notAvailable, otherKind('subscribe', target));
  const asked = filterFor(ports, target, request.filter);
  if (!asked.ok) return asked;
  const rate = rateAsked(session, target, request.data);
  if (!rate.ok) return rate;
  const held = session.subscriptions.get(channel);
  if (held?.serverSide === false) {
    return refuse(errorCodes.alreadySubscribed, membership('subscribe', channel, true));
  }
  if (held === undefined && !session.hasRoom) {
    const { maxChannelsPerConnection: most } = ports.limits;
    return refuse(errorCodes.limitExceeded, limitReached('maxChannelsPerConnection', most));
  }
  const subscription = new Subscription(session.subscriptions, channel, rule, {
    joinLeave: request.joinLeave && rule.joinLeave,
    serverSide: false,
    // A delta would be one to a publication that the filter has held back.
    delta: request.delta && rule.delta && asked.filter === undefined ? 'on' : 'off',
    compact: (request.flag & subscribeFlags.channelCompaction) !== 0,
    filter: asked.filter,
    maxRate: rate.maxRate,
  });
  // Added at once, so that a second request is refused, and an unsubscribe finds it.
  if (held === undefined) session.subscriptions.add(subscription);
  // Replaces a server-side one. Both may have been made at the same time, and an error would end the client's for good.
  else session.subscriptions.addInPlaceOf(held, subscription);
  let granted: Awaited<ReturnType<typeof authorize>> | undefined;
  try {
    granted = await authorize(ports, session, channel, rule, request);
    // Afterwards, so that a client that may not subscribe learns nothing about the channel.
    if (granted.ok) granted = bytesRefusal(session, { action: 'subscribe', channel, rule }) ?? granted;
  } finally {
    if (granted?.ok !== true) session.subscriptions.takeBack(subscription);
  }
  if (!granted.ok) return granted;
  subscription.grant(granted.identity, granted.clientRefresh);
  return attach(ports, session, id, subscription, request);
}

async function attach(
  ports: SubscribePorts,
  session: Session,
  id: number,
  subscription: Subscription,
  request: SubscribeRequest,
): Promise<ReplyBody | Denied | undefined> {
  let refused: Denied | undefined;
  const inPages = (request.flag & subscribeFlags.pagedRecovery) !== 0 && session.takesPages;
  const attachment = new Attachment(ports, subscription, request.recoverSince, { inPages });
  const isEstablished = await establish(ports, session, [attachment], ([result]) => {
    if (result === undefined) return undefined;
    if (result.wasRecovering && !result.recovered && (request.flag & subscribeFlags.rejectUnrecovered) !== 0) {
      countRecovery(ports.counters, attachment, result);
      refused = refuse(errorCodes.unrecoverablePosition, unrecoverable(subscription, 'subscribe'));
      return undefined;
    }
    const ttl = subscription.clientRefresh && ttlSec(ports.clock, subscription.expiresAtMs);
    return [session.encodeReply(id, { kind: 'subscribe', result: { ...result, ...ttl } })];
  });
  return isEstablished ? undefined : (refused ?? overtaken(subscription));
}

/** The reply for a subscription that ended before it began: by its client, which no longer waits, or by the server. */
export function overtaken({ stage, channel }: Subscription): Denied {
  const { code } = (stage.name === 'ended' && stage.why) || unsubscribeCodes.client;
  const isForGood = code >= unsubscribeCodes.server.code && code < unsubscribeCodes.insufficientState.code;
  if (!isForGood) return refuse(errorCodes.internal);
  return refuse(errorCodes.permissionDenied, membership('subscribe', channel, false));
}

export async function authorize(
  ports: SubscribePorts,
  session: Session,
  channel: ChannelName,
  rule: Rule,
  request: SubscribeRequest,
): Promise<Decision<Granted>> {
  const { subscribe } = rule;
  const question = { action: 'subscribe', channel, rule } as const;
  const byName = decideByName(subscribe, session, question);
  if (byName !== undefined) {
    return byName.ok ? { ok: true, identity: nothingGranted, clientRefresh: false } : byName;
  }
  if (typeof subscribe !== 'function') return authorizeByToken(ports, session, question, request.token);
  const context = subscribeContext(session, question, request);
  const verdict = await decideByFunction<SubscribeContext, SubscribeGrant>(subscribe, context, question);
  if (!verdict.ok) return verdict;
  return { ok: true, identity: grantOf(verdict.grant), clientRefresh: false };
}

/** The argument of a rule's function. Requests are not kept, so later calls have none. */
export function subscribeContext(
  session: Session,
  question: Question,
  request: Partial<Pick<SubscribeRequest, 'data' | 'token'>>,
): SubscribeContext {
  const data = request.data === undefined ? undefined : new JsonSource(payloadJson(request.data), false);
  const context: SubscribeContext = {
    ...permissionContext(session, question),
    data: data?.value,
    token: request.token,
  };
  return withJsonBehind(context, { ...session[jsonBehind], data });
}

async function authorizeByToken(
  ports: SubscribePorts,
  session: Session,
  question: Question,
  token: string | undefined,
): Promise<Decision<Granted>> {
  const { auth } = ports;
  if (auth.subscribe === undefined || token === undefined) {
    return refuse(errorCodes.permissionDenied, deniedByRule(question, 'token'));
  }
  const outcome = await auth.subscribe(token, question.channel, session);
  if (!outcome.ok) return outcome;
  for (const note of outcome.notes ?? []) session.explain(note);
  const { identity } = outcome;
  return (
    subscriptionRevocationOf(ports.revocations, session.user, identity) ?? { ok: true, identity, clientRefresh: true }
  );
}
