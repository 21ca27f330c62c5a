/** `publish`: a client's message into a channel. */

import { errorCodes } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { fromJsonText, type JsonText } from '../../model/json-text.js';
import type { ReplyBody } from '../../model/reply.js';
import type { PublishContext } from '../channel-options.js';
import { isAllowed, permissionContext } from '../permissions.js';
import { acceptMessage } from '../publishing.js';
import type { Session } from '../session.js';
import { findTarget, refuse } from './target.js';

export async function runPublish(session: Session, name: string, data: JsonText): Promise<ReplyBody> {
  const { node } = session;
  const target = findTarget(session, name);
  if (!target.ok) return target.reply;
  const { channel, match } = target;
  const { publish } = match.rule;
  // By name first: whoever may not publish at all learns nothing about the schema.
  if (typeof publish !== 'function' && !(await isAllowed(publish, session, channel, noContext))) {
    return refuse(errorCodes.permissionDenied).reply;
  }
  const accepted = await tryAccept(session, () => acceptMessage(match.rule, data));
  if (accepted === undefined) return refuse(errorCodes.badRequest).reply;
  if (typeof publish === 'function') {
    const value = accepted.value === undefined ? fromJsonText(accepted.data) : accepted.value;
    const context = (): PublishContext<unknown> => ({ ...permissionContext(session, channel, match), data: value });
    if (!(await isAllowed(publish, session, channel, context))) return refuse(errorCodes.permissionDenied).reply;
  }
  const info = session.subscriptions.get(channel)?.clientInfo ?? session.clientInfo;
  await node.publishing.publish(channel, match.rule, accepted.data, { info });
  return { kind: 'publish' };
}

/** `undefined` for a message that the client should not have sent. */
async function tryAccept<T>(session: Session, accept: () => Promise<T>): Promise<T | undefined> {
  try {
    return await accept();
  } catch (error) {
    if (!(error instanceof FanfareError) || error.replyCode !== errorCodes.badRequest.code) throw error;
    session.node.log.debug({ client: session.client, code: error.code }, 'message refused');
    return undefined;
  }
}

function noContext(): never {
  throw new Error('a permission by name asks for no context');
}
