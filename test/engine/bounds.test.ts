/** G11 and G12: what one connection may cost, and that it costs others nothing. */

import { describe, expect, onTestFinished, test } from 'vitest';
import type { SimulatedClient } from '../support/engine/simulated-client.js';
import { Simulation } from '../support/engine/simulation.js';

const maxQueueBytes = 2_000;

async function simulate(limits = {}) {
  const simulation = new Simulation({
    rule: { history: { size: 100, ttl: '5m' }, presence: true, joinLeave: true },
    limits: { pingIntervalMs: 0, maxQueueBytes, ...limits },
  });
  onTestFinished(() => simulation.close());
  return simulation.start();
}

/** Makes the client's kernel take nothing any more: what is written to it stays in the queue. */
function stall(client: SimulatedClient): void {
  const { connection } = client;
  if (connection === undefined) throw new Error('not connected');
  const write = connection.write.bind(connection);
  connection.write = (bytes) => {
    connection.bufferedBytes += bytes.length;
    write(bytes);
  };
}

describe('a slow reader', () => {
  test('G11 F9: is closed with 3008 when more than maxQueueBytes waits for it, and never has more', async () => {
    const simulation = await simulate();
    const [slow, quick] = [await simulation.connected(), await simulation.connected()];
    stall(slow);
    const { connection } = slow;
    for (let i = 0; i < 50; i++) {
      await simulation.publish('x'.repeat(100));
      await simulation.clock.settle();
      expect(connection?.bufferedBytes).toBeLessThanOrEqual(maxQueueBytes);
    }
    expect(connection?.closedWith?.code).toBe(3008);
    await simulation.settle([quick]);
    expect(quick.deliveries.map(({ offset }) => offset)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(simulation.node.ports.sessions.size).toBe(1);
  });

  test('G12: in the middle of a fan-out, its end takes nobody out of the turn and gives nobody a second copy', async () => {
    const simulation = await simulate();
    const clients = await Promise.all(Array.from({ length: 20 }, () => simulation.connected()));
    const slow = clients.filter((_, index) => index % 3 === 0);
    for (const client of slow) {
      stall(client);
      if (client.connection) client.connection.bufferedBytes = maxQueueBytes;
    }
    await simulation.publish('now');
    await simulation.settle(clients);
    for (const client of clients) {
      const values = client.deliveries.map(({ value }) => value);
      expect(values).toEqual(slow.includes(client) ? [] : ['now']);
      expect(client.closes).toEqual(slow.includes(client) ? [3008] : []);
    }
  });
});

describe('what a connection can hold', () => {
  test('G11: a joining subscriber buffers a bounded number of publications and still loses none', async () => {
    const simulation = await simulate({ maxQueueBytes: 10_000_000, maxRecoveredPublications: 5_000 });
    const client = await simulation.connected();
    client.cut();
    await simulation.publish(0);
    client.connect();
    // The reply to subscribe has not been settled yet: all of these fall into the joining.
    for (let i = 1; i <= 3_000; i++) void simulation.publish(i);
    await simulation.settle([client]);
    await simulation.publish('last');
    await simulation.settle([client]);
    expect(client.starts.at(-1)?.wasRecovering).toBe(true);
    const last = client.deliveries.at(-1);
    expect([last?.offset, last?.value]).toEqual([3_002, 'last']);
  });

  test('B50 G11: channels beyond the limit are refused with 106', async () => {
    const simulation = await simulate({ maxChannelsPerConnection: 2 });
    const client = simulation.client();
    client.connect();
    client.send({ id: 50, subscribe: { channel: 'room:2' } });
    client.send({ id: 51, subscribe: { channel: 'room:3' } });
    await simulation.settle([client]);
    expect(client.errors).toEqual([106]);
    expect(client.session?.subscriptions.size).toBe(2);
  });

  test('B49: a flood of commands gets 111, then 3013', async () => {
    const simulation = await simulate({ commandsPerSec: 10, commandBurst: 20, maxQueueBytes: 100_000 });
    const client = simulation.client();
    client.connect();
    for (let i = 0; i < 100; i++) client.send({ id: 100 + i, ping: {} });
    await simulation.settle([client]);
    expect(new Set(client.errors)).toEqual(new Set([111]));
    expect(client.closes).toEqual([3013]);
  });
});

describe('time', () => {
  test('B37 F8: a client that does not answer a ping is closed with 3012 within ping and pong time-out', async () => {
    const simulation = await simulate({ pingIntervalMs: 25_000, pongTimeoutMs: 8_000 });
    const [silent, lively] = [await simulation.connected(), await simulation.connected()];
    const { connection } = silent;
    for (let second = 0; second < 33; second++) {
      await simulation.clock.advance(1_000);
      lively.read();
    }
    expect(connection?.closedWith?.code).toBe(3012);
    expect(lively.closes).toEqual([]);
  });

  test('B41: a connection without a command is closed with 3012 after the time-out', async () => {
    const simulation = await simulate({ connectTimeoutMs: 10_000 });
    const client = simulation.client();
    client.send = () => undefined;
    client.connect();
    await simulation.clock.advance(9_000);
    expect(client.connection?.closedWith).toBeUndefined();
    await simulation.clock.advance(2_001);
    expect(client.connection?.closedWith?.code).toBe(3012);
  });

  test('F13: a wall clock that jumps an hour either way closes nobody and wakes nothing', async () => {
    const simulation = await simulate({ pingIntervalMs: 25_000 });
    const client = await simulation.connected();
    for (const jumpMs of [3_600_000, -7_200_000, 3_600_000]) {
      simulation.clock.wallOffsetMs += jumpMs;
      for (let second = 0; second < 60; second++) {
        await simulation.clock.advance(1_000);
        client.read();
      }
    }
    expect(client.closes).toEqual([]);
  });

  test('leaves no timer behind', async () => {
    const simulation = await simulate({ pingIntervalMs: 25_000 });
    const client = await simulation.connected();
    client.cut();
    await simulation.clock.advance(5_000);
    await simulation.close();
    expect(simulation.clock.numTimers).toBe(0);
  });
});

describe('presence', () => {
  test('G8: is right after churn, without ghosts, and outlives its time-to-live while the client is there', async () => {
    const simulation = await simulate({ pingIntervalMs: 25_000, presenceTtlMs: 60_000 });
    const clients = Array.from({ length: 10 }, () => simulation.client());
    for (let round = 0; round < 5; round++) {
      for (const client of clients) client.connect();
      for (const client of clients.slice(0, 5)) client.unsubscribe();
      for (const client of clients.slice(0, 3)) client.subscribe();
      for (const client of clients.slice(8)) client.cut();
      await simulation.settle(clients);
    }
    const present = async () => {
      const list = (await simulation.broker.presence?.list(simulation.channel, 100)) ?? [];
      return list.map(({ client }) => client).sort();
    };
    const subscribed = () => clients.flatMap((c) => (c.isSubscribed && c.session ? [c.session.client] : [])).sort();
    expect(subscribed()).toHaveLength(6);
    expect(await present()).toEqual(subscribed());
    for (let second = 0; second < 200; second++) {
      await simulation.clock.advance(1_000);
      for (const client of clients) client.read();
    }
    expect(await present()).toEqual(subscribed());
    for (const client of clients) client.cut();
    await simulation.settle([]);
    expect(await present()).toEqual([]);
  });
});
