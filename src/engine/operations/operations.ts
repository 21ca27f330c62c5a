/** The operations on channels and clients, the same for the library and the HTTP API. */

import type { Addition } from '../../model/answer-part.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { Disconnect, Unsubscribe } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { JsonText } from '../../model/json-text.js';
import { type JsonPayload, type Payload, payloadJson } from '../../model/payload.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import { StatePage } from '../../model/state-page.js';
import type { Revocation } from '../auth/revocations.js';
import { acceptAddition, acceptChange, type NewAddition, type NewAnswerChange } from '../channels/answer-changes.js';
import type { AnswerProducer, Stop } from '../channels/answer-producer.js';
import { waitForStop } from '../channels/answer-wait.js';
import type { Answering } from '../channels/answering.js';
import { beginBroadcast, beginPublishing, endPublishing } from '../channels/message-spans.js';
import {
  acceptMessage,
  type ChangeOptions,
  type MapChange,
  type Publishing,
  type PublishingOptions,
} from '../channels/publishing.js';
import type { Rule } from '../channels/rule.js';
import type { NodeSummary } from '../cluster/messages.js';
import type { BrokerHealth } from '../fanout/broker-health.js';
import type { AnswerRead, AnswerStatus } from '../ports/answer-store.js';
import type { Identity } from '../ports/authenticator.js';
import {
  type HistoryPage,
  type HistoryQuery,
  type HistoryStore,
  historyOf,
  type PresenceStats,
  type PresenceStore,
  type Published,
  type Stores,
} from '../ports/broker.js';
import type { Random } from '../ports/clock.js';
import type { EngineLimits } from '../ports/limits.js';
import type { LogLevel } from '../ports/logger.js';
import {
  defaultPageSize,
  type MapEntryRead,
  type MapOutcome,
  type MapPage,
  type MapQuery,
  type MapStore,
} from '../ports/map-store.js';
import type { Tracer } from '../ports/tracer.js';
import type { ServerSubscribeOptions } from '../sessions/server-subscribe.js';
import { withTimeLimit } from '../time/time-limit.js';
import { type ChannelWatchPorts, watchChannel } from './channel-watch.js';
import { type ChannelSummary, type ClientSelector, channelsLike, findChannel, summaryOf } from './clients.js';
import type { Order } from './order.js';
import { orders, type RefreshOfClients } from './orders.js';
import { readChannels, readSummary, type ServicePorts, ticketOf } from './services.js';

/** Channels of one broadcast to which messages are published in one turn. */
const channelsPerTurn = 256;

export type PublishRequestOptions = Omit<PublishingOptions, 'info'>;

export type MapChangeOptions = Omit<ChangeOptions, 'info'>;

/** The identity that a ticket gives, except for the user. */
export interface TicketGrant extends Pick<Identity, 'expiresAtMs' | 'info' | 'meta'> {
  /** How long the ticket is valid. Default: 30 seconds. */
  readonly ttlMs?: number;
}

const defaultTicketTtlMs = 30_000;

/** Longest wait for questions that only read. */
const questionDeadlineMs = 2_000;
/** Longest wait for orders (G9). */
const orderDeadlineMs = 5_000;
/** An order is repeated for longer than that, until a node that does not answer must be considered dead. */
const orderRepeatMs = 14_000;
/** Silence of the broker that means that an order has not left this node, nor its repetitions. */
const cutOffAfterMs = 4_000;

/** What operations need from a node. */
export interface OperationsPorts extends ServicePorts, Omit<ChannelWatchPorts, 'hub'> {
  readonly random: Random;
  readonly broker: Stores;
  readonly publishing: Pick<Publishing, 'publish' | 'change'>;
  readonly answering: Answering;
  readonly tracer: Tracer | undefined;
  readonly brokerHealth: Pick<BrokerHealth, 'silenceWithin'>;
  readonly limits: Pick<EngineLimits, 'maxHistoryPublications'> & ServicePorts['limits'];
}

/**
 * Every method throws or rejects with a `FanfareError`: `ERR_CHANNEL_NAME` for an invalid name, `ERR_UNKNOWN_CHANNEL`
 * if no rule matches, `ERR_NOT_AVAILABLE` if the rule does not keep what is asked for, `ERR_BROKER` if the broker
 * cannot be reached. An operation on clients has taken effect on this node when the call returns, and on the others
 * when its promise resolves; it rejects with `ERR_BROKER` while this node is cut off from the others, and with `ERR_CLOSED`
 * if it closes before they have answered.
 */
export class Operations {
  constructor(private readonly ports: OperationsPorts) {}

  /** Connected clients on this node. */
  get numClients(): number {
    return this.ports.sessions.numClients;
  }

  /** Also `ERR_MESSAGE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, `ERR_IDEMPOTENCY_KEY`, `ERR_CLOSED`. */
  async publish(channel: string, data: Payload, options: PublishRequestOptions): Promise<Published> {
    const { name, rule } = this.find(channel);
    if (rule.map !== undefined) throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" is a map: set a key of it`);
    if (rule.streams !== undefined) {
      throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" is a channel of streams: open one`);
    }
    const accepted = acceptMessage(rule, data);
    const { publishing, tracer } = this.ports;
    if (!(accepted instanceof Promise)) return publishing.publish(name, rule, accepted.data, options);
    // Before the wait, since afterwards nothing knows the caller's span.
    const own = options.span === undefined && tracer !== undefined ? beginPublishing(tracer, name, rule) : undefined;
    const span = options.span ?? own;
    const published = accepted.then((message) =>
      publishing.publish(name, rule, message.data, span === undefined ? options : { ...options, span }),
    );
    if (own !== undefined) endPublishing(own, published);
    return published;
  }

  /** One outcome per channel, in the same order; a failure does not stop the others. Long lists take several turns. */
  async broadcast(
    channels: readonly string[],
    data: Payload,
    options: PublishRequestOptions,
  ): Promise<PromiseSettledResult<Published>[]> {
    const span = this.ports.tracer && beginBroadcast(this.ports.tracer, channels.length);
    const outcomes: PromiseSettledResult<Published>[] = [];
    for (let start = 0; start < channels.length; start += channelsPerTurn) {
      // A long list must not hold up the node's other work.
      if (start > 0) await new Promise<void>((resolve) => this.ports.clock.afterTurn(resolve));
      const some = channels.slice(start, start + channelsPerTurn);
      const publish = (channel: string) =>
        this.publish(channel, data, span === undefined ? options : { ...options, span });
      outcomes.push(...(await Promise.allSettled(some.map(publish))));
    }
    span?.end(outcomes.find((outcome) => outcome.status === 'rejected')?.reason);
    return outcomes;
  }

  /** Calls the listener with the publications of a channel; see {@link watchChannel}. */
  async watch(channel: string, listener: (publication: Publication) => void): Promise<() => void> {
    return watchChannel(this.ports, this.find(channel).name, listener);
  }

  /** Resolves with the number of connections newly subscribed, on this node and on those that answered in time. */
  async subscribe(who: ClientSelector, channel: string, options: ServerSubscribeOptions): Promise<number> {
    const order = orders.subscribe.of({ who, channel, options });
    const own = order.follow(this.ports);
    const others = this.ports.cluster.askAll('order', order.told, { deadlineMs: orderDeadlineMs });
    // First: if this node refuses, that is the answer.
    const counts = [await own, ...(await others)];
    return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
  }

  /** With a code below 2500, clients do not subscribe again by themselves. Default: 2000. */
  unsubscribe(who: ClientSelector, channel: string, why?: Unsubscribe): Promise<void> {
    return this.#order(orders.unsubscribe.of({ who, channel, why }));
  }

  /** @param why default: 3503 @param except client ids of connections that stay open */
  disconnect(who: ClientSelector, why?: Disconnect, except: readonly string[] = []): Promise<void> {
    return this.#order(orders.disconnect.of({ who, why, except: [...except] }));
  }

  /** Postpones the expiry of connections, or closes them now (`expired`). Without a time they no longer expire. */
  refresh(who: ClientSelector, options: RefreshOfClients): Promise<void> {
    return this.#order(orders.refresh.of({ who, options }));
  }

  /** Sends a message outside any channel. */
  send(who: ClientSelector, data: JsonPayload): Promise<void> {
    return this.#order(orders.send.of({ who, data: payloadJson(data) }));
  }

  async presence(channel: string): Promise<readonly ClientInfo[]> {
    const { name, store } = this.#presenceOf(channel);
    return store.list(name, this.ports.limits.maxPresenceClients);
  }

  async presenceStats(channel: string): Promise<PresenceStats> {
    const { name, store } = this.#presenceOf(channel);
    return store.stats(name);
  }

  /** Also `ERR_UNRECOVERABLE` if publications after `since` are missing. A limit below 0 means the node's limit. */
  async history(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    const { name, store } = this.#historyOf(channel);
    const most = this.ports.limits.maxHistoryPublications;
    const limit = query.limit < 0 ? most : Math.min(query.limit, most);
    const page = await store.read(name, { ...query, limit });
    if (!page.continuous) throw new FanfareError('ERR_UNRECOVERABLE', `"${channel}" has nothing left from there`);
    return page;
  }

  async removeHistory(channel: string): Promise<void> {
    const { name, store } = this.#historyOf(channel);
    await store.remove(name);
  }

  /** Sets or removes a key of a map. Also the errors of {@link publish}. */
  async changeMap(channel: string, change: MapChange, options: MapChangeOptions): Promise<MapOutcome> {
    const { name, rule } = this.#mapOf(channel);
    const data = change.removed ? change.data : (await acceptMessage(rule, change.data)).data;
    return this.ports.publishing.change(name, rule, { ...change, data }, options);
  }

  /** Makes a change of an answer. Throws as {@link Answering.change}. */
  async changeAnswer(
    channel: string,
    change: NewAnswerChange,
  ): Promise<AnswerStatus & { readonly duplicate: boolean }> {
    const { name, rule } = this.find(channel);
    return this.ports.answering.change(name, rule, await acceptChange(rule, change));
  }

  /** Opens an answer, or goes on with it, for a program that holds it until its end. Throws as {@link Answering.change}. */
  async produceAnswer(
    channel: string,
    open: { readonly id: string; readonly meta?: JsonText },
  ): Promise<AnswerProducer> {
    const { name, rule } = this.find(channel);
    return this.ports.answering.produce(name, rule, open);
  }

  /** What is added to an answer, checked against the schema of its channel. Also `ERR_MESSAGE_TOO_LARGE`. */
  async acceptAddition(channel: string, added: NewAddition): Promise<Addition> {
    return acceptAddition(this.find(channel).rule, added);
  }

  /** `undefined`: there is none of this id. */
  async readAnswer(channel: string, id: string): Promise<AnswerRead | undefined> {
    const { name, rule } = this.find(channel);
    return this.ports.answering.read(name, rule, id);
  }

  /** Resolves when a reader cancels the answer, or another producer opens it; or with `undefined` after that time. */
  async waitForStop(channel: string, id: string, run: number, maxWaitMs: number): Promise<Stop | undefined> {
    const { name, rule } = this.find(channel);
    return waitForStop(this.ports, name, rule, { id, run }, maxWaitMs);
  }

  async readMapKey(channel: string, key: string): Promise<MapEntryRead> {
    const { name, store } = this.#mapOf(channel);
    return store.get(name, key);
  }

  /** A limit of 0 returns only the position. Larger limits than that of a page mean that. */
  async readMap(channel: string, query: MapQuery): Promise<MapPage> {
    const { name, store } = this.#mapOf(channel);
    if (query.limit > 0) return store.page(name, { ...query, limit: Math.min(query.limit, defaultPageSize) });
    const { top, size } = await store.page(name, { after: 0, limit: 1 });
    return { state: new StatePage([]), top, next: 0, size };
  }

  /** Channels with subscribers, on all nodes that answer in time. Also `ERR_PATTERN`. @param pattern a {@link Glob}; empty: all */
  async channels(pattern: string): Promise<ChannelSummary[]> {
    const { hub, cluster } = this.ports;
    // First, so that an invalid pattern is not sent to the other nodes.
    const own = channelsLike(hub, pattern);
    const answers = await cluster.askAll('channels', { pattern }, { deadlineMs: questionDeadlineMs });
    const counts = new Map<string, number>();
    for (const { name, numClients } of [own, ...answers.map(readChannels)].flat()) {
      counts.set(name, (counts.get(name) ?? 0) + numClients);
    }
    return [...counts].map(([name, numClients]) => ({ name, numClients }));
  }

  /** The state of this node and of all others that answer in time. */
  async info(): Promise<NodeSummary[]> {
    const answers = await this.ports.cluster.askAll('info', {}, { deadlineMs: questionDeadlineMs });
    return [summaryOf(this.ports), ...answers.flatMap(readSummary)];
  }

  /** A ticket that lets one client connect once, to any node, as long as this node lives. */
  issueTicket(user: string, { ttlMs = defaultTicketTtlMs, ...identity }: TicketGrant): string {
    const { id, tickets, clock } = this.ports;
    return ticketOf(id, tickets.issue({ ...identity, user, issuedAtMs: clock.wallMs() }, ttlMs));
  }

  /** Refuses the tokens or the user from now on, and closes their connections and token subscriptions. */
  revoke(revocation: Revocation): Promise<void> {
    return this.#order(orders.revoke.of({ revocation: this.ports.revocations.dated(revocation) }));
  }

  /**
   * Changes which lines this node, one other or all of them write to their logs. Resolves with the ids of the nodes that
   * did and answered in time; none if their logs belong to an application.
   *
   * @param forMs after this time the configured level applies again. Absent: until the next change
   */
  async setLogLevel(level: LogLevel, { node, forMs }: { node?: string; forMs?: number }): Promise<string[]> {
    const order = orders.logLevel.of({ level, node, forMs });
    const own = order.follow(this.ports);
    const others = await this.ports.cluster.askAll('order', order.told, { deadlineMs: questionDeadlineMs });
    return [own, ...others].filter((id) => typeof id === 'string');
  }

  /** Lets a blocked user connect again. */
  unblock(user: string): Promise<void> {
    return this.#order(orders.unblock.of({ user, atMs: this.ports.revocations.timeToUnblock(user) }));
  }

  /** A channel and its rule. */
  find(channel: string): { readonly name: ChannelName; readonly rule: Rule } {
    return findChannel(this.ports, channel);
  }

  /**
   * Carries the order out here at once. Resolves when all other nodes have done so, or after a time limit: the order is
   * repeated until a node answers or is considered dead, and sent again when that node returns.
   *
   * @throws FanfareError `ERR_BROKER` after that time if this node is the one that is cut off; it is still repeated.
   *   `ERR_CLOSED` if this node closes first; it is sent once more
   */
  #order(order: Order): Promise<void> {
    order.follow(this.ports);
    return this.#tell(order);
  }

  async #tell(order: Order): Promise<void> {
    const { cluster, random, recentOrders, clock } = this.ports;
    const id = random.id();
    recentOrders.add(id, order, 0);
    const numAsked = cluster.size;
    const followed = cluster.askAll('order', { ...order.told, id }, { deadlineMs: orderRepeatMs, isOrder: true });
    // The order is still repeated to nodes without an answer; the caller does not wait for them.
    const answers = await withTimeLimit(clock, orderDeadlineMs, 'order', followed).catch(() => []);
    if (numAsked > 0 && answers.length >= numAsked) return;
    // Nobody else may have it, so it would be lost with this node.
    if (numAsked > 0 && cluster.isClosed) {
      const text = 'this node closes before the others have answered: it is done here, and perhaps nowhere else';
      throw new FanfareError('ERR_CLOSED', text);
    }
    if (this.ports.brokerHealth.silenceWithin(orderDeadlineMs) > cutOffAfterMs) {
      throw new FanfareError('ERR_BROKER', 'the other nodes cannot be reached: it is done on this node only, so far');
    }
  }

  #historyOf(channel: string): { readonly name: ChannelName; readonly store: HistoryStore } {
    const { name, rule } = this.find(channel);
    const store = historyOf(this.ports.broker, rule);
    if (rule.stream !== undefined && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no history`);
  }

  #mapOf(channel: string): { readonly name: ChannelName; readonly rule: Rule; readonly store: MapStore } {
    const { name, rule } = this.find(channel);
    const store = this.ports.broker.maps;
    if (rule.map !== undefined && store !== undefined) return { name, rule, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" is no map`);
  }

  #presenceOf(channel: string): { readonly name: ChannelName; readonly store: PresenceStore } {
    const { name, rule } = this.find(channel);
    const store = this.ports.broker.presence;
    if (rule.presence && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no presence`);
  }
}
