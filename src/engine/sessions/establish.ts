/** The only way in for new subscriptions: read, tell the client, go live; or be taken back without a trace. */

import { unsubscribeCodes } from '../../model/codes.js';
import type { SubscribeResult } from '../../model/reply.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import type { Attachment } from '../fanout/attachment.js';
import type { Hub } from '../fanout/hub.js';
import type { Presence } from '../fanout/presence.js';
import { isTooLarge, sizeOf, whenRoomFor } from '../fanout/reply-room.js';
import type { Subscription } from '../fanout/subscription.js';
import type { Clock } from '../ports/clock.js';
import type { Counters } from '../ports/counters.js';
import type { EngineLimits } from '../ports/limits.js';
import type { Logger } from '../ports/logger.js';
import type { Notifier } from '../ports/observer.js';
import type { Deadlines } from '../time/deadlines.js';
import type { Session } from './session.js';

/** What a subscription that does not come about is taken out of. */
export type TakeBackPorts = Pick<EstablishPorts, 'hub' | 'presence'>;

/** What new subscriptions are put into, and who is told of them. */
export interface EstablishPorts {
  readonly hub: Hub;
  readonly presence: Presence;
  readonly deadlines: Deadlines;
  readonly notifier: Notifier;
  readonly ruleChanges: { check(subscription: Subscription): void };
  readonly counters: Counters;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits: EngineLimits;
}

/** Makes what the client is told, of one result for each attachment. `undefined`: the subscriptions are not to be. */
type Encode = (results: readonly SubscribeResult[]) => readonly EncodedMessage[] | undefined;

/**
 * Reads until all attachments are ready at the same instant and their client has room for what it missed. Then, in one
 * step, tells the client, takes the subscriptions live, and calls `onLive` before others are told of them. False when a
 * subscription has ended meanwhile, or `encode` makes nothing. What does not come about is taken back, also when this
 * rejects, which it does as the broker does.
 */
export async function establish(
  ports: EstablishPorts,
  session: Session,
  attachments: readonly Attachment[],
  encode: Encode,
  onLive?: () => void,
): Promise<boolean> {
  let reading = attachments;
  try {
    for (;;) {
      if (isOver(session, attachments)) return false;
      await Promise.all(reading.map((attachment) => attachment.read()));
      if (isOver(session, attachments)) return false;
      // All of them again: the live stream may have run ahead of those that were ready before.
      reading = attachments.filter((attachment) => !attachment.isReady());
      if (reading.length > 0) continue;
      const messages = fitting(ports, session, attachments, encode);
      if (messages === undefined) return false;
      if (typeof messages !== 'number') {
        enter(ports, session, attachments, messages, onLive);
        return true;
      }
      await whenRoomFor(session.outbox, ports.clock, messages);
      reading = attachments;
    }
  } finally {
    for (const { subscription } of attachments) takeBack(ports, session, subscription);
  }
}

/** Takes back whatever was begun for a subscription that did not come about: refused, failed or overtaken. */
export function takeBack(ports: TakeBackPorts, session: Session, subscription: Subscription): void {
  if (subscription.isEstablished) return;
  session.subscriptions.delete(subscription);
  session.putBack(subscription);
  ports.hub.leave(subscription);
  ports.presence.withdrawn(subscription);
}

export function countRecovery(counters: Counters, { wasRecovering, recovered, publications }: SubscribeResult): void {
  if (!wasRecovering) return;
  if (recovered) counters.recoveries++;
  else counters.recoveriesFailed++;
  counters.publicationsRecovered += publications.length;
}

function isOver(session: Session, attachments: readonly Attachment[]): boolean {
  return session.is('closed') || attachments.some(({ subscription }) => subscription.endedBy !== undefined);
}

/** The one step in which nothing else may happen. */
function enter(
  ports: EstablishPorts,
  session: Session,
  attachments: readonly Attachment[],
  messages: readonly EncodedMessage[],
  onLive?: () => void,
): void {
  // Before the reply: what is due to the one that is replaced comes before it, and nothing comes twice.
  const replaced = attachments.map(({ subscription }) => replace(ports, subscription));
  for (const message of messages) session.outbox.send(message);
  attachments.forEach((attachment, index) => {
    attachment.goLive();
    session.renewSubscription(attachment.subscription);
    ports.presence.joined(attachment.subscription, replaced[index]);
  });
  onLive?.();
  attachments.forEach(({ subscription }, index) => {
    if (replaced[index] === undefined) ports.notifier.notify('subscribed', session, subscription.channel);
    ports.ruleChanges.check(subscription);
  });
}

/** What to send, or for how many bytes there has to be room first. */
function fitting(
  ports: EstablishPorts,
  session: Session,
  attachments: readonly Attachment[],
  encode: Encode,
): readonly EncodedMessage[] | number | undefined {
  for (;;) {
    const results = attachments.map((attachment) => attachment.result());
    const hasMissed = results.some(({ publications }) => publications.length > 0);
    const takeBackEncoded = hasMissed ? session.outbox.checkpoint() : undefined;
    const messages = encode(results);
    if (messages === undefined) return undefined;
    const numBytes = hasMissed ? sizeOf(messages) : 0;
    if (numBytes === 0 || session.outbox.hasRoomFor(numBytes)) {
      for (const result of results) countRecovery(ports.counters, result);
      return messages;
    }
    takeBackEncoded?.();
    if (!isTooLarge(ports.limits, numBytes)) return numBytes;
    forgoLargest(ports, session, attachments, results, numBytes);
  }
}

/** What was missed will never fit: the client is told that it cannot recover, in place of being closed as slow for ever. */
function forgoLargest(
  { limits, log }: EstablishPorts,
  { client, user }: Session,
  attachments: readonly Attachment[],
  results: readonly SubscribeResult[],
  numBytes: number,
): void {
  const missed = results.map(({ publications }) => publications.length);
  const largest = attachments[missed.indexOf(Math.max(...missed))];
  largest?.forgo();
  log.warn(
    { client, user, channel: largest?.subscription.channel, bytes: numBytes, limit: limits.maxQueueBytes },
    'recovery refused: what was missed is larger than limits.maxQueueBytes',
  );
}

/** Takes the server's own subscription out in favour of its client's. To everybody else the client has been there all the time. */
function replace(
  ports: Pick<EstablishPorts, 'hub' | 'deadlines'>,
  subscription: Subscription,
): Subscription | undefined {
  const { replaces } = subscription;
  if (replaces === undefined) return undefined;
  subscription.replaces = undefined;
  replaces.endedBy = unsubscribeCodes.client;
  if (replaces.deadline !== undefined) ports.deadlines.remove(replaces, replaces.deadline);
  ports.hub.leave(replaces);
  return replaces;
}
