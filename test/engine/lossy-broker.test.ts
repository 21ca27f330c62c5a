/** G2, G10: a node whose way to the broker fails, with and without anybody noticing. */

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Hub } from '../../src/engine/fanout/hub.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { LossyBroker } from '../support/engine/lossy-broker.js';
import type { SimulatedClient } from '../support/engine/simulated-client.js';
import { Simulation } from '../support/engine/simulation.js';

const stream = { size: 100, ttlMs: 600_000 };

class LossyWorld extends Simulation<LossyBroker> {
  readonly clients: SimulatedClient[] = [];

  static async withClients(numClients = 1): Promise<LossyWorld> {
    const world = await new LossyWorld({
      rule: { history: { size: stream.size, ttl: '10m' } },
      limits: { pingIntervalMs: 0 },
      wrap: (make, clock) => new LossyBroker(make(), (task, delayMs) => clock.schedule(task, delayMs)),
    }).start();
    for (let i = 0; i < numClients; i++) world.clients.push(await world.connected());
    return world;
  }

  /** As another node does it, for which all is well. */
  async publishElsewhere(value: number): Promise<void> {
    await this.broker.inner.publish(this.channel, { data: trustedJsonText(`${value}`) }, { stream });
    await this.settle();
  }

  async wait(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 500) {
      await this.clock.advance(Math.min(500, leftMs));
      await this.settle();
    }
  }

  override settle(): Promise<void> {
    return super.settle(this.clients);
  }

  /** What each has got. */
  values(): string[] {
    return this.clients.map(({ deliveries }) => deliveries.map(({ value }) => JSON.stringify(value)).join(' '));
  }

  /** How often each was told that something is missing. */
  signals(): number[] {
    return this.clients.map(({ unsubscribes }) => unsubscribes.filter((code) => code === 2500).length);
  }

  /** Those who were told subscribe again, as SDKs do. */
  async resubscribe(): Promise<void> {
    for (const client of this.clients) client.subscribe();
    await this.settle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

afterEach(() => vi.restoreAllMocks());

describe('a hole that nobody has noticed', () => {
  test('G2: subscribers are told within 20 s that the last publication is missing, and get it when they are back', async () => {
    await using world = await LossyWorld.withClients(2);
    await world.publishElsewhere(1);
    world.broker.wedged.add(world.channel);
    await world.publishElsewhere(2);
    await world.wait(20_000);
    expect(world.signals()).toEqual([1, 1]);
    await world.resubscribe();
    await world.publishElsewhere(3);
    expect(world.values()).toEqual(['1 2 3', '1 2 3']);
  });

  test('the dead subscription at the broker is made anew', async () => {
    await using world = await LossyWorld.withClients();
    const before = world.broker.subscribes.length;
    world.broker.wedged.add(world.channel);
    await world.publishElsewhere(1);
    await world.wait(20_000);
    expect(world.broker.subscribes.length).toBe(before + 1);
  });

  test('what is only late is no hole', async () => {
    await using world = await LossyWorld.withClients();
    world.broker.delayMs = 2_000;
    for (let n = 0; n < 30; n++) {
      await world.publishElsewhere(n);
      await world.wait(1_000);
    }
    expect(world.signals()).toEqual([0]);
  });

  test('nobody is told anything while all is well', async () => {
    await using world = await LossyWorld.withClients();
    await world.publishElsewhere(1);
    await world.wait(120_000);
    expect(world.signals()).toEqual([0]);
    expect(world.node.ports.counters.holesFound).toBe(0);
  });
});

describe('an interruption that the broker has noticed', () => {
  test('G2: those who have missed something are told at once', async () => {
    await using world = await LossyWorld.withClients(2);
    world.broker.isDeaf = true;
    await world.publishElsewhere(1);
    world.broker.isDeaf = false;
    world.broker.interrupted();
    await world.wait(100);
    expect(world.signals()).toEqual([1, 1]);
  });

  test('those who have missed nothing stay subscribed', async () => {
    await using world = await LossyWorld.withClients(2);
    await world.publishElsewhere(1);
    world.broker.isDeaf = true;
    world.broker.isDeaf = false;
    world.broker.interrupted();
    await world.wait(1_000);
    expect(world.signals()).toEqual([0, 0]);
    await world.publishElsewhere(2);
    expect(world.values()).toEqual(['1 2', '1 2']);
  });

  test('a broker that cannot be asked yet is asked again', async () => {
    await using world = await LossyWorld.withClients();
    world.broker.isDeaf = true;
    await world.publishElsewhere(1);
    world.broker.isDeaf = false;
    world.broker.isDown = true;
    world.broker.interrupted();
    await world.wait(2_500);
    expect(world.signals()).toEqual([0]);
    world.broker.isDown = false;
    await world.wait(2_500);
    expect(world.signals()).toEqual([1]);
  });
});

describe.each(['isDown', 'isHung'] as const)('a broker out of reach (%s)', (fault) => {
  test('G2: within 20 s the subscribers are told that nobody knows what they miss', async () => {
    await using world = await LossyWorld.withClients();
    await world.wait(5_000);
    world.broker[fault] = true;
    world.broker.isDeaf = true;
    await world.publishElsewhere(1);
    await world.wait(20_000);
    expect(world.signals()).toEqual([1]);
  });

  test('a short absence in which nothing was missed goes unnoticed', async () => {
    await using world = await LossyWorld.withClients();
    world.broker[fault] = true;
    await world.wait(5_000);
    world.broker[fault] = false;
    await world.wait(60_000);
    expect(world.signals()).toEqual([0]);
  });

  test('G10: the node is not ready within 15 s, and ready again soon after', async () => {
    await using world = await LossyWorld.withClients();
    const health = world.node.ports.brokerHealth;
    await world.wait(30_000);
    expect(health.isDelivering).toBe(true);
    world.broker[fault] = true;
    await world.wait(15_000);
    expect(health.isDelivering).toBe(false);
    world.broker[fault] = false;
    await world.wait(6_500);
    expect(health.isDelivering).toBe(true);
  });
});

test('G10: a node to which nothing comes is not ready, though the broker takes everything', async () => {
  await using world = await LossyWorld.withClients();
  world.broker.isDeaf = true;
  await world.wait(15_000);
  expect(world.node.ports.brokerHealth.isDelivering).toBe(false);
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'publish' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 2_000, 9_000) }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'deaf' as const }, { kind: 'wedge' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'down' as const }, { kind: 'hang' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('heal' as const), isNoticed: fc.boolean() }) },
);

/** 20 s after everything works again, each has either got everything, or was told since. */
const story = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
  await using world = await LossyWorld.withClients();
  const { broker } = world;
  let count = 0;
  for (const next of steps) {
    if (next.kind === 'publish') await world.publishElsewhere(++count);
    else if (next.kind === 'wait') await world.wait(next.ms);
    else if (next.kind === 'deaf') broker.isDeaf = true;
    else if (next.kind === 'wedge') broker.wedged.add(world.channel);
    else if (next.kind === 'down') broker.isDown = true;
    else if (next.kind === 'hang') broker.isHung = true;
    else {
      broker.isDeaf = broker.isDown = broker.isHung = false;
      if (next.isNoticed) broker.interrupted();
      await world.resubscribe();
    }
  }
  broker.isDeaf = broker.isDown = broker.isHung = false;
  await world.wait(20_000);
  for (let attempt = 0; attempt < 3; attempt++) await world.resubscribe();
  const expected = Array.from({ length: count }, (_, n) => n + 1);
  expect(world.values()).toEqual([expected.join(' ')]);
});

test('G2 G3: however the way to the broker fails and heals, everything comes, once', async () => {
  await fc.assert(story, { numRuns: 150 });
}, 120_000);

test('the tests bite: without the checks, holes stay', async () => {
  vi.spyOn(Hub.prototype, 'tracked').mockImplementation(function* () {
    // Nobody is looked after.
  });
  expect((await fc.check(story, { numRuns: 500 })).failed).toBe(true);
});
