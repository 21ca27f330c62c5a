/** A broker whose calls take as long as a fast-check scheduler wants, and whose deliveries may go wrong. */

import type { Scheduler } from 'fast-check';
import type { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import type { Broker, BrokerEvents, HistoryStore } from '../../../src/engine/ports/broker.js';

/** What happens to one delivery: as it should be, twice, not at all, or after the next one. */
export type DeliveryFate = 'deliver' | 'repeat' | 'drop' | 'swap';

export class UnrulyBroker implements Broker {
  readonly name = 'unruly';
  readonly history: HistoryStore = {
    read: (channel, query) => this.#slowly('history', () => this.inner.read(channel, query)),
    remove: (channel) => this.inner.remove(channel),
  };
  /** Fates of the coming deliveries, one each; afterwards all goes well. */
  fates: DeliveryFate[] = [];
  readonly #queue: (() => void)[] = [];

  constructor(
    private readonly inner: MemoryBroker,
    private readonly scheduler: Scheduler,
  ) {}

  async start(events: BrokerEvents): Promise<void> {
    await this.inner.start({
      ...events,
      onJoin: (channel, info) => events.onJoin(channel, info),
      onLeave: (channel, info) => events.onLeave(channel, info),
      onPublication: (channel, publication, epoch) => {
        this.#enqueue(() => events.onPublication(channel, publication, epoch));
      },
    });
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  subscribe: Broker['subscribe'] = (channel) => this.#slowly('subscribe', () => this.inner.subscribe(channel));
  unsubscribe: Broker['unsubscribe'] = (channel) => this.#slowly('unsubscribe', () => this.inner.unsubscribe(channel));
  announce: Broker['announce'] = (channel, event, info) => this.inner.announce(channel, event, info);

  publish: Broker['publish'] = (channel, publication, options) =>
    this.#slowly('publish', () => this.inner.publish(channel, publication, options));

  /** The effect comes some time after the call, the answer some time after the effect. */
  async #slowly<T>(label: string, effect: () => Promise<T>): Promise<T> {
    await this.scheduler.schedule(Promise.resolve(), `${label} travels`);
    const result = await effect();
    await this.scheduler.schedule(Promise.resolve(), `${label} returns`);
    return result;
  }

  /** Deliveries leave one by one in their order, each whenever the scheduler says. */
  #enqueue(deliver: () => void): void {
    switch (this.fates.shift() ?? 'deliver') {
      case 'drop':
        return;
      case 'repeat':
        this.#queue.push(deliver, deliver);
        break;
      case 'swap':
        this.#queue.splice(Math.max(0, this.#queue.length - 1), 0, deliver);
        break;
      case 'deliver':
        this.#queue.push(deliver);
    }
    this.scheduler.schedule(Promise.resolve(), 'delivery').then(() => {
      for (const next of this.#queue.splice(0, 1)) next();
    });
  }

  /** Delivers what a swapped or repeated one has left behind. */
  drain(): void {
    for (const next of this.#queue.splice(0)) next();
  }
}
