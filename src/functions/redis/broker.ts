/** The Redis broker of functions: one whose start has failed is replaced, since the next event may find Redis. */

import type { BrokerPorts } from '../../brokers/ports.js';
import { RedisBroker } from '../../brokers/redis/broker.js';
import type { RedisOptions } from '../../brokers/redis/options.js';
import type {
  Broker,
  BrokerEvents,
  HistoryStore,
  PresenceStore,
  Published,
  PublishOptions,
} from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { ClientInfo, NewPublication } from '../../model/publication.js';

export class RestartableRedis implements Broker {
  readonly name = 'redis';
  readonly carriesBytes = true;
  readonly comparesVersions = true;
  readonly history: HistoryStore = {
    read: (channel, query) => this.#broker.history.read(channel, query),
    remove: (channel) => this.#broker.history.remove(channel),
  };
  readonly presence: PresenceStore = {
    add: (channel, info, ttlMs) => this.#broker.presence.add(channel, info, ttlMs),
    remove: (channel, client) => this.#broker.presence.remove(channel, client),
    list: (channel, limit) => this.#broker.presence.list(channel, limit),
    stats: (channel) => this.#broker.presence.stats(channel),
  };
  readonly #make: () => RedisBroker;
  #broker: RedisBroker;

  /** @throws FanfareError `ERR_CONFIG` */
  constructor(options: RedisOptions['url'] | RedisOptions, ports: BrokerPorts) {
    this.#make = () => new RedisBroker(options, ports);
    this.#broker = this.#make();
  }

  /** May be called again if it rejects. */
  async start(events: BrokerEvents): Promise<void> {
    try {
      await this.#broker.start(events);
    } catch (error) {
      await this.#broker.close();
      this.#broker = this.#make();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#broker.close();
  }

  subscribe(channel: ChannelName): Promise<void> {
    return this.#broker.subscribe(channel);
  }

  unsubscribe(channel: ChannelName): Promise<void> {
    return this.#broker.unsubscribe(channel);
  }

  publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    return this.#broker.publish(channel, publication, options);
  }

  announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    return this.#broker.announce(channel, event, info);
  }

  /** See {@link RedisBroker.placeFor}. */
  placeFor(kind: string, name: string): ReturnType<RedisBroker['placeFor']> {
    return this.#broker.placeFor(kind, name);
  }
}
