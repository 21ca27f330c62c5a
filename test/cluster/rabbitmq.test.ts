/** Two nodes of the server as it is installed, with RabbitMQ between them, which also fails (F2, F4). */

import { Centrifuge, type SubscriptionOptions } from 'centrifuge';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder, fanfare } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../support/rabbitmq-server.js';

const config = {
  anonymous: true,
  api: { insecure: true },
  channels: {
    'chat:{room}': { subscribe: 'anyone', publish: 'anyone', presence: 'subscriber', joinLeave: true },
  },
};
const channel = 'chat:lobby';
let numFleets = 0;

/** A node for each address of RabbitMQ. */
async function startFleet(...addresses: string[]) {
  const folder = new Folder();
  const prefix = `fleet-${++numFleets}`;
  folder.write('fanfare.json', JSON.stringify({ ...config, rabbitmq: { prefix } }));
  const nodes = addresses.map(
    (address) => new FanfareProcess(['serve', '--port', '0'], { folder, env: { FANFARE_BROKER: address } }),
  );
  const urls = await Promise.all(nodes.map((node) => node.listening()));
  return {
    nodes,
    urls,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
      folder[Symbol.dispose]();
    },
  };
}

async function subscribed(url: string, options: Partial<SubscriptionOptions> = {}) {
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

/** A call of the HTTP API. */
async function call(url: string, method: string, fields: object) {
  const began = performance.now();
  const answer = await fetch(`${url}/api/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
  // safe: the API's own answer, judged elsewhere
  const body = (await answer.json()) as { result?: unknown; error?: { code: number } };
  return { ...body, tookMs: performance.now() - began };
}

const publish = (url: string, data: unknown) => call(url, 'publish', { channel, data });

async function statusOf(url: string, check: 'live' | 'ready'): Promise<number> {
  return (await fetch(`${url}/health/${check}`)).status;
}

describe.skipIf(rabbitmqIsMissing())('two nodes and RabbitMQ', () => {
  let server: RabbitmqServer;

  beforeAll(async () => {
    server = await RabbitmqServer.start();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  test('a message published at either reaches both, in order', async () => {
    await using fleet = await startFleet(server.url, server.url);
    const [first = '', second = ''] = fleet.urls;
    using ann = await subscribed(first);
    using bob = await subscribed(second);
    const values = Array.from({ length: 20 }, (_, n) => n);
    for (const n of values) await (n % 2 === 0 ? ann : bob).subscription.publish(n);
    await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([values, values]));
  });

  test('G8: presence is of both, and joins and leaves are told across', async () => {
    await using fleet = await startFleet(server.url, server.url);
    const [first = '', second = ''] = fleet.urls;
    using ann = await subscribed(first, { joinLeave: true });
    const joined = new Promise<string>((resolve) => {
      ann.subscription.on('join', ({ info }) => {
        if (info.client !== ann.id) resolve(info.client);
      });
    });
    const left = new Promise<string>((resolve) => ann.subscription.on('leave', ({ info }) => resolve(info.client)));
    using bob = await subscribed(second);
    expect(await joined).toBe(bob.id);
    await vi.waitFor(async () => expect(Object.keys((await ann.subscription.presence()).clients)).toHaveLength(2), {
      timeout: 10_000,
      interval: 100,
    });
    bob.client.disconnect();
    expect(await left).toBe(bob.id);
    await vi.waitFor(async () => expect((await ann.subscription.presenceStats()).numClients).toBe(1));
  });

  test('G9: each knows of both, and a client is disconnected from whichever node it is asked of', async () => {
    await using fleet = await startFleet(server.url, server.url);
    const [first = '', second = ''] = fleet.urls;
    using bob = await subscribed(second);
    for (const url of fleet.urls) {
      await vi.waitFor(
        async () => {
          const { nodes } = (await call(url, 'info', {})).result as { nodes: { num_clients: number }[] };
          expect(nodes.map(({ num_clients }) => num_clients).sort()).toEqual([0, 1]);
        },
        { timeout: 10_000, interval: 100 },
      );
    }
    const gone = new Promise<number>((resolve) => bob.client.on('disconnected', ({ code }) => resolve(code)));
    await call(first, 'disconnect', { user: '', client: bob.id, disconnect: { code: 4_500, reason: 'asked to' } });
    expect(await gone).toBe(4_500);
  });

  test('F2 G7 G10: it dies and starts again', { timeout: 90_000 }, async () => {
    await using fleet = await startFleet(server.url, server.url);
    const [one = '', two = ''] = fleet.urls;
    using ann = await subscribed(one);
    using bob = await subscribed(two);
    expect((await publish(one, 1)).error).toBeUndefined();
    await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([[1], [1]]));

    await server.kill();
    await vi.waitFor(async () => {
      const { error, tookMs } = await publish(one, 2);
      expect(error?.code).toBe(100);
      expect(tookMs).toBeLessThan(1_000);
    });
    await vi.waitFor(async () => expect(await statusOf(one, 'ready')).toBe(503), { timeout: 15_000, interval: 200 });
    expect(await statusOf(one, 'live')).toBe(200);

    await server.startAgain();
    await vi.waitFor(
      async () => {
        expect((await publish(one, 4)).error).toBeUndefined();
        expect(ann.received).toContain(4);
        expect(bob.received).toContain(4);
      },
      { timeout: 15_000, interval: 100 },
    );
    for (const url of fleet.urls) {
      await vi.waitFor(async () => expect(await statusOf(url, 'ready')).toBe(200), { timeout: 10_000, interval: 200 });
    }
    expect(ann.received).not.toContain(2);
    for (const node of fleet.nodes) expect(node.child.exitCode).toBeNull();
  });

  test.each(['toServer', 'toClient', undefined] as const)(
    'F4 G7 G10: one node is cut off by a black hole (%s)',
    { timeout: 90_000 },
    async (direction) => {
      await using proxy = await FaultProxy.start({ port: server.port });
      await using fleet = await startFleet(server.url, `amqp://127.0.0.1:${proxy.port}`);
      const [whole = '', cutOff = ''] = fleet.urls;
      using ann = await subscribed(whole);
      using bob = await subscribed(cutOff);
      expect((await publish(cutOff, 1)).error).toBeUndefined();
      await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([[1], [1]]));

      proxy.setFaults({ blackHole: true }, direction);
      const failed = await publish(cutOff, 2);
      expect(failed.error?.code).toBe(100);
      expect(failed.tookMs).toBeLessThan(10_000);
      expect((await publish(whole, 3)).error).toBeUndefined();
      await vi.waitFor(async () => expect(await statusOf(cutOff, 'ready')).toBe(503), {
        timeout: 15_000,
        interval: 200,
      });
      expect(await statusOf(whole, 'ready')).toBe(200);

      proxy.restore();
      await vi.waitFor(
        async () => {
          expect((await publish(cutOff, 4)).error).toBeUndefined();
          expect(ann.received).toContain(4);
          expect(bob.received).toContain(4);
        },
        { timeout: 15_000, interval: 100 },
      );
      expect(ann.received).toContain(3);
      await vi.waitFor(async () => expect(await statusOf(cutOff, 'ready')).toBe(200), {
        timeout: 10_000,
        interval: 200,
      });
    },
  );
});

test('a server that cannot be reached is told at the start, without its password, and so is a rule that asks for history', async () => {
  const broker = 'amqp://user:hunter2@127.0.0.1:1';
  for (const [channels, culprit] of [
    [config.channels, '127.0.0.1:1'],
    [
      { 'chat:{room}': { history: { size: 10, ttl: '5m' } } },
      'asks for history, which the broker "rabbitmq" does not keep',
    ],
  ] as const) {
    using folder = new Folder();
    folder.write('fanfare.json', JSON.stringify({ ...config, channels, broker }));
    const { code, stderr, stdout } = await fanfare(['serve', '--port', '0'], { folder });
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain(culprit);
    expect(`${stdout}${stderr}`).not.toContain('hunter2');
  }
});
