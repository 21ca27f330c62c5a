/** The broker of nodes that live in functions: it stores in the broker of the store, and hands on what has to be delivered. */

import type {
  Broker,
  BrokerEvents,
  HistoryStore,
  PresenceStore,
  Published,
  PublishOptions,
} from '../engine/ports/broker.js';
import type { Clock, Random } from '../engine/ports/clock.js';
import type { ChannelName } from '../model/channel-name.js';
import { type ClientInfo, type NewPublication, publicationAt } from '../model/publication.js';
import type { Delivery } from './delivery.js';
import type { FunctionStore } from './function-store.js';

export interface FunctionBrokerPorts {
  readonly store: FunctionStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** Publications reach nobody through it: who visits a connection brings them along. */
export abstract class FunctionBroker implements Broker {
  readonly name: string;
  readonly carriesBytes: boolean;
  readonly comparesVersions: boolean;
  declare history?: HistoryStore;
  declare presence?: PresenceStore;
  /** A mark stays where a function has died, so no node has to look for gaps. */
  readonly losesNothing = true;
  protected readonly store: FunctionStore;
  readonly #ports: FunctionBrokerPorts;

  constructor(ports: FunctionBrokerPorts) {
    const { broker } = ports.store;
    this.#ports = ports;
    this.store = ports.store;
    this.name = `functions over ${broker.name}`;
    this.carriesBytes = broker.carriesBytes === true;
    this.comparesVersions = broker.comparesVersions === true;
    if (broker.history !== undefined) this.history = broker.history;
    if (broker.presence !== undefined) this.presence = broker.presence;
  }

  /** Something has happened that the subscribers of a channel have to be told. Does not reject. */
  protected abstract deliver(delivery: Delivery): Promise<void>;

  abstract start(events: BrokerEvents): Promise<void>;

  async close(): Promise<void> {
    // The store's broker belongs to the process.
  }

  abstract subscribe(channel: ChannelName): Promise<void>;

  async unsubscribe(): Promise<void> {
    // Who writes the connection's state takes it out of the index, under the same lease.
  }

  async publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    const { store, clock, random } = this.#ports;
    if (options.stream === undefined) {
      const published = await store.broker.publish(channel, publication, options);
      if (!published.duplicate) {
        await this.deliver({ kind: 'publication', channel, publication: publicationAt(publication, 0) });
      }
      return published;
    }
    const mark = random.id();
    await store.late.mark(channel, mark, clock.wallMs());
    // If this rejects, it may have been stored: the mark stays, and the sweep looks.
    const published = await store.broker.publish(channel, publication, options);
    const { position, duplicate } = published;
    // Whoever has stored the first one may have died before it was delivered.
    if (duplicate) await this.deliver({ kind: 'late', channel, mark });
    else {
      const kept = publicationAt(publication, position.offset);
      await this.deliver({ kind: 'kept', channel, publication: kept, epoch: position.epoch, mark });
    }
    return published;
  }

  async announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    await this.deliver({ kind: event, channel, info });
  }
}

/** Of the node with which the application publishes and gives orders: nobody is subscribed to it. */
export class PublishingBroker extends FunctionBroker {
  readonly #deliver: (delivery: Delivery) => Promise<void>;
  /** The last delivery of each channel that is in no stream, while it is under way: the order of the calls is kept. */
  readonly #lines = new Map<ChannelName, Promise<void>>();

  /** @param deliver resolves when the subscribers have it, or will have it before the function ends */
  constructor(ports: FunctionBrokerPorts, deliver: (delivery: Delivery) => Promise<void>) {
    super(ports);
    this.#deliver = deliver;
  }

  protected override deliver(delivery: Delivery): Promise<void> {
    const { kind, channel } = delivery;
    if (kind === 'kept' || kind === 'late') return this.#deliver(delivery);
    const before = this.#lines.get(channel) ?? Promise.resolve();
    const delivered = before
      .then(() => this.#deliver(delivery))
      .finally(() => {
        if (this.#lines.get(channel) === delivered) this.#lines.delete(channel);
      });
    this.#lines.set(channel, delivered);
    return delivered;
  }

  override async start(): Promise<void> {
    // Nothing arrives.
  }

  override async subscribe(): Promise<void> {
    // It has no sessions.
  }
}
