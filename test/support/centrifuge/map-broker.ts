/** A broker with maps that loses what it is told to lose, and lets something happen before it answers. */

import type { Broker, BrokerEvents, HistoryStore, PresenceStore } from '../../../src/engine/ports/broker.js';
import type { MapStore } from '../../../src/engine/ports/map-store.js';
import type { ChannelName } from '../../../src/model/channel-name.js';

export type BrokerOfMaps = Broker & Required<Pick<Broker, 'history' | 'maps'>>;

export class MapBroker implements Broker {
  readonly name = 'obedient';
  losesNext = false;
  /** Before each page is read. */
  beforePage: (() => Promise<unknown>) | undefined;
  /** Before changes are read, for who comes back. */
  beforeChanges: (() => Promise<unknown>) | undefined;
  readonly history: HistoryStore = {
    read: (...args) => this.#inner.history.read(...args),
    remove: (...args) => this.#inner.history.remove(...args),
  };
  readonly mapChanges: HistoryStore = {
    read: async (...args) => {
      await this.beforeChanges?.();
      return this.#changes.read(...args);
    },
    remove: (...args) => this.#changes.remove(...args),
  };
  readonly maps: MapStore;
  readonly presence?: PresenceStore;
  #inner: BrokerOfMaps;
  #events: BrokerEvents | undefined;
  readonly #subscribed = new Set<ChannelName>();

  /** @param make one that knows nothing of those before it */
  constructor(private readonly make: () => BrokerOfMaps) {
    this.#inner = make();
    const { maps, presence } = this.#inner;
    if (presence !== undefined) this.presence = presence;
    this.maps = {
      set: (...args) => this.#inner.maps.set(...args),
      remove: (...args) => this.#inner.maps.remove(...args),
      get: (...args) => this.#inner.maps.get(...args),
      page: async (...args) => {
        await this.beforePage?.();
        return this.#inner.maps.page(...args);
      },
      ...(maps.renew && { renew: async (...args) => (await this.#inner.maps.renew?.(...args)) ?? false }),
    };
  }

  get #changes(): HistoryStore {
    return this.#inner.mapChanges ?? this.#inner.history;
  }

  /** It has lost everything. */
  async restart(): Promise<void> {
    await this.#inner.close(0);
    this.#inner = this.make();
    if (this.#events !== undefined) await this.start(this.#events);
    for (const channel of this.#subscribed) await this.#inner.subscribe(channel);
  }

  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    await this.#inner.start({
      onJoin: (...args) => events.onJoin(...args),
      onLeave: (...args) => events.onLeave(...args),
      onPublication: (...args) => {
        if (this.losesNext) this.losesNext = false;
        else events.onPublication(...args);
      },
    });
  }

  close(deadlineMs: number): Promise<void> {
    return this.#inner.close(deadlineMs);
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
