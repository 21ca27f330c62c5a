/** G5: a history that ends, and begins anew, while somebody subscribes. */

import { expect, onTestFinished, test } from 'vitest';
import type { MemoryBroker } from '../../src/brokers/memory/broker.js';
import type { Broker, BrokerEvents, HistoryStore } from '../../src/engine/ports/broker.js';
import { Simulation } from '../support/engine/simulation.js';

/** A broker that loses everything at once, and reads when it is told to. */
class ForgetfulBroker implements Broker {
  readonly name = 'forgetful';
  readonly history: HistoryStore = {
    read: async (...query) => {
      await this.mayRead;
      return this.#now.read(...query);
    },
    remove: (channel) => this.#now.remove(channel),
  };
  mayRead = Promise.resolve();
  readonly #before: MemoryBroker;
  readonly #after: MemoryBroker;
  #now: MemoryBroker;

  constructor(make: () => MemoryBroker) {
    this.#before = make();
    this.#after = make();
    this.#now = this.#before;
  }

  forget(): void {
    this.#now = this.#after;
  }

  async start(events: BrokerEvents): Promise<void> {
    await Promise.all([this.#before.start(events), this.#after.start(events)]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#before.close(), this.#after.close()]);
  }

  subscribe: Broker['subscribe'] = async (channel) => {
    await Promise.all([this.#before.subscribe(channel), this.#after.subscribe(channel)]);
  };
  unsubscribe: Broker['unsubscribe'] = async (channel) => {
    await Promise.all([this.#before.unsubscribe(channel), this.#after.unsubscribe(channel)]);
  };
  publish: Broker['publish'] = (...args) => this.#now.publish(...args);
  announce: Broker['announce'] = (...args) => this.#now.announce(...args);
}

test('G2 G5: what was buffered of the old one is no hole in the new one', async () => {
  const world = new Simulation<ForgetfulBroker>({
    rule: { history: { size: 10, ttl: '5m' } },
    limits: { pingIntervalMs: 0 },
    wrap: (make) => new ForgetfulBroker(make),
  });
  await world.start();
  onTestFinished(() => world.close());
  const client = world.client();
  let read = () => {};
  world.broker.mayRead = new Promise((resolve) => {
    read = resolve;
  });
  client.connect();
  await world.settle([client]);
  const old = await world.publish('old');
  world.broker.forget();
  read();
  await world.settle([client]);
  expect([client.errors, client.closes, client.starts.length]).toEqual([[], [], 1]);
  expect(client.starts[0]?.epoch).not.toBe(old.epoch);
  await world.publish('new');
  await world.settle([client]);
  expect(client.deliveries.map(({ value }) => value)).toEqual(['new']);
});
