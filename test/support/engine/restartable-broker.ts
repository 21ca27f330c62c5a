/** The memory broker behind a switch: it can be restarted, which loses everything it had. */

import type { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import type { Broker, BrokerEvents, HistoryStore, PresenceStore } from '../../../src/engine/ports/broker.js';
import type { ChannelName } from '../../../src/model/channel-name.js';

export class RestartableBroker implements Broker {
  readonly name = 'restartable';
  readonly history: HistoryStore = {
    read: (channel, query) => this.#inner.read(channel, query),
    remove: (channel) => this.#inner.remove(channel),
  };
  readonly presence: PresenceStore = {
    add: (channel, info, ttlMs) => this.#inner.presence.add(channel, info, ttlMs),
    remove: (channel, client) => this.#inner.presence.remove(channel, client),
    list: (channel, limit) => this.#inner.presence.list(channel, limit),
    stats: (channel) => this.#inner.presence.stats(channel),
  };
  #inner: MemoryBroker;
  #events: BrokerEvents | undefined;
  readonly #subscribed = new Set<ChannelName>();

  constructor(private readonly make: () => MemoryBroker) {
    this.#inner = make();
  }

  async restart(): Promise<void> {
    await this.#inner.close();
    this.#inner = this.make();
    if (this.#events !== undefined) await this.#inner.start(this.#events);
    for (const channel of this.#subscribed) await this.#inner.subscribe(channel);
  }

  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    await this.#inner.start(events);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async subscribe(channel: ChannelName): Promise<void> {
    this.#subscribed.add(channel);
    await this.#inner.subscribe(channel);
  }

  async unsubscribe(channel: ChannelName): Promise<void> {
    this.#subscribed.delete(channel);
    await this.#inner.unsubscribe(channel);
  }

  publish: Broker['publish'] = (channel, publication, options) => this.#inner.publish(channel, publication, options);

  announce: Broker['announce'] = (channel, event, info) => this.#inner.announce(channel, event, info);
}
