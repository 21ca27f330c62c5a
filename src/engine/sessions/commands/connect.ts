/** `connect`: who is it, and which channels does it get without asking. */

import { errorCodes } from '../../../model/codes.js';
import type { ConnectRequest } from '../../../model/command.js';
import type { ReplyBody, SubscribeResult } from '../../../model/reply.js';
import type { EncodedMessage } from '../../../protocols/protocol.js';
import { limitReached, revokedByClock, revoked as revokedLine } from '../../channels/refusal-lines.js';
import type { Attachment } from '../../fanout/attachment.js';
import { sizeOf } from '../../fanout/reply-room.js';
import type { Identity } from '../../ports/authenticator.js';
import { type Denied, refuse } from '../../ports/decision.js';
import { ttlSec } from '../../time/ttl.js';
import { forgo, takeBack } from '../establish.js';
import type { Session } from '../session.js';
import { findTargets, serverSide } from './server-side.js';

const noHeaders: ReadonlyMap<string, string> = new Map();

export async function runConnect(
  session: Session,
  id: number,
  request: ConnectRequest,
): Promise<ReplyBody | Denied | undefined> {
  const { node } = session;
  const outcome = await node.auth.connect({
    token: request.token,
    data: request.data,
    handshake: session.handshake,
    standIns: request.headers ?? noHeaders,
    client: session.client,
    transport: session.transport,
    name: request.name,
    version: request.version,
  });
  if (!session.is('connecting')) return undefined;
  if (!outcome.ok) {
    if ('error' in outcome) session.state = 'refused';
    return outcome;
  }
  for (const note of outcome.notes ?? []) session.explain(note);
  const { identity } = outcome;
  if (node.revocations.isByClock(identity)) {
    session.state = 'refused';
    return refuse(errorCodes.tokenExpired, revokedByClock);
  }
  const revoked = node.revocations.find(identity);
  if (revoked !== undefined) {
    session.close(revoked, revokedLine);
    return undefined;
  }
  const isSeated = await findSeat(session, identity.user);
  if (!session.is('connecting')) return undefined;
  if (!isSeated) {
    session.state = 'refused';
    // Temporary: the user may have closed another one, or lost it, which the server finds out a ping later.
    const full = { ...errorCodes.limitExceeded, temporary: true };
    return refuse(full, limitReached('maxConnectionsPerUser', node.limits.maxConnectionsPerUser));
  }
  const targets = findTargets(session, identity);
  if (!targets.ok) {
    session.state = 'refused';
    return targets;
  }
  admit(session, identity, request.token !== undefined);
  const attachments = serverSide(session, targets.found, request.subs);
  try {
    await attachAll(attachments);
  } catch (error) {
    for (const { subscription } of attachments) takeBack(session, subscription);
    throw error;
  }
  // Things may have changed while others were asked.
  const objection = node.revocations.find(identity);
  if (objection !== undefined) session.close(objection, revokedLine);
  // Closed meanwhile, perhaps by its own client; `close` has freed everything.
  if (!session.is('connecting')) {
    for (const { subscription } of attachments) node.presence.withdrawn(subscription);
    return undefined;
  }
  session.outbox.send(encodeConnectReply(session, id, identity, attachments));
  for (const attachment of attachments) {
    attachment.goLive();
    session.renewSubscription(attachment.subscription);
    node.presence.joined(attachment.subscription);
  }
  session.connected();
  node.singleConnection?.connected(session);
  for (const { subscription } of attachments) {
    node.notifier.notify('subscribed', session, subscription.channel);
    node.ruleChanges.check(subscription);
  }
  return undefined;
}

/** With what was missed, as far as it may wait for the client: the largest recoveries are forgone first. */
function encodeConnectReply(
  session: Session,
  id: number,
  identity: Identity,
  attachments: readonly Attachment[],
): EncodedMessage {
  for (;;) {
    const subs = new Map<string, SubscribeResult>();
    for (const attachment of attachments) subs.set(attachment.subscription.channel, resultOf(attachment));
    const message = session.encodeReply(id, { kind: 'connect', result: connectResult(session, identity, subs) });
    const numBytes = sizeOf([message]);
    if (session.outbox.hasRoomFor(numBytes)) return message;
    const numMissed = ({ subscription }: Attachment) => subs.get(subscription.channel)?.publications.length ?? 0;
    const largest = [...attachments].sort((a, b) => numMissed(b) - numMissed(a))[0];
    if (largest === undefined || numMissed(largest) === 0) return message;
    forgo(session, largest, numBytes);
  }
}

/** Makes it one of its user's connections, of which there may be so many. False when there are as many. */
async function findSeat(session: Session, user: string): Promise<boolean> {
  const { seats } = session.node;
  const taken = seats.take(user);
  const isTaken = typeof taken === 'boolean' ? taken : await taken;
  if (!isTaken) return false;
  // The client may have left while the answer was on its way.
  if (session.is('closed')) seats.free(user);
  else session.seat = user;
  return true;
}

function admit(session: Session, identity: Identity, hasToken: boolean): void {
  session.identity = identity;
  session.clientInfo = {
    user: identity.user,
    client: session.client,
    ...(identity.info !== undefined && { connInfo: identity.info }),
  };
  session.refreshable = hasToken && session.node.auth.refresh !== undefined;
  session.expiresAtMs = identity.expiresAtMs;
}

function resultOf(attachment: Attachment): SubscribeResult {
  const { data } = attachment.subscription.identity;
  return { ...attachment.result(), ...(data !== undefined && { data }) };
}

function connectResult(session: Session, identity: Identity, subs: ReadonlyMap<string, SubscribeResult>) {
  const { node } = session;
  return {
    client: session.client,
    version: node.version,
    ...(session.refreshable && ttlSec(node.clock, identity.expiresAtMs)),
    ...(identity.data !== undefined && { data: identity.data }),
    subs,
    pingIntervalSec: Math.round(node.limits.pingIntervalMs / 1_000),
    pong: node.limits.pingIntervalMs > 0,
    session: session.handshake.session ?? session.client,
    node: node.id,
  };
}

/** Resolves when all are ready at the same instant, which is when one reply can tell them all. */
async function attachAll(attachments: readonly Attachment[]): Promise<void> {
  let reading = attachments;
  while (reading.length > 0) {
    await Promise.all(reading.map((attachment) => attachment.read()));
    reading = attachments.filter((attachment) => !attachment.isReady());
  }
}
