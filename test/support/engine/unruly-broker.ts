/** A broker whose calls take as long as a fast-check scheduler wants, and whose deliveries may go wrong. */

import type { Scheduler } from 'fast-check';
import type { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import type { Broker, HistoryStore } from '../../../src/engine/ports/broker.js';

/** What happens to one delivery: as it should be, twice, not at all, or after the next one. */
export type DeliveryFate = 'deliver' | 'repeat' | 'drop' | 'swap';

export class UnrulyBroker implements Broker {
  readonly name = 'unruly';
  readonly history: HistoryStore = {
    read: (...args) => this.#slowly('history', () => this.inner.read(...args)),
    remove: (...args) => this.inner.remove(...args),
  };
  /** Fates of the coming deliveries, one each; afterwards all goes well. */
  fates: DeliveryFate[] = [];
  readonly #queue: (() => void)[] = [];

  constructor(
    private readonly inner: MemoryBroker,
    private readonly scheduler: Scheduler,
  ) {}

  start: Broker['start'] = (events) =>
    this.inner.start({
      onJoin: (...args) => events.onJoin(...args),
      onLeave: (...args) => events.onLeave(...args),
      onPublication: (...args) => this.#enqueue(() => events.onPublication(...args)),
    });
  close: Broker['close'] = () => this.inner.close();
  subscribe: Broker['subscribe'] = (...args) => this.#slowly('subscribe', () => this.inner.subscribe(...args));
  unsubscribe: Broker['unsubscribe'] = (...args) => this.#slowly('unsubscribe', () => this.inner.unsubscribe(...args));
  publish: Broker['publish'] = (...args) => this.#slowly('publish', () => this.inner.publish(...args));
  announce: Broker['announce'] = (...args) => this.inner.announce(...args);

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
