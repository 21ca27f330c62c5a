/** `subscribe`: may it, what did it miss, and from then on everything. */

import type { ChannelName } from '../../../model/channel-name.js';
import { errorCodes, unsubscribeCodes } from '../../../model/codes.js';
import { type SubscribeRequest, subscribeFlags } from '../../../model/command.js';
import { JsonSource } from '../../../model/json-source.js';
import { payloadJson } from '../../../model/payload.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { SubscribeContext, SubscribeGrant } from '../../channels/channel-options.js';
import { grantOf, nothingGranted } from '../../channels/grant.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { decideByFunction, decideByName, permissionContext } from '../../channels/permissions.js';
import { deniedByRule, limitReached, membership, unrecoverable } from '../../channels/refusal-lines.js';
import type { Question, RuleMatch } from '../../channels/rule.js';
import { Attachment, type AttachmentPorts } from '../../fanout/attachment.js';
import { Subscription } from '../../fanout/subscription.js';
import type { Authenticator, Grant } from '../../ports/authenticator.js';
import { type Decision, type Denied, refuse } from '../../ports/decision.js';
import type { EngineLimits } from '../../ports/limits.js';
import { ttlSec } from '../../time/ttl.js';
import { countRecovery, type EstablishPorts, establish, takeBack } from '../establish.js';
import { type RevocationCheck, subscriptionRevocationOf } from '../revoked.js';
import type { Session } from '../session.js';
import { findTarget, type TargetPorts } from './target.js';

/** Who decides about subscriptions, and what they are put into. */
export interface SubscribePorts extends TargetPorts, EstablishPorts, AttachmentPorts {
  readonly auth: Authenticator;
  readonly revocations: RevocationCheck;
  readonly limits: EngineLimits;
}

/** What the subscriber was granted, and whether it can renew it by itself. */
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
  const { channel, match } = target;
  const held = session.subscriptions.get(channel);
  if (held?.serverSide === false) {
    return refuse(errorCodes.alreadySubscribed, membership('subscribe', channel, true));
  }
  if (held === undefined && !session.hasRoom) {
    const { maxChannelsPerConnection: most } = ports.limits;
    return refuse(errorCodes.limitExceeded, limitReached('maxChannelsPerConnection', most));
  }
  const subscription = new Subscription(session, channel, match, {
    joinLeave: request.joinLeave && match.rule.joinLeave,
    serverSide: false,
  });
  // Its place is taken from now on: a second request is refused, and an unsubscribe finds it.
  if (held !== undefined) {
    // The server's own. The two may have crossed, and an error would end the client's for good.
    session.subscriptions.delete(held);
    subscription.replaces = held;
  }
  session.subscriptions.add(subscription);
  let granted: Awaited<ReturnType<typeof authorize>> | undefined;
  try {
    granted = await authorize(ports, session, channel, match, request);
  } finally {
    if (granted?.ok !== true) takeBack(ports, session, subscription);
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
  const isEstablished = await establish(
    ports,
    session,
    [new Attachment(ports, subscription, request.recoverSince)],
    ([result]) => {
      if (result === undefined) return undefined;
      if (result.wasRecovering && !result.recovered && (request.flag & subscribeFlags.rejectUnrecovered) !== 0) {
        countRecovery(ports.counters, result);
        refused = refuse(errorCodes.unrecoverablePosition, unrecoverable(subscription, 'subscribe'));
        return undefined;
      }
      const ttl = subscription.clientRefresh && ttlSec(ports.clock, subscription.expiresAtMs);
      return [session.encodeReply(id, { kind: 'subscribe', result: { ...result, ...ttl } })];
    },
  );
  return isEstablished ? undefined : (refused ?? overtaken(subscription));
}

/** Ended before it began: by its client, who does not wait for this reply any more, or by the server, for good or not. */
function overtaken({ endedBy, channel }: Subscription): Denied {
  const code = endedBy?.code ?? unsubscribeCodes.client.code;
  const isForGood = code >= unsubscribeCodes.server.code && code < unsubscribeCodes.insufficientState.code;
  if (!isForGood) return refuse(errorCodes.internal);
  return refuse(errorCodes.permissionDenied, membership('subscribe', channel, false));
}

async function authorize(
  ports: SubscribePorts,
  session: Session,
  channel: ChannelName,
  match: RuleMatch,
  request: SubscribeRequest,
): Promise<Decision<Granted>> {
  const { subscribe } = match.rule;
  const question = { action: 'subscribe', channel, match } as const;
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

/** What the function of a rule is told. Without a request, which is not kept: who it is and where. */
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
