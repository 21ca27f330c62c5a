/** `publish`: publishes a client's message to a channel. */

import { errorCodes } from '../../../model/codes.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import { JsonSource } from '../../../model/json-source.js';
import { type Payload, payloadJson } from '../../../model/payload.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { PublishContext, PublishGrant } from '../../channels/channel-options.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { decideByFunction, decideByName, permissionContext } from '../../channels/permissions.js';
import { type AcceptedMessage, acceptMessage, encodeMessage, type Publishing } from '../../channels/publishing.js';
import type { Question } from '../../channels/rule.js';
import { SchemaMismatch } from '../../channels/schema-mismatch.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import { findTarget, type TargetPorts } from './target.js';

/** Where messages are published. */
export interface PublishPorts extends TargetPorts {
  readonly publishing: Publishing;
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
  let message = accepted.data;
  let options: PublishGrant | undefined;
  if (byName === undefined && typeof rule.publish === 'function') {
    const source = new JsonSource(payloadJson(accepted.data), false);
    const value = accepted.value === undefined ? source.value : accepted.value;
    const context: PublishContext<unknown> = { ...permissionContext(session, question), data: value };
    withJsonBehind(context, { ...session[jsonBehind], data: source });
    const verdict = await decideByFunction<PublishContext<unknown>, PublishGrant>(rule.publish, context, question);
    if (!verdict.ok) return verdict;
    options = verdict.grant;
    if (options?.data !== undefined) message = (await acceptMessage(rule, encodeMessage(options.data))).data;
  }
  const info = session.subscriptions.get(channel)?.clientInfo ?? session.clientInfo;
  await ports.publishing.publish(channel, rule, message, options === undefined ? { info } : { info, ...options });
  return { kind: 'publish' };
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
