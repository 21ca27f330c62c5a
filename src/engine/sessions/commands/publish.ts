/** `publish`: a client's message into a channel. */

import { errorCodes } from '../../../model/codes.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import { JsonSource } from '../../../model/json-source.js';
import { type Payload, payloadJson } from '../../../model/payload.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { PublishContext, PublishGrant } from '../../channels/channel-options.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { decideByFunction, decideByName, permissionContext } from '../../channels/permissions.js';
import { acceptMessage, encodeMessage, type Publishing } from '../../channels/publishing.js';
import type { Question } from '../../channels/rule.js';
import { SchemaMismatch } from '../../channels/schema-mismatch.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import { findTarget, type TargetPorts } from './target.js';

/** Where messages go. */
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
  const { channel, match } = target;
  const { rule } = match;
  const question = { action: 'publish', channel, match } as const;
  // By name first: whoever may not publish at all learns nothing about the schema.
  const byName = decideByName(rule.publish, session, question);
  if (byName?.ok === false) return byName;
  const accepted = await tryAccept(() => acceptMessage(rule, data));
  if ('refusedAs' in accepted) {
    return refuse(errorCodes.badRequest, badMessage(question, accepted.refusedAs));
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
  await ports.publishing.publish(channel, rule, message, { info, ...options });
  return { kind: 'publish' };
}

/** Where the fault is, and not what was there, which is a payload. */
function badMessage({ channel, match }: Question, fault: FanfareError): RefusalLine {
  const { code } = fault;
  const rule = match.rule.pattern.text;
  const option = `channels → ${rule} → ${code === 'ERR_MESSAGE_TOO_LARGE' ? 'maxMessageBytes' : 'message'}`;
  return {
    check: 'message',
    key: `${code} ${rule}`,
    fields: { channel, rule, why: code, ...(fault instanceof SchemaMismatch && { path: fault.path }), option },
    message: `publish refused: ${code} by the rule ${rule}`,
    level: 'info',
  };
}

/** Why, for a message that the client should not have sent. */
async function tryAccept<T>(accept: () => Promise<T>): Promise<T | { readonly refusedAs: FanfareError }> {
  try {
    return await accept();
  } catch (error) {
    if (!(error instanceof FanfareError) || error.replyCode !== errorCodes.badRequest.code) throw error;
    return { refusedAs: error };
  }
}
