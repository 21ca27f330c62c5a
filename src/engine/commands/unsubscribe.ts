/** `unsubscribe`: also takes back a subscribe that is still under way. */

import { errorCodes, unsubscribeCodes } from '../../model/codes.js';
import type { ReplyBody } from '../../model/reply.js';
import type { Session } from '../session.js';
import { findTarget, refuse } from './target.js';

/** A channel that the client is not in is no error: it wanted not to be there. */
export async function runUnsubscribe(session: Session, name: string): Promise<ReplyBody> {
  const target = findTarget(session, name);
  if (!target.ok) return target.reply;
  const subscription = session.subscriptions.get(target.channel);
  if (subscription?.serverSide) return refuse(errorCodes.permissionDenied).reply;
  if (subscription !== undefined) session.unsubscribe(subscription, unsubscribeCodes.client);
  return { kind: 'unsubscribe' };
}
