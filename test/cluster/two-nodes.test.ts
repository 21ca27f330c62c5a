/** Two nodes of the server as it is installed, with a broker between them, and the official client at each. */

import { Centrifuge, type SubscriptionOptions } from 'centrifuge';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Folder, fanfare } from '../cli/fanfare-process.js';
import { brokerServers } from '../support/brokers/servers.js';
import { shared } from '../support/brokers/suites.js';
import { newProtobufClient } from '../support/centrifuge/protobuf-client.js';
import type { ClientMaker } from '../support/centrifuge/scenario-app.js';
import { call, config, startFleet, subscribed } from './plain-fleet.js';

describe.each(Object.entries(brokerServers))('two nodes and %s', (kind, broker) => {
  if (broker.isMissing()) return test.skip('its program is missing');
  const server = shared<AsyncDisposable & { readonly url: string }>(broker.start);
  const fleet = shared(() => startFleet([server().url, server().url]));
  const at = (node: 0 | 1, channel: string, options?: Partial<SubscriptionOptions>) =>
    subscribed(fleet().urls[node] ?? '', channel, options);

  test.each(['chat:lobby', 'plain:lobby', 'chat:*', 'plain:a.> b'])(
    '%s: a message published at either reaches both, in order',
    async (channel) => {
      using ann = await at(0, channel);
      using bob = await at(1, channel);
      using eve = await at(1, channel.startsWith('chat') ? 'chat:else' : 'plain:else');
      const values = Array.from({ length: 20 }, (_, n) => n);
      for (const n of values) await (n % 2 === 0 ? ann : bob).subscription.publish(n);
      await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([values, values]));
      expect(eve.received).toEqual([]);
    },
  );

  test('G8: presence is of both, and joins and leaves are told across', async () => {
    using ann = await at(0, 'chat:hall', { joinLeave: true });
    const joined = new Promise<string>((resolve) => {
      ann.subscription.on('join', ({ info }) => {
        if (info.client !== ann.id) resolve(info.client);
      });
    });
    const left = new Promise<string>((resolve) => ann.subscription.on('leave', ({ info }) => resolve(info.client)));
    using bob = await at(1, 'chat:hall');
    expect(await joined).toBe(bob.id);
    // Where the broker keeps it, it is there at once; nodes that ask each other have to know of each other first.
    const presentAre = async (count: number) =>
      expect(Object.keys((await ann.subscription.presence()).clients)).toHaveLength(count);
    if (kind === 'redis') await presentAre(2);
    else await vi.waitFor(() => presentAre(2), 10_000);
    bob.client.disconnect();
    expect(await left).toBe(bob.id);
    await vi.waitFor(async () => expect((await ann.subscription.presenceStats()).numClients).toBe(1));
  });

  test('joins and leaves that the rule pushes are told across to whoever has not asked', async () => {
    using ann = await at(0, 'lobby:a');
    const traffic: string[] = [];
    for (const event of ['join', 'leave'] as const) {
      ann.subscription.on(event, ({ info }) => info.client !== ann.id && traffic.push(event));
    }
    using bob = await at(1, 'lobby:a');
    await vi.waitFor(() => expect(traffic).toEqual(['join']));
    bob.client.disconnect();
    await vi.waitFor(() => expect(traffic).toEqual(['join', 'leave']));
  });

  test('G9: each knows of both and counts their clients, one of whom is disconnected from whichever node it is asked of', async () => {
    const clientsAre = async (...counts: number[]) => {
      for (const url of fleet().urls) {
        await vi.waitFor(async () => {
          const { nodes } = (await call(url, 'info', {})).result as { nodes: { num_clients: number }[] };
          expect(nodes.map(({ num_clients }) => num_clients).sort()).toEqual(counts);
        }, 10_000);
      }
    };
    using bob = await at(1, 'plain:lobby');
    await clientsAre(0, 1);
    using _ann = await at(0, 'plain:lobby');
    await clientsAre(1, 1);
    const gone = new Promise<number>((resolve) => bob.client.on('disconnected', ({ code }) => resolve(code)));
    const disconnect = { code: 4_500, reason: 'asked to' };
    const [first = ''] = fleet().urls;
    expect((await call(first, 'disconnect', { user: '', client: bob.id, disconnect })).error).toBeUndefined();
    expect(await gone).toBe(4_500);
  });

  test.each([
    ['JSON', (...given: Parameters<ClientMaker>) => new Centrifuge(...given)],
    ['protobuf', newProtobufClient],
  ])('HTTP streaming in %s: the commands of a session may go to the other node', async (_, make) => {
    const [url = '', other = ''] = fleet().urls;
    const client = make([{ transport: 'http_stream', endpoint: `${url}/connection/http_stream` }], {
      emulationEndpoint: `${other}/emulation`,
    });
    onTestFinished(() => client.disconnect());
    const subscription = client.newSubscription('chat:attic');
    const received: unknown[] = [];
    subscription.on('publication', ({ data }) => received.push(data));
    client.connect();
    subscription.subscribe();
    await subscription.ready(5_000);
    const data = { text: `é🎺 ${'x'.repeat(5_000)}` };
    await subscription.publish(data);
    await vi.waitFor(() => expect(received).toEqual([data]));
  });

  test('G4: a client that comes back at the other node gets exactly what it has missed', async () => {
    using ann = await at(0, 'chat:den');
    await ann.subscription.publish(1);
    const { offset, epoch } = await ann.subscription.history({ limit: 0 });
    for (const n of [2, 3, 4]) await ann.subscription.publish(n);
    using bob = await at(1, 'chat:den', { since: { offset, epoch } });
    await ann.subscription.publish(5);
    await vi.waitFor(() => expect(bob.received).toEqual([2, 3, 4, 5]));
  });
});

test.each([
  ['redis://user:hunter2@127.0.0.1:1', '127.0.0.1:1'],
  ['nats://user:hunter2@127.0.0.1:1', '127.0.0.1:1'],
  ['amqp://user:hunter2@127.0.0.1:1', '127.0.0.1:1'],
  [
    'amqp://user:hunter2@127.0.0.1:1',
    'asks for history, which the broker "rabbitmq" does not keep',
    { history: false },
  ],
  ['carrierpigeon://user:hunter2@127.0.0.1', 'carrierpigeon'],
])(
  '%s is told at the start as what it is, without its password: %s',
  async (broker, culprit, rabbitmq: object = {}) => {
    using folder = new Folder({ 'fanfare.json': JSON.stringify({ ...config, broker, rabbitmq }) });
    const { code, stderr, stdout } = await fanfare(['serve', '--port', '0'], { folder });
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain(culprit);
    expect(`${stdout}${stderr}`).not.toContain('hunter2');
  },
);
