/** The memory broker behind a switch: it can be restarted, which loses everything it had. */

import type { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import type { Broker, BrokerEvents, HistoryStore, PresenceStore } from '../../../src/engine/ports/broker.js';
import type { MapStore } from '../../../src/engine/ports/map-store.js';
import type { ChannelName } from '../../../src/model/channel-name.js';

export class RestartableBroker implements Broker {
  readonly name = 'restartable';
  readonly history: HistoryStore = {
    read: (...args) => this.#inner.read(...args),
    remove: (...args) => this.#inner.remove(...args),
  };
  readonly maps: MapStore = {
    set: (...args) => this.#inner.maps.set(...args),
    remove: (...args) => this.#inner.maps.remove(...args),
    renew: (...args) => this.#inner.maps.renew(...args),
    get: (...args) => this.#inner.maps.get(...args),
    page: (...args) => this.#inner.maps.page(...args),
  };
  readonly presence: PresenceStore = {
    add: (...args) => this.#inner.presence.add(...args),
    remove: (...args) => this.#inner.presence.remove(...args),
    list: (...args) => this.#inner.presence.list(...args),
    stats: (...args) => this.#inner.presence.stats(...args),
  };
  #inner: MemoryBroker;
  #events: BrokerEvents | undefined;
  readonly #subscribed = new Set<ChannelName>();

  /** The one that is running. */
  protected get inner(): MemoryBroker {
    return this.#inner;
  }

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

  publish: Broker['publish'] = (...args) => this.#inner.publish(...args);
  announce: Broker['announce'] = (...args) => this.#inner.announce(...args);
}
