/** What a server can do with channels and clients: one list for the library and for the HTTP API. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Disconnect, Unsubscribe } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { type Payload, payloadJson } from '../../model/payload.js';
import type { ClientInfo } from '../../model/publication.js';
import type { Revocation } from '../auth/revocations.js';
import { acceptMessage, type Publishing, type PublishingOptions } from '../channels/publishing.js';
import type { RuleMatch } from '../channels/rule.js';
import type { NodeSummary } from '../cluster/messages.js';
import type { Identity } from '../ports/authenticator.js';
import type {
  HistoryPage,
  HistoryQuery,
  HistoryStore,
  PresenceStats,
  PresenceStore,
  Published,
  Stores,
} from '../ports/broker.js';
import type { Random } from '../ports/clock.js';
import type { ServerSubscribeOptions } from '../sessions/server-subscribe.js';
import { withTimeLimit } from '../time/time-limit.js';
import { type ChannelSummary, type ClientSelector, channelsLike, findChannel, summaryOf } from './clients.js';
import type { Order } from './order.js';
import { orders, type RefreshOfClients } from './orders.js';
import { readChannels, readSummary, type ServicePorts, ticketOf } from './services.js';

/** Of one broadcast, that are published to in one turn of the event loop. */
const channelsPerTurn = 256;

export type PublishRequestOptions = Omit<PublishingOptions, 'info'>;

/** What a ticket stands for beside the user. */
export interface TicketGrant extends Pick<Identity, 'expiresAtMs' | 'info' | 'meta'> {
  /** How long it can be used. Default: 30 seconds. */
  readonly ttlMs?: number;
}

const defaultTicketTtlMs = 30_000;

/** Longest wait for what is only to be read. */
const questionDeadlineMs = 2_000;
/** Longest wait for what is to be done (G9). */
const orderDeadlineMs = 5_000;
/** Others are told for longer than that: until one of them that does not answer must have been given up. */
const orderRepeatMs = 14_000;

/** What operations need of a node. */
export interface OperationsPorts extends ServicePorts {
  readonly random: Random;
  readonly broker: Stores;
  readonly publishing: Publishing;
}

/**
 * Every method throws or rejects with a `FanfareError`: `ERR_CHANNEL_NAME` for what is no name, `ERR_UNKNOWN_CHANNEL`
 * where no rule matches, `ERR_NOT_AVAILABLE` for what the channel's rule does not keep, `ERR_BROKER` when the broker
 * cannot be reached. What is done with clients is done on this node before the call returns, and on the others when its
 * promise resolves.
 */
export class Operations {
  readonly #ports: OperationsPorts;

  constructor(ports: OperationsPorts) {
    this.#ports = ports;
  }

  /** Connected clients on this node. */
  get numClients(): number {
    return this.#ports.sessions.numClients;
  }

  /** Also `ERR_MESSAGE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, `ERR_IDEMPOTENCY_KEY`, `ERR_CLOSED`. */
  async publish(channel: string, data: Payload, options: PublishRequestOptions): Promise<Published> {
    const { name, match } = this.find(channel);
    const accepted = await acceptMessage(match.rule, data);
    return this.#ports.publishing.publish(name, match.rule, accepted.data, options);
  }

  /** One outcome per channel, in their order; one that fails does not stop the others. Many are published by and by. */
  async broadcast(
    channels: readonly string[],
    data: Payload,
    options: PublishRequestOptions,
  ): Promise<PromiseSettledResult<Published>[]> {
    const outcomes: PromiseSettledResult<Published>[] = [];
    for (let start = 0; start < channels.length; start += channelsPerTurn) {
      // What else the node has to do is not held up by a long list.
      if (start > 0) await new Promise<void>((resolve) => this.#ports.clock.afterTurn(resolve));
      const some = channels.slice(start, start + channelsPerTurn);
      outcomes.push(...(await Promise.allSettled(some.map((channel) => this.publish(channel, data, options)))));
    }
    return outcomes;
  }

  /** Returns how many connections were newly subscribed: of the nodes that have answered in time. */
  async subscribe(who: ClientSelector, channel: string, options: ServerSubscribeOptions): Promise<number> {
    const order = orders.subscribe.of({ who, channel, options });
    const own = order.follow(this.#ports);
    const others = this.#ports.cluster.askAll('order', order.told, { deadlineMs: orderDeadlineMs });
    // Its refusal is the answer, whatever the others say.
    const counts = [await own, ...(await others)];
    return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
  }

  /** Their clients do not come back by themselves, unless the code says so (2500 and above). Default: 2000. */
  unsubscribe(who: ClientSelector, channel: string, why?: Unsubscribe): Promise<void> {
    return this.#order(orders.unsubscribe.of({ who, channel, why }));
  }

  /** @param why default: 3503 @param except connections that stay */
  disconnect(who: ClientSelector, why?: Disconnect, except: readonly string[] = []): Promise<void> {
    return this.#order(orders.disconnect.of({ who, why, except: [...except] }));
  }

  /** Puts the end of connections off, or ends them now (`expired`). Without a time they do not expire any more. */
  refresh(who: ClientSelector, options: RefreshOfClients): Promise<void> {
    return this.#order(orders.refresh.of({ who, options }));
  }

  /** A message outside any channel. */
  send(who: ClientSelector, data: Payload): Promise<void> {
    return this.#order(orders.send.of({ who, data: payloadJson(data) }));
  }

  async presence(channel: string): Promise<readonly ClientInfo[]> {
    const { name, store } = this.#presenceOf(channel);
    return store.list(name, this.#ports.limits.maxPresenceClients);
  }

  async presenceStats(channel: string): Promise<PresenceStats> {
    const { name, store } = this.#presenceOf(channel);
    return store.stats(name);
  }

  /** Also `ERR_UNRECOVERABLE` when what follows `since` is not there any more. A limit below 0 is the node's own. */
  async history(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    const { name, store } = this.#historyOf(channel);
    const most = this.#ports.limits.maxHistoryPublications;
    const limit = query.limit < 0 ? most : Math.min(query.limit, most);
    const page = await store.read(name, { ...query, limit });
    if (!page.continuous) throw new FanfareError('ERR_UNRECOVERABLE', `"${channel}" has nothing left from there`);
    return page;
  }

  async removeHistory(channel: string): Promise<void> {
    const { name, store } = this.#historyOf(channel);
    await store.remove(name);
  }

  /** Channels with subscribers, on all nodes that answer in time. Also `ERR_PATTERN`. @param pattern see {@link Glob}; empty for all */
  async channels(pattern: string): Promise<ChannelSummary[]> {
    const { hub, cluster } = this.#ports;
    // First, so that nobody is asked for what is none.
    const own = channelsLike(hub, pattern);
    const answers = await cluster.askAll('channels', { pattern }, { deadlineMs: questionDeadlineMs });
    const counts = new Map<string, number>();
    for (const { name, numClients } of [own, ...answers.map(readChannels)].flat()) {
      counts.set(name, (counts.get(name) ?? 0) + numClients);
    }
    return [...counts].map(([name, numClients]) => ({ name, numClients }));
  }

  /** How this node is doing, and all others that answer in time. */
  async info(): Promise<NodeSummary[]> {
    const answers = await this.#ports.cluster.askAll('info', {}, { deadlineMs: questionDeadlineMs });
    return [summaryOf(this.#ports), ...answers.flatMap(readSummary)];
  }

  /** A ticket that lets one client in, once, on any node as long as this one lives. */
  issueTicket(user: string, { ttlMs = defaultTicketTtlMs, ...identity }: TicketGrant): string {
    const { id, tickets, clock } = this.#ports;
    return ticketOf(id, tickets.issue({ ...identity, user, issuedAtMs: clock.wallMs() }, ttlMs));
  }

  /** From now on nobody gets in that it is about, and those who are in are closed; likewise for subscription tokens. */
  revoke(revocation: Revocation): Promise<void> {
    return this.#order(orders.revoke.of({ revocation: this.#ports.revocations.dated(revocation) }));
  }

  /** Lets a blocked user in again. */
  unblock(user: string): Promise<void> {
    return this.#order(orders.unblock.of({ user, atMs: this.#ports.revocations.timeToUnblock(user) }));
  }

  /** A channel and its rule. */
  find(channel: string): { readonly name: ChannelName; readonly match: RuleMatch } {
    return findChannel(this.#ports, channel);
  }

  /**
   * Is followed here at once. Resolves when the others have followed, or are out of time: they are told until they answer or
   * are given up, and then once more when they are back.
   */
  #order(order: Order): Promise<void> {
    order.follow(this.#ports);
    return this.#tell(order);
  }

  async #tell(order: Order): Promise<void> {
    const { cluster, random, recentOrders, clock } = this.#ports;
    const id = random.id();
    recentOrders.add(id, order, 0);
    const followed = cluster.askAll('order', { ...order.told, id }, { deadlineMs: orderRepeatMs });
    await withTimeLimit(clock, orderDeadlineMs, 'order', followed).catch(() => {
      // Those that have not answered are told further; nobody waits for them.
    });
  }

  #historyOf(channel: string): { readonly name: ChannelName; readonly store: HistoryStore } {
    const { name, match } = this.find(channel);
    const store = this.#ports.broker.history;
    if (match.rule.stream !== undefined && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no history`);
  }

  #presenceOf(channel: string): { readonly name: ChannelName; readonly store: PresenceStore } {
    const { name, match } = this.find(channel);
    const store = this.#ports.broker.presence;
    if (match.rule.presence && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no presence`);
  }
}
