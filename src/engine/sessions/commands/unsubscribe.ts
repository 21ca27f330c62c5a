/** `unsubscribe`: also takes back a subscribe that is still under way. */

import { parseChannelName } from '../../../model/channel-name.js';
import { unsubscribeCodes } from '../../../model/codes.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { Session } from '../session.js';

/**
 * Never refused, since SDKs give the whole connection up then: whoever is not in a channel, or in none of that name, has
 * what it wants. A server-side subscription is not the client's to end, and goes on.
 */
export function runUnsubscribe(session: Session, name: string): ReplyBody {
  const channel = parseChannelName(name);
  const subscription = channel && session.subscriptions.get(channel);
  if (subscription?.serverSide === false) session.unsubscribe(subscription, unsubscribeCodes.client);
  return { kind: 'unsubscribe' };
}
