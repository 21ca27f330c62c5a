/** `publish`: publishes a client's message to a channel. */

import type { ChannelName } from '../../../model/channel-name.js';
import { errorCodes } from '../../../model/codes.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import { JsonSource } from '../../../model/json-source.js';
import { type Payload, payloadJson } from '../../../model/payload.js';
import type { ClientInfo } from '../../../model/publication.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { PublishContext, PublishGrant } from '../../channels/channel-options.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { beginPublishing } from '../../channels/message-spans.js';
import { decideByFunction, decideByName, permissionContext } from '../../channels/permissions.js';
import { type AcceptedMessage, acceptMessage, encodeMessage, type Publishing } from '../../channels/publishing.js';
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

export async function runPublish(
  ports: PublishPorts,
  session: Session,
  name: string,
  data: Payload,
): Promise<ReplyBody | Denied> {
  const target = findTarget(ports, name);
  if (!target.ok) return target;
  const { channel, rule } = target;
  const question = { action: 'publish', channel, rule } as const;
  // By name first, so that a client that may not publish learns nothing about the schema.
  const byName = decideByName(rule.publish, session, question);
  if (byName?.ok === false) return byName;
  let accepted: AcceptedMessage;
  try {
    const outcome = acceptMessage(rule, data);
    accepted = outcome instanceof Promise ? await outcome : outcome;
  } catch (error) {
    if (!isFaultOfSender(error)) throw error;
    return refuse(errorCodes.badRequest, badMessage(question, error));
  }
  if (byName !== undefined || typeof rule.publish !== 'function') {
    await ports.publishing.publish(channel, rule, accepted.data, { info: infoIn(session, channel) });
    return { kind: 'publish' };
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

/** For spans. */
const denied = { code: 'denied' };

type PublishPermission = Extract<Rule['publish'], (...args: never[]) => unknown>;

async function publishAsAllowed(
  ports: PublishPorts,
  session: Session,
  question: Question,
  permission: PublishPermission,
  accepted: AcceptedMessage,
  span: Span | undefined,
): Promise<ReplyBody | Denied> {
  const { channel, rule } = question;
  const source = new JsonSource(payloadJson(accepted.data), false);
  const value = accepted.value === undefined ? source.value : accepted.value;
  const context: PublishContext<unknown> = { ...permissionContext(session, question), data: value };
  withJsonBehind(context, { ...session[jsonBehind], data: source });
  const verdict = await decideByFunction<PublishContext<unknown>, PublishGrant>(permission, context, question);
  if (!verdict.ok) return verdict;
  const options = verdict.grant;
  const isReplaced = options?.data !== undefined;
  const message = isReplaced ? (await acceptMessage(rule, encodeMessage(options.data))).data : accepted.data;
  await ports.publishing.publish(channel, rule, message, { info: infoIn(session, channel), ...options, span });
  return { kind: 'publish' };
}

/** The publisher, as the others see it. */
function infoIn(session: Session, channel: ChannelName): ClientInfo {
  return session.subscriptions.get(channel)?.clientInfo ?? session.clientInfo;
}

/** The path of the fault, without the value there, which is payload. */
function badMessage({ channel, rule: { pattern } }: Question, fault: FanfareError): RefusalLine {
  const { code } = fault;
  const rule = pattern.text;
  const option = `channels → ${rule} → ${code === 'ERR_MESSAGE_TOO_LARGE' ? 'maxMessageBytes' : 'message'}`;
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
