/** The broker of the node in which one connection is visited: what its session hears of, and what it leaves for others. */

import type { BrokerEvents, HistoryPage, HistoryQuery, HistoryStore, PresenceStore } from '../engine/ports/broker.js';
import type { ChannelName } from '../model/channel-name.js';
import type { Position } from '../model/position.js';
import type { ClientInfo } from '../model/publication.js';
import type { Delivery, KeptDelivery, StreamDelivery } from './delivery.js';
import { FunctionBroker, type FunctionBrokerPorts } from './function-broker.js';

/** Publications that are read at once where the session's own one was not the next. */
const pageSize = 1_000;

interface VisitBrokerPorts extends FunctionBrokerPorts {
  /** Of the connection. */
  readonly id: string;
  /** See {@link ConnectionStore.intend}. */
  intend(channel: ChannelName): Promise<void>;
  /** What the visit brings along. In other channels the session goes on as if nothing had been published. */
  readonly brought: readonly StreamDelivery[];
  /** Of the session's live stream. */
  position(channel: ChannelName): Position | undefined;
  has(channel: ChannelName): boolean;
}

export class VisitBroker extends FunctionBroker {
  /** For the other subscribers, once the lease is given back: two visits must not wait for each other. */
  readonly forOthers: Delivery[] = [];
  /** Channels under which the connection was put in this visit. */
  readonly subscribed = new Set<ChannelName>();
  readonly #ports: VisitBrokerPorts;
  readonly #pending = new Set<Promise<unknown>>();
  #events: BrokerEvents | undefined;
  /** While the session is read back, which changes nothing for others. */
  #isResuming = false;

  constructor(ports: VisitBrokerPorts) {
    super(ports);
    this.#ports = ports;
    const { history, presence } = ports.store.broker;
    if (history !== undefined) this.history = this.#historyOver(history);
    if (presence !== undefined) this.presence = this.#presenceOver(presence);
  }

  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
  }

  /** The session is read back in the meantime: it has been subscribed and present all the time. */
  async resuming<T>(work: () => Promise<T>): Promise<T> {
    this.#isResuming = true;
    try {
      return await work();
    } finally {
      this.#isResuming = false;
    }
  }

  /** Resolves when calls that nobody waits for are done; with whether there were any. */
  async settled(): Promise<boolean> {
    if (this.#pending.size === 0) return false;
    await Promise.allSettled(this.#pending);
    return true;
  }

  async subscribe(channel: ChannelName): Promise<void> {
    if (this.#isResuming) return;
    this.subscribed.add(channel);
    await Promise.all([this.#ports.intend(channel), this.store.index.add('channel', channel, this.#ports.id)]);
  }

  override announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    return this.#isResuming ? Promise.resolve() : this.#track(super.announce(channel, event, info));
  }

  /** For the session itself, and for others. */
  override async deliver(delivery: Delivery): Promise<void> {
    this.forOthers.push(delivery);
    if (!this.#ports.has(delivery.channel)) return;
    switch (delivery.kind) {
      case 'kept':
        await this.#track(this.#deliverKept(delivery));
        break;
      case 'late':
        await this.#track(this.#catchUp(delivery.channel));
        break;
      case 'publication':
        this.#events?.onPublication(delivery.channel, delivery.publication, '');
        break;
      case 'join':
        this.#events?.onJoin(delivery.channel, delivery.info);
        break;
      case 'leave':
        this.#events?.onLeave(delivery.channel, delivery.info);
    }
  }

  /** The session's own publication, after those of others that are between its position and that. */
  async #deliverKept({ channel, publication, epoch }: KeptDelivery): Promise<void> {
    const last = this.#ports.position(channel);
    if (last?.epoch === epoch && last.offset < publication.offset - 1) await this.#catchUp(channel);
    // The channel drops what it has had, and notices a gap.
    this.#events?.onPublication(channel, publication, epoch);
  }

  async #catchUp(channel: ChannelName): Promise<void> {
    const since = this.#ports.position(channel);
    const { history } = this.store.broker;
    if (since === undefined || history === undefined) return;
    const page = await history.read(channel, { limit: pageSize, since, reverse: false });
    for (const each of page.publications) this.#events?.onPublication(channel, each, page.top.epoch);
  }

  #historyOver(history: HistoryStore): HistoryStore {
    return {
      read: (channel, query) => {
        const known = this.#isResuming ? this.#knownPage(channel, query) : undefined;
        return known === undefined ? this.#track(history.read(channel, query)) : Promise.resolve(known);
      },
      remove: (channel) => this.#track(history.remove(channel)),
    };
  }

  /** What the visit brings along, if that is what comes next. `undefined`: it has to be read. */
  #knownPage(channel: ChannelName, { since }: HistoryQuery): HistoryPage | undefined {
    if (since?.epoch === undefined) return undefined;
    let top: Position = { offset: since.offset, epoch: since.epoch };
    const publications: KeptDelivery['publication'][] = [];
    for (const delivery of this.#ports.brought) {
      if (delivery.channel !== channel) continue;
      if (delivery.kind === 'late' || delivery.epoch !== top.epoch) return undefined;
      const { publication } = delivery;
      if (publication.offset <= top.offset) continue;
      if (publication.offset !== top.offset + 1) return undefined;
      publications.push(publication);
      top = { offset: publication.offset, epoch: top.epoch };
    }
    return { top, publications, continuous: true };
  }

  #presenceOver(presence: PresenceStore): PresenceStore {
    return {
      add: (channel, info, ttlMs) =>
        this.#isResuming ? Promise.resolve() : this.#track(presence.add(channel, info, ttlMs)),
      remove: (channel, client) => this.#track(presence.remove(channel, client)),
      list: (channel, limit) => presence.list(channel, limit),
      stats: (channel) => presence.stats(channel),
    };
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    const done = promise.finally(() => this.#pending.delete(settled));
    const settled = done.catch(() => undefined);
    this.#pending.add(settled);
    return done;
  }
}
