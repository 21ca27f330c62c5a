/** Two nodes of the server as it is installed, with Redis between them, and the official client at each. */

import { describe, expect, test, vi } from 'vitest';
import { Folder, fanfare } from '../cli/fanfare-process.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { call, config, startFleet, subscribed } from './plain-fleet.js';

async function fleetOfTwo() {
  const redis = await RedisServer.start();
  const fleet = await startFleet([redis.url, redis.url]);
  return {
    urls: fleet.urls,
    async [Symbol.asyncDispose]() {
      await fleet[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(redisIsMissing())('two nodes and Redis', () => {
  test.each(['chat:lobby', 'plain:lobby'])(
    '%s: a message published at either reaches both, in order',
    async (channel) => {
      await using fleet = await fleetOfTwo();
      const [first = '', second = ''] = fleet.urls;
      using ann = await subscribed(first, channel);
      using bob = await subscribed(second, channel);
      const values = Array.from({ length: 20 }, (_, n) => n);
      for (const n of values) await (n % 2 === 0 ? ann : bob).subscription.publish(n);
      await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([values, values]));
    },
  );

  test('G8: presence is of both, and joins and leaves are told across', async () => {
    await using fleet = await fleetOfTwo();
    const [first = '', second = ''] = fleet.urls;
    using ann = await subscribed(first, 'chat:lobby', { joinLeave: true });
    const joined = new Promise<string>((resolve) => {
      ann.subscription.on('join', ({ info }) => {
        if (info.client !== ann.id) resolve(info.client);
      });
    });
    const left = new Promise<string>((resolve) => ann.subscription.on('leave', ({ info }) => resolve(info.client)));
    using bob = await subscribed(second, 'chat:lobby');
    expect(await joined).toBe(bob.id);
    expect(Object.keys((await ann.subscription.presence()).clients)).toHaveLength(2);
    bob.client.disconnect();
    expect(await left).toBe(bob.id);
    await vi.waitFor(async () => expect((await ann.subscription.presenceStats()).numClients).toBe(1));
  });

  test('joins and leaves that the rule pushes are told across to whoever has not asked', async () => {
    await using fleet = await fleetOfTwo();
    const [first = '', second = ''] = fleet.urls;
    using ann = await subscribed(first, 'lobby:a');
    const traffic: string[] = [];
    for (const kind of ['join', 'leave'] as const) {
      ann.subscription.on(kind, ({ info }) => info.client !== ann.id && traffic.push(kind));
    }
    using bob = await subscribed(second, 'lobby:a');
    await vi.waitFor(() => expect(traffic).toEqual(['join']));
    bob.client.disconnect();
    await vi.waitFor(() => expect(traffic).toEqual(['join', 'leave']));
  });

  test('each knows of both, and counts the clients of both', async () => {
    await using fleet = await fleetOfTwo();
    const [first = '', second = ''] = fleet.urls;
    using _ann = await subscribed(first, 'plain:lobby');
    using _bob = await subscribed(second, 'plain:lobby');
    for (const url of fleet.urls) {
      await vi.waitFor(
        async () => {
          const { nodes } = (await call(url, 'info', {})).result as { nodes: { num_clients: number }[] };
          expect(nodes.map(({ num_clients }) => num_clients)).toEqual([1, 1]);
        },
        { timeout: 10_000, interval: 100 },
      );
    }
  });

  test('G9: a client is disconnected from whichever node it is asked of', async () => {
    await using fleet = await fleetOfTwo();
    const [first = '', second = ''] = fleet.urls;
    using bob = await subscribed(second, 'plain:lobby');
    const gone = new Promise<number>((resolve) => bob.client.on('disconnected', ({ code }) => resolve(code)));
    const disconnect = { code: 4_500, reason: 'asked to' };
    expect((await call(first, 'disconnect', { user: '', client: bob.id, disconnect })).error).toBeUndefined();
    expect(await gone).toBe(4_500);
  });

  test('G4: a client that comes back at the other node gets exactly what it has missed', async () => {
    await using fleet = await fleetOfTwo();
    const [first = '', second = ''] = fleet.urls;
    using ann = await subscribed(first, 'chat:lobby');
    await ann.subscription.publish(1);
    const { offset, epoch } = await ann.subscription.history({ limit: 0 });
    for (const n of [2, 3, 4]) await ann.subscription.publish(n);
    using bob = await subscribed(second, 'chat:lobby', { since: { offset, epoch } });
    await ann.subscription.publish(5);
    await vi.waitFor(() => expect(bob.received).toEqual([2, 3, 4, 5]));
  });
});

test('a broker that cannot be reached, or is none, is told at the start, without its password', async () => {
  for (const [broker, culprit] of [
    ['redis://user:hunter2@127.0.0.1:1', '127.0.0.1:1'],
    ['carrierpigeon://user:hunter2@127.0.0.1', 'carrierpigeon'],
  ]) {
    using folder = new Folder();
    folder.write('fanfare.json', JSON.stringify({ ...config, broker }));
    const { code, stderr, stdout } = await fanfare(['serve', '--port', '0'], { folder });
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain(culprit);
    expect(`${stdout}${stderr}`).not.toContain('hunter2');
  }
});
