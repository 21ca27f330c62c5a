/** The steps that every new subscription takes: read, tell, go live; or be taken back without a trace. */

import { unsubscribeCodes } from '../../model/codes.js';
import type { SubscribeResult } from '../../model/reply.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import type { Attachment } from '../fanout/attachment.js';
import { isTooLarge, sizeOf, whenRoomFor } from '../fanout/reply-room.js';
import type { Subscription } from '../fanout/subscription.js';
import type { Session } from './session.js';

/**
 * Reads until the attachment is ready and its client has room for what it missed, then in one step tells the client
 * (`encode`) and takes the subscription live. False when it has ended meanwhile, or when `encode` says that it is not
 * to be.
 */
export async function establish(
  session: Session,
  attachment: Attachment,
  encode: (result: SubscribeResult) => readonly EncodedMessage[] | undefined,
): Promise<boolean> {
  const { subscription } = attachment;
  let replaced: Subscription | undefined;
  for (;;) {
    if (isOver(session, subscription)) return false;
    await attachment.read();
    if (isOver(session, subscription)) return false;
    if (!attachment.isReady()) continue;
    const result = attachment.result();
    const messages = encode(result);
    if (messages === undefined) return false;
    const numBytes = result.publications.length === 0 ? 0 : sizeOf(messages);
    if (numBytes === 0 || session.outbox.hasRoomFor(numBytes)) {
      // Before the reply: what is due to the one that is replaced comes before it, and nothing comes twice.
      replaced = replace(session, subscription);
      for (const message of messages) session.outbox.send(message);
      break;
    }
    if (isTooLarge(session, numBytes)) forgo(session, attachment, numBytes);
    else await whenRoomFor(session, numBytes);
  }
  attachment.goLive();
  session.renewSubscription(subscription);
  session.node.presence.joined(subscription, replaced);
  if (replaced === undefined) session.node.notifier.notify('subscribed', session, subscription.channel);
  session.node.ruleChanges.check(subscription);
  return true;
}

/** Takes the server's own subscription out in favour of its client's. To everybody else the client has been there all the time. */
function replace(session: Session, subscription: Subscription): Subscription | undefined {
  const { replaces } = subscription;
  if (replaces === undefined) return undefined;
  subscription.replaces = undefined;
  replaces.endedBy = unsubscribeCodes.client;
  if (replaces.deadline !== undefined) session.node.deadlines.remove(replaces, replaces.deadline);
  session.node.hub.leave(replaces);
  return replaces;
}

/** What was missed will never fit: the client is told that it cannot recover, in place of being closed as slow for ever. */
export function forgo(session: Session, attachment: Attachment, numBytes: number): void {
  const { node, client, user } = session;
  attachment.forgo();
  node.log.warn(
    { client, user, channel: attachment.subscription.channel, bytes: numBytes, limit: node.limits.maxQueueBytes },
    'recovery refused: what was missed is larger than limits.maxQueueBytes',
  );
}

/** Takes back whatever was begun for a subscription that did not come about: refused, failed or overtaken. */
export function takeBack(session: Session, subscription: Subscription): void {
  if (subscription.isEstablished) return;
  session.subscriptions.delete(subscription);
  session.putBack(subscription);
  session.node.hub.leave(subscription);
  session.node.presence.withdrawn(subscription);
}

function isOver(session: Session, subscription: Subscription): boolean {
  return session.is('closed') || subscription.endedBy !== undefined;
}
