/** `publish`: publishes a client's message to a channel. */

import type { ChannelName } from '../../../model/channel-name.js';
import { errorCodes } from '../../../model/codes.js';
import type { Command, KeyedChange } from '../../../model/command.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import { JsonSource } from '../../../model/json-source.js';
import { isBytes, type Payload, payloadJson, payloadValue } from '../../../model/payload.js';
import type { ClientInfo } from '../../../model/publication.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { PublishContext, PublishGrant } from '../../channels/channel-options.js';
import { sentByClient, WrongKind } from '../../channels/data-kind.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { foreignKey, mapIsFull, otherKind } from '../../channels/map-refusals.js';
import { beginPublishing } from '../../channels/message-spans.js';
import { decideByFunction, decideByName, permissionContext } from '../../channels/permissions.js';
import {
  type AcceptedMessage,
  acceptMessage,
  encodeData,
  type Publishing,
  type PublishingOptions,
} from '../../channels/publishing.js';
import type { Question, Rule } from '../../channels/rule.js';
import { SchemaMismatch } from '../../channels/schema-mismatch.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { Span, Tracer } from '../../ports/tracer.js';
import type { Session } from '../session.js';
import { findTarget, type TargetPorts } from './target.js';

/** Where messages are published. */
export interface PublishPorts extends TargetPorts {
  readonly publishing: Publishing;
  readonly tracer: Tracer | undefined;
}

type PublishCommand = Extract<Command, { readonly kind: 'publish' }>;

export async function runPublish(
  ports: PublishPorts,
  session: Session,
  { channel: name, data, change, wantsPosition }: PublishCommand,
): Promise<ReplyBody | Denied> {
  const target = findTarget(ports, name);
  if (!target.ok) return target;
  const { channel, rule } = target;
  if ((rule.map === undefined) !== (change === undefined)) {
    return refuse(errorCodes.notAvailable, otherKind('publish', target));
  }
  if (rule.streams !== undefined) return refuse(errorCodes.notAvailable, otherKind('publish', target));
  if (rule.map?.presence !== undefined) return refuse(errorCodes.notAvailable, otherKind('publish', target));
  const question = {
    action: 'publish',
    channel,
    rule,
    ...(change && { change }),
    ...(wantsPosition && { wantsPosition }),
  } as const;
  // By name first, so that a client that may not publish learns nothing about the schema.
  const byName = decideByName(rule.publish, session, question);
  if (byName?.ok === false) return byName;
  if (change !== undefined && !ownsKey(session, rule, change.key)) {
    return refuse(errorCodes.permissionDenied, foreignKey(target));
  }
  let accepted: AcceptedMessage;
  try {
    const outcome = change?.removed === true ? { data, value: null } : acceptMessage(rule, sentByClient(rule, data));
    accepted = outcome instanceof Promise ? await outcome : outcome;
  } catch (error) {
    if (!isFaultOfSender(error)) throw error;
    return refuse(errorCodes.badRequest, badMessage(question, error));
  }
  if (byName !== undefined || typeof rule.publish !== 'function') {
    return send(ports, question, accepted.data, { info: infoIn(session, channel) });
  }
  const { publish: permission } = rule;
  if (ports.tracer === undefined) return publishAsAllowed(ports, session, question, permission, accepted, undefined);
  // Begins before the question, so that what the application or its backend does is part of it.
  const span = beginPublishing(ports.tracer, channel, rule, session.client);
  const outcome = span.run(() => publishAsAllowed(ports, session, question, permission, accepted, span));
  outcome.then(
    (reply) => span.end('kind' in reply ? undefined : denied),
    (error: unknown) => span.end(error),
  );
  return outcome;
}

type PublishQuestion = Question & { readonly change?: KeyedChange; readonly wantsPosition?: true };

/** For spans. */
const denied = { code: 'denied' };

type PublishPermission = Extract<Rule['publish'], (...args: never[]) => unknown>;

async function publishAsAllowed(
  ports: PublishPorts,
  session: Session,
  question: PublishQuestion,
  permission: PublishPermission,
  accepted: AcceptedMessage,
  span: Span | undefined,
): Promise<ReplyBody | Denied> {
  const { channel, rule, change } = question;
  const source = isBytes(accepted.data) ? undefined : new JsonSource(payloadJson(accepted.data), false);
  const asSent = source === undefined ? payloadValue(accepted.data) : source.value;
  const value = accepted.value === undefined ? asSent : accepted.value;
  const context: PublishContext<unknown> = { ...permissionContext(session, question), data: value, ...change };
  withJsonBehind(context, { ...session[jsonBehind], data: source });
  const verdict = await decideByFunction<PublishContext<unknown>, PublishGrant>(permission, context, question);
  if (!verdict.ok) return verdict;
  const options = verdict.grant;
  const isReplaced = options?.data !== undefined && change?.removed !== true;
  const message = isReplaced ? (await acceptMessage(rule, encodeData(options.data))).data : accepted.data;
  return send(ports, question, message, { info: infoIn(session, channel), ...options, span });
}

async function send(
  { publishing }: PublishPorts,
  { channel, rule, change, wantsPosition }: PublishQuestion,
  data: Payload,
  options: PublishingOptions,
): Promise<ReplyBody | Denied> {
  if (change === undefined) {
    const { position } = await publishing.publish(channel, rule, data, options);
    if (wantsPosition && position.epoch !== '') return { kind: 'publish', position };
  } else {
    const outcome = await publishing.change(channel, rule, { ...change, data }, options);
    if (!outcome.ok && outcome.why === 'full') {
      return refuse(errorCodes.limitExceeded, mapIsFull(channel, rule, outcome.tooMany));
    }
  }
  return { kind: 'publish' };
}

/** Whether the rule lets this client change the key. */
function ownsKey({ user, client }: Session, { map }: Rule, key: string): boolean {
  switch (map?.key) {
    case 'user':
      return key === user;
    case 'client':
      return key === client;
    default:
      return true;
  }
}

/** The publisher, as the others see it. */
function infoIn(session: Session, channel: ChannelName): ClientInfo {
  return session.subscriptions.get(channel)?.clientInfo ?? session.clientInfo;
}

/** The path of the fault, without the value there, which is payload. */
function badMessage({ channel, rule: { pattern } }: Question, fault: FanfareError): RefusalLine {
  const { code } = fault;
  const rule = pattern.text;
  const name = code === 'ERR_MESSAGE_TOO_LARGE' ? 'maxMessageBytes' : fault instanceof WrongKind ? 'data' : 'message';
  const option = `channels → ${rule} → ${name}`;
  return {
    check: 'message',
    key: `${code} ${rule}`,
    fields: { channel, rule, why: code, ...(fault instanceof SchemaMismatch && { path: fault.path }), option },
    message: `publish refused: ${code} by the rule ${rule}`,
    level: 'info',
  };
}

function isFaultOfSender(error: unknown): error is FanfareError {
  return error instanceof FanfareError && error.replyCode === errorCodes.badRequest.code;
}
