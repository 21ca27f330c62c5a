/** What a server can do with channels and clients: one list for the library and for the HTTP API. */

import type { ChannelName } from '../../model/channel-name.js';
import { type Disconnect, disconnectCodes, type Unsubscribe, unsubscribeCodes } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { type Payload, payloadJson } from '../../model/payload.js';
import type { ClientInfo } from '../../model/publication.js';
import type { Revocation } from '../auth/revocations.js';
import { acceptMessage, type PublishingOptions } from '../channels/publishing.js';
import type { RuleMatch } from '../channels/rule.js';
import type { NodeSummary } from '../cluster/messages.js';
import type { Node } from '../node.js';
import type { Identity } from '../ports/authenticator.js';
import type {
  HistoryPage,
  HistoryQuery,
  HistoryStore,
  PresenceStats,
  PresenceStore,
  Published,
} from '../ports/broker.js';
import type { ServerSubscribeOptions } from '../sessions/server-subscribe.js';
import { withTimeLimit } from '../time/time-limit.js';
import { type ChannelSummary, type ClientSelector, type RefreshOfClients, summaryOf } from './node-clients.js';
import type { Order } from './orders.js';
import { RecentOrders } from './recent-orders.js';
import { readChannels, readSummary, ticketOf } from './services.js';

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

/**
 * Every method throws or rejects with a `FanfareError`: `ERR_CHANNEL_NAME` for what is no name, `ERR_UNKNOWN_CHANNEL`
 * where no rule matches, `ERR_NOT_AVAILABLE` for what the channel's rule does not keep, `ERR_BROKER` when the broker
 * cannot be reached. What is done with clients is done on this node before the call returns, and on the others when its
 * promise resolves.
 */
export class Operations {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  /** Connected clients on this node. */
  get numClients(): number {
    return this.#node.sessions.numClients;
  }

  /** Also `ERR_MESSAGE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, `ERR_IDEMPOTENCY_KEY`, `ERR_CLOSED`. */
  async publish(channel: string, data: Payload, options: PublishRequestOptions): Promise<Published> {
    const { name, match } = this.find(channel);
    const accepted = await acceptMessage(match.rule, data);
    return this.#node.publishing.publish(name, match.rule, accepted.data, options);
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
      if (start > 0) await new Promise<void>((resolve) => this.#node.clock.afterTurn(resolve));
      const some = channels.slice(start, start + channelsPerTurn);
      outcomes.push(...(await Promise.allSettled(some.map((channel) => this.publish(channel, data, options)))));
    }
    return outcomes;
  }

  /** Returns how many connections were newly subscribed: of the nodes that have answered in time. */
  async subscribe(who: ClientSelector, channel: string, options: ServerSubscribeOptions): Promise<number> {
    const { clients, cluster } = this.#node;
    const own = clients.subscribe(who, channel, options);
    const others = cluster.askAll('order', { do: 'subscribe', who, channel, options }, { deadlineMs: orderDeadlineMs });
    // Its refusal is the answer, whatever the others say.
    const counts = [await own, ...(await others)];
    return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
  }

  /** Their clients do not come back by themselves, unless the code says so (2500 and above). */
  unsubscribe(who: ClientSelector, channel: string, why: Unsubscribe = unsubscribeCodes.server): Promise<void> {
    this.#node.clients.unsubscribe(who, channel, why);
    return this.#order({ do: 'unsubscribe', who, channel, why });
  }

  /** @param except connections that stay */
  disconnect(
    who: ClientSelector,
    why: Disconnect = disconnectCodes.forceNoReconnect,
    except: readonly string[] = [],
  ): Promise<void> {
    this.#node.clients.disconnect(who, why, except);
    return this.#order({ do: 'disconnect', who, why, except: [...except] });
  }

  /** Puts the end of connections off, or ends them now (`expired`). Without a time they do not expire any more. */
  refresh(who: ClientSelector, options: RefreshOfClients): Promise<void> {
    this.#node.clients.refresh(who, options);
    return this.#order({ do: 'refresh', who, options });
  }

  /** A message outside any channel. */
  send(who: ClientSelector, data: Payload): Promise<void> {
    this.#node.clients.send(who, data);
    return this.#order({ do: 'send', who, data: payloadJson(data) });
  }

  async presence(channel: string): Promise<readonly ClientInfo[]> {
    const { name, store } = this.#presenceOf(channel);
    return store.list(name, this.#node.limits.maxPresenceClients);
  }

  async presenceStats(channel: string): Promise<PresenceStats> {
    const { name, store } = this.#presenceOf(channel);
    return store.stats(name);
  }

  /** Also `ERR_UNRECOVERABLE` when what follows `since` is not there any more. A limit below 0 is the node's own. */
  async history(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    const { name, store } = this.#historyOf(channel);
    const most = this.#node.limits.maxHistoryPublications;
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
    const { clients, cluster } = this.#node;
    // First, so that nobody is asked for what is none.
    const own = clients.channels(pattern);
    const answers = await cluster.askAll('channels', { pattern }, { deadlineMs: questionDeadlineMs });
    const counts = new Map<string, number>();
    for (const { name, numClients } of [own, ...answers.map(readChannels)].flat()) {
      counts.set(name, (counts.get(name) ?? 0) + numClients);
    }
    return [...counts].map(([name, numClients]) => ({ name, numClients }));
  }

  /** How this node is doing, and all others that answer in time. */
  async info(): Promise<NodeSummary[]> {
    const answers = await this.#node.cluster.askAll('info', {}, { deadlineMs: questionDeadlineMs });
    return [summaryOf(this.#node), ...answers.flatMap(readSummary)];
  }

  /** A ticket that lets one client in, once, on any node as long as this one lives. */
  issueTicket(user: string, { ttlMs = defaultTicketTtlMs, ...identity }: TicketGrant): string {
    const { id, tickets, clock } = this.#node;
    return ticketOf(id, tickets.issue({ ...identity, user, issuedAtMs: clock.wallMs() }, ttlMs));
  }

  /** From now on nobody gets in that it is about, and those who are in are closed; likewise for subscription tokens. */
  revoke(revocation: Revocation): Promise<void> {
    return this.#order({ do: 'revoke', revocation: this.#node.clients.revoke(revocation) });
  }

  /** Lets a blocked user in again. */
  unblock(user: string): Promise<void> {
    return this.#order({ do: 'unblock', user, atMs: this.#node.clients.unblock(user) });
  }

  /** A channel and its rule. */
  find(channel: string): { readonly name: ChannelName; readonly match: RuleMatch } {
    return this.#node.clients.find(channel);
  }

  /** Resolves when the others have followed, or are out of time: they are told until they answer or are given up, and then once more when they are back. */
  async #order(order: Order): Promise<void> {
    const { cluster, random, recentOrders, clock } = this.#node;
    const id = random.id();
    if (RecentOrders.isLasting(order)) recentOrders.add({ id, order, agoMs: 0 });
    const followed = cluster.askAll('order', { ...order, id }, { deadlineMs: orderRepeatMs });
    await withTimeLimit(clock, orderDeadlineMs, 'order', followed).catch(() => {
      // Those that have not answered are told further; nobody waits for them.
    });
  }

  #historyOf(channel: string): { readonly name: ChannelName; readonly store: HistoryStore } {
    const { name, match } = this.find(channel);
    const store = this.#node.broker.history;
    if (match.rule.stream !== undefined && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no history`);
  }

  #presenceOf(channel: string): { readonly name: ChannelName; readonly store: PresenceStore } {
    const { name, match } = this.find(channel);
    const store = this.#node.broker.presence;
    if (match.rule.presence && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no presence`);
  }
}
