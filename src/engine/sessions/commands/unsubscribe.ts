/** `unsubscribe`: also cancels a subscribe that is still under way. */

import { parseChannelName } from '../../../model/channel-name.js';
import { unsubscribeCodes } from '../../../model/codes.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { Session } from '../session.js';

/**
 * Never refused, since SDKs would then reconnect: a client that is not in the channel, or names none, has what it
 * wants. A client cannot end a server-side subscription, which continues.
 */
export function runUnsubscribe(session: Session, name: string): ReplyBody {
  const channel = parseChannelName(name);
  const subscription = channel && session.subscriptions.get(channel);
  if (subscription?.serverSide === false) session.subscriptions.unsubscribe(subscription, unsubscribeCodes.client);
  return { kind: 'unsubscribe' };
}
