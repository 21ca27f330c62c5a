/** The steps that every new subscription takes: read, tell, go live; or be taken back without a trace. */

import type { SubscribeResult } from '../model/reply.js';
import type { Attachment } from './attachment.js';
import type { Session } from './session.js';
import type { Subscription } from './subscription.js';

/**
 * Reads until the attachment is ready, then in one step has its client told (`tell`) and takes it live. False when it
 * has ended meanwhile, or when `tell` says that it is not to be.
 */
export async function establish(
  session: Session,
  attachment: Attachment,
  tell: (result: SubscribeResult) => boolean,
): Promise<boolean> {
  const { subscription } = attachment;
  do {
    if (isOver(session, subscription)) return false;
    await attachment.read();
    if (isOver(session, subscription)) return false;
  } while (!attachment.isReady());
  if (!tell(attachment.result())) return false;
  attachment.goLive();
  session.renewSubscription(subscription);
  session.node.presence.joined(subscription);
  session.node.notifier.notify('subscribed', session, subscription.channel);
  return true;
}

/** Takes back whatever was begun for a subscription that did not come about: refused, failed or overtaken. */
export function takeBack(session: Session, subscription: Subscription): void {
  if (subscription.isEstablished) return;
  session.subscriptions.delete(subscription);
  session.node.hub.leave(subscription);
  session.node.presence.withdrawn(subscription);
}

function isOver(session: Session, subscription: Subscription): boolean {
  return session.is('closed') || subscription.endedBy !== undefined;
}
