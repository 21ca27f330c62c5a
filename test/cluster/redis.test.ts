/** Two nodes of the server as it is installed, with Redis between them, and the official client at each. */

import { Centrifuge, type SubscriptionOptions } from 'centrifuge';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder, fanfare } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';
import { RedisServer, redisIsMissing } from '../support/redis-server.js';

const config = {
  anonymous: true,
  api: { insecure: true },
  channels: {
    'chat:{room}': {
      subscribe: 'anyone',
      publish: 'anyone',
      history: { size: 100, ttl: '5m', read: 'subscriber' },
      presence: 'subscriber',
      joinLeave: true,
    },
    'plain:{room}': { subscribe: 'anyone', publish: 'anyone' },
  },
};

async function startFleet(numNodes: number) {
  const redis = await RedisServer.start();
  const folder = new Folder();
  folder.write('fanfare.json', JSON.stringify({ ...config, broker: redis.url }));
  const nodes = Array.from({ length: numNodes }, () => new FanfareProcess(['serve', '--port', '0'], { folder }));
  const urls = await Promise.all(nodes.map((node) => node.listening()));
  return {
    redis,
    nodes,
    urls,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
      await redis[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function subscribed(url: string, channel: string, options: Partial<SubscriptionOptions> = {}) {
  const client = new Centrifuge(endpoint(url), { websocket: WebSocket });
  const connected = new Promise<string>((resolve) => client.on('connected', ({ client: id }) => resolve(id)));
  const subscription = client.newSubscription(channel, options);
  const received: unknown[] = [];
  subscription.on('publication', ({ data }) => received.push(data));
  client.connect();
  subscription.subscribe();
  const [id] = await Promise.all([connected, subscription.ready(5_000)]);
  return {
    client,
    id,
    subscription,
    received,
    [Symbol.dispose]() {
      client.disconnect();
    },
  };
}

describe.skipIf(redisIsMissing())('two nodes and Redis', () => {
  test.each(['chat:lobby', 'plain:lobby'])(
    '%s: a message published at either reaches both, in order',
    async (channel) => {
      await using fleet = await startFleet(2);
      const [first = '', second = ''] = fleet.urls;
      using ann = await subscribed(first, channel);
      using bob = await subscribed(second, channel);
      const values = Array.from({ length: 20 }, (_, n) => n);
      for (const n of values) await (n % 2 === 0 ? ann : bob).subscription.publish(n);
      await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([values, values]));
    },
  );

  test('G8: presence is of both, and joins and leaves are told across', async () => {
    await using fleet = await startFleet(2);
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

  test('each knows of both, and counts the clients of both', async () => {
    await using fleet = await startFleet(2);
    const [first = '', second = ''] = fleet.urls;
    using _ann = await subscribed(first, 'plain:lobby');
    using _bob = await subscribed(second, 'plain:lobby');
    for (const url of fleet.urls) {
      await vi.waitFor(
        async () => {
          const { nodes } = (await call(url, 'info', {})) as { nodes: { num_clients: number }[] };
          expect(nodes.map(({ num_clients }) => num_clients)).toEqual([1, 1]);
        },
        { timeout: 10_000, interval: 100 },
      );
    }
  });

  test('G9: a client is disconnected from whichever node it is asked of', async () => {
    await using fleet = await startFleet(2);
    const [first = '', second = ''] = fleet.urls;
    using bob = await subscribed(second, 'plain:lobby');
    const gone = new Promise<number>((resolve) => bob.client.on('disconnected', ({ code }) => resolve(code)));
    await call(first, 'disconnect', { user: '', client: bob.id, disconnect: { code: 4_500, reason: 'asked to' } });
    expect(await gone).toBe(4_500);
  });

  test('G4: a client that comes back at the other node gets exactly what it has missed', async () => {
    await using fleet = await startFleet(2);
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

/** A call of the HTTP API. @returns its result */
async function call(url: string, method: string, fields: object): Promise<unknown> {
  const answer = await fetch(`${url}/api/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
  // safe: the API's own answer, judged elsewhere
  const { result, error } = (await answer.json()) as { result?: unknown; error?: unknown };
  expect(error).toBeUndefined();
  return result;
}
