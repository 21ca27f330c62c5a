/** The only way to establish new subscriptions: read, tell the client, go live; or remove every trace of them. */

import type { SubscribeResult } from '../../model/reply.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import type { Attachment } from '../fanout/attachment.js';
import type { Presence } from '../fanout/presence.js';
import { isTooLarge, sizeOf, whenRoomFor } from '../fanout/reply-room.js';
import type { Subscription } from '../fanout/subscription.js';
import type { Clock } from '../ports/clock.js';
import type { Counters } from '../ports/counters.js';
import type { EngineLimits } from '../ports/limits.js';
import type { Logger } from '../ports/logger.js';
import type { Notifier } from '../ports/observer.js';
import type { Session } from './session.js';

/** What new subscriptions are added to, and what is notified of them. */
export interface EstablishPorts {
  readonly presence: Presence;
  readonly notifier: Notifier;
  readonly ruleChanges: { check(subscription: Subscription): void };
  readonly counters: Counters;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits: Pick<EngineLimits, 'maxQueueBytes'>;
}

/** Encodes what the client is told, from one result per attachment. `undefined`: the subscriptions are given up. */
type Encode = (results: readonly SubscribeResult[]) => readonly EncodedMessage[] | undefined;

/**
 * Reads until all attachments are ready at the same time and the client has room for what it missed. Then, in one step,
 * tells the client, takes the subscriptions live, and calls `onLive` before others are notified. False if a
 * subscription has ended meanwhile, or `encode` returns nothing. Subscriptions that are not established are taken back,
 * also when this rejects, which it does as the broker does.
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
      if (reading.length > 0) await readAll(reading);
      if (isOver(session, attachments)) return false;
      // Checks all again: the live stream may have overtaken those that were ready before.
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
    for (const { subscription } of attachments) session.subscriptions.takeBack(subscription);
  }
}

export function countRecovery(
  counters: Counters,
  attachment: Attachment | undefined,
  { wasRecovering, recovered, publications }: SubscribeResult,
): void {
  if (!wasRecovering || attachment === undefined) return;
  const { counts } = attachment.subscription.rule;
  if (!recovered) {
    counters.recoveriesFailed++;
    counts.recoveriesFailed[attachment.loss]++;
    return;
  }
  counters.recoveries++;
  counters.publicationsRecovered += publications.length;
  counts.recoveries++;
  counts.publicationsRecovered += publications.length;
  // Otherwise it is not known yet how many there will be.
  if (!attachment.goesOn) counts.recovered.observe(publications.length);
}

/** Usually there is only one. */
function readAll(attachments: readonly Attachment[]): Promise<unknown> {
  const [first] = attachments;
  if (first !== undefined && attachments.length === 1) return first.read();
  return Promise.all(attachments.map((attachment) => attachment.read()));
}

function isOver(session: Session, attachments: readonly Attachment[]): boolean {
  return session.is('closed') || attachments.some(({ subscription }) => subscription.isEnded);
}

/** One step, in which nothing else may happen. */
function enter(
  ports: EstablishPorts,
  session: Session,
  attachments: readonly Attachment[],
  messages: readonly EncodedMessage[],
  onLive?: () => void,
): void {
  // Before the reply: pushes of the replaced subscription come first, and no publication comes twice.
  const replaced = attachments.map(({ subscription }) => session.subscriptions.replace(subscription));
  for (const message of messages) session.outbox.send(message);
  for (const [index, attachment] of attachments.entries()) {
    attachment.goLive();
    session.subscriptions.limitTime(attachment.subscription);
    ports.presence.joined(attachment.subscription, replaced[index]);
  }
  onLive?.();
  for (const [index, { subscription }] of attachments.entries()) {
    if (replaced[index] === undefined) ports.notifier.notify('subscribed', session, subscription.channel);
    ports.ruleChanges.check(subscription);
  }
}

/** The messages, or the number of bytes for which the queue must have room first. */
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
      for (const [index, result] of results.entries()) countRecovery(ports.counters, attachments[index], result);
      return messages;
    }
    takeBackEncoded?.();
    if (!isTooLarge(ports.limits, numBytes)) return numBytes;
    const largest = largestOf(attachments, results);
    if (largest?.shorten() === true) continue;
    forgo(ports, session, largest, numBytes);
    // It was only the beginning: where the stream is now has to be found out.
    if (largest?.goesOn === true) return 0;
  }
}

function largestOf(attachments: readonly Attachment[], results: readonly SubscribeResult[]): Attachment | undefined {
  const missed = results.map(({ publications }) => publications.length);
  return attachments[missed.indexOf(Math.max(...missed))];
}

/** What was missed will never fit: the client is told that it cannot recover, instead of being closed as slow forever. */
function forgo(
  { limits, log }: EstablishPorts,
  { client, user }: Session,
  largest: Attachment | undefined,
  numBytes: number,
): void {
  largest?.forgo();
  log.warn(
    { client, user, channel: largest?.subscription.channel, bytes: numBytes, limit: limits.maxQueueBytes },
    'recovery refused: what was missed is larger than limits.maxQueueBytes',
  );
}
