/** What a node answers to others, and how it reads their answers. */

import * as v from 'valibot';
import { type ChannelName, parseChannelName } from '../../model/channel-name.js';
import type { Tickets } from '../auth/tickets.js';
import type { Answering, AnswerNotice } from '../channels/answering.js';
import { grantSchema } from '../channels/grant.js';
import type { Cluster } from '../cluster/cluster.js';
import { type NodeSummary, nodeSummary } from '../cluster/messages.js';
import type { Hub } from '../fanout/hub.js';
import type { Identity } from '../ports/authenticator.js';
import type { EngineLimits } from '../ports/limits.js';
import type { Logger } from '../ports/logger.js';
import { type ChannelSummary, channelsLike, type SummaryPorts, summaryOf } from './clients.js';
import { countPresent, presentIn } from './control-presence.js';
import type { OrderPorts } from './order.js';
import { decodeOrder, orders } from './orders.js';
import type { RecentOrders } from './recent-orders.js';

/** Longest wait for the node that issued a ticket, or for revocations and recent orders. */
const deadlineMs = 5_000;

const channelQuestion = v.object({ channel: v.string(), limit: v.optional(v.number(), 0) });
const patternQuestion = v.object({ pattern: v.string() });
const answerNotice = v.object({
  channel: v.string(),
  id: v.string(),
  run: v.exactOptional(v.pipe(v.number(), v.safeInteger())),
  isAlone: v.exactOptional(v.literal(true)),
});
const ticketQuestion = v.object({ ticket: v.pipe(v.string(), v.maxLength(256)) });
const channelList = v.array(v.tuple([v.string(), v.pipe(v.number(), v.minValue(0))]));
/** The id of an order, so that a node carries it out once, and its age. */
const toldOrder = v.object({
  id: v.pipe(v.string(), v.maxLength(1_024)),
  agoMs: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});
const standing = v.object({
  revoked: v.array(v.unknown()),
  unblocked: v.array(v.object({ user: v.string(), atMs: v.number() })),
  /** Absent from earlier versions. */
  orders: v.optional(v.array(v.unknown()), []),
});
/** The part of a {@link TicketGrant} that is sent to the node that redeems the ticket. */
const ticketIdentity = v.object({ user: v.string(), ...grantSchema.entries, meta: v.optional(v.unknown()) });

/** What the answers to other nodes are made from. */
export interface ServicePorts extends OrderPorts, SummaryPorts {
  readonly cluster: Pick<
    Cluster,
    'size' | 'isClosed' | 'serve' | 'ask' | 'askAll' | 'onJoined' | 'onHeardAgain' | 'missed'
  >;
  readonly recentOrders: Pick<RecentOrders, 'add' | 'all'>;
  readonly tickets: Pick<Tickets, 'issue' | 'redeem'>;
  readonly answering: Pick<Answering, 'take'>;
  readonly limits: Pick<EngineLimits, 'maxPresenceClients'> & OrderPorts['limits'];
  readonly log: Logger;
}

/** Registers all answers to other nodes, and asks nodes that join for their revocations and orders. */
export function serveCluster(ports: ServicePorts): void {
  const { cluster, hub, revocations, recentOrders, tickets, limits, answering } = ports;
  cluster.serve('info', () => summaryOf(ports));
  cluster.serve('channels', (body) => {
    const { pattern } = v.parse(patternQuestion, body);
    return channelsLike(hub, pattern).map(({ name, numClients }) => [name, numClients]);
  });
  cluster.serve('order', async (body) => {
    const order = decodeOrder(body);
    if (order === undefined) throw new Error('an order that this version does not know');
    const told = v.safeParse(toldOrder, body);
    const isNew = !told.success || recentOrders.add(told.output.id, order, told.output.agoMs);
    return isNew ? ((await order.follow(ports)) ?? 0) : 0;
  });
  cluster.serve('standing', () => ({
    revoked: revocations.all(),
    unblocked: revocations.unblocked(),
    orders: recentOrders.all(),
  }));
  cluster.serve('ticket', (body) => tickets.redeem(v.parse(ticketQuestion, body).ticket) ?? null);
  cluster.serve('presence', (body) => {
    const { channel, limit } = v.parse(channelQuestion, body);
    const name = parseChannelName(channel);
    return name === undefined ? [] : presentIn(hub, name, Math.min(limit, limits.maxPresenceClients));
  });
  cluster.serve('presence_stats', (body) => {
    const name = parseChannelName(v.parse(channelQuestion, body).channel);
    return name === undefined ? { numClients: 0, users: [] } : countPresent(hub, name);
  });
  cluster.serve('answer', (body) => {
    answering.take(v.parse(answerNotice, body));
    return 0;
  });
  cluster.serve('subscribers', (body) => {
    const name = parseChannelName(v.parse(channelQuestion, body).channel);
    return (name && hub.channel(name)?.numSubscribers) ?? 0;
  });
  // Either node may have missed something: a new node everything, one that was cut off the orders meanwhile.
  cluster.onJoined((nodeId) => void learnStanding(ports, nodeId));
  cluster.onHeardAgain((nodeId) => void learnStanding(ports, nodeId));
}

async function learnStanding(ports: ServicePorts, from: string): Promise<void> {
  const { cluster, recentOrders, clock, log } = ports;
  const answer = await cluster.ask(from, 'standing', {}, { deadlineMs });
  const parsed = answer.ok ? v.safeParse(standing, answer.body) : undefined;
  if (parsed?.success !== true) {
    log.warn({ node: from }, 'a node did not send its revocations and orders: it is asked again when it is heard next');
    cluster.missed(from);
    return;
  }
  for (const unblocked of parsed.output.unblocked) orders.unblock.of(unblocked).follow(ports);
  for (const revocation of parsed.output.revoked) orders.revoke.decode({ revocation })?.follow(ports);
  for (const value of parsed.output.orders) {
    const told = v.safeParse(v.object({ ...toldOrder.entries, order: v.unknown() }), value);
    const order = told.success ? decodeOrder(told.output.order) : undefined;
    if (!told.success || order === undefined) continue;
    const { id, agoMs } = told.output;
    if (recentOrders.add(id, order, agoMs)) await order.follow(ports, clock.nowMs() - agoMs);
  }
}

/** Contains the id of the node that issued it, so that any node can ask that node. */
export function ticketOf(nodeId: string, ticket: string): string {
  return `${nodeId}.${ticket}`;
}

/** Redeems a ticket; `undefined` if it is not valid any more, or its node is gone. */
export async function redeemTicket(
  { id, tickets, cluster }: Pick<ServicePorts, 'id' | 'tickets' | 'cluster'>,
  ticket: string,
): Promise<Identity | undefined> {
  const dot = ticket.lastIndexOf('.');
  if (dot < 1) return undefined;
  const [from, secret] = [ticket.slice(0, dot), ticket.slice(dot + 1)];
  if (from === id) return tickets.redeem(secret);
  const answer = await cluster.ask(from, 'ticket', { ticket: secret }, { deadlineMs });
  if (!answer.ok || answer.body === null) return undefined;
  const parsed = v.safeParse(ticketIdentity, answer.body);
  return parsed.success ? parsed.output : undefined;
}

/** Empty for an answer that cannot be decoded. */
export function readSummary(answer: unknown): NodeSummary[] {
  const parsed = v.safeParse(nodeSummary, answer);
  return parsed.success ? [parsed.output] : [];
}

/** Empty for an answer that cannot be decoded. */
export function readChannels(answer: unknown): ChannelSummary[] {
  const parsed = v.safeParse(channelList, answer);
  return parsed.success ? parsed.output.map(([name, numClients]) => ({ name, numClients })) : [];
}

/** Longest wait for the others, which are told again until then. */
const noticeMs = 4_000;

/** Tells the other nodes what has become of an answer. A node that is not reached finds it with its next change. */
export function tellOfAnswer(cluster: Pick<Cluster, 'askAll'>, notice: AnswerNotice): void {
  void cluster.askAll('answer', notice, { deadlineMs: noticeMs });
}

/**
 * Subscribers of a channel: all on this node, or else those on the others. `undefined`: there is none as far as the nodes have
 * answered in time, and not all of them have.
 */
export async function numSubscribersOf(
  { hub, cluster }: { readonly hub: Pick<Hub, 'channel'>; readonly cluster: Pick<Cluster, 'askAll' | 'size'> },
  channel: ChannelName,
): Promise<number | undefined> {
  const own = hub.channel(channel)?.numSubscribers ?? 0;
  // One is enough for who asks.
  if (own > 0) return own;
  const numAsked = cluster.size;
  const others = await cluster.askAll('subscribers', { channel }, { deadlineMs: noticeMs });
  const sum = others.reduce<number>((before, count) => before + (typeof count === 'number' ? count : 0), 0);
  return sum === 0 && others.length < numAsked ? undefined : sum;
}
