/** Two nodes of the server as it is installed, with a broker between them, and the official client at each. */

import { Centrifuge, type FilterNode, type SubscriptionOptions } from 'centrifuge';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Folder, fanfare } from '../cli/fanfare-process.js';
import { brokerServers } from '../support/brokers/servers.js';
import { shared } from '../support/brokers/suites.js';
import { newProtobufClient } from '../support/centrifuge/protobuf-client.js';
import type { ClientMaker } from '../support/centrifuge/scenario-app.js';
import { call, config, publish, startFleet, subscribed } from './plain-fleet.js';

/** What passes is numbered by `late`. */
const lateGoals: FilterNode = {
  op: 'and',
  nodes: [
    { key: 'kind', cmp: 'in', vals: ['goal', 'own goal'] },
    { key: 'minute', cmp: 'gte', val: '80' },
  ],
};
const matches = [
  { late: 0, tags: { kind: 'goal', minute: '90' } },
  { tags: { kind: 'goal', minute: '9' } },
  { tags: { kind: 'card', minute: '88' } },
  { late: 1, tags: { kind: 'own goal', minute: '80.0' } },
  { tags: { minute: '85' } },
  { tags: undefined },
  { late: 2, tags: { kind: 'goal', minute: '100' } },
] as const;

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
    else await vi.waitFor(() => presentAre(2));
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
        });
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
    await subscription.ready(20_000);
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

  /** At both nodes in turn. */
  async function publishMatches(channel: string): Promise<void> {
    for (const [n, { tags, ...data }] of matches.entries()) {
      expect((await publish(fleet().urls[n % 2] ?? '', channel, data, tags)).error).toBeUndefined();
    }
  }

  test.each(['tagged:match', 'tagplain:match'])('%s: tags travel, and filters hold at both nodes', async (channel) => {
    using ann = await at(0, channel, { tagsFilter: lateGoals });
    using bob = await at(1, channel, { tagsFilter: lateGoals });
    using cora = await at(1, channel);
    const tags: unknown[] = [];
    cora.subscription.on('publication', (publication) => tags.push(publication.tags));
    await publishMatches(channel);
    await vi.waitFor(() => expect(cora.received).toHaveLength(matches.length));
    expect(tags).toEqual(matches.map((one) => one.tags));
    const passing = [{ late: 0 }, { late: 1 }, { late: 2 }];
    await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([passing, passing]));
  });

  test('G4: what passes a filter is recovered at the other node, and the position of what does not', async () => {
    using ann = await at(0, 'tagged:final', { tagsFilter: lateGoals });
    const { epoch } = await ann.subscription.history({ limit: 0 });
    await publishMatches('tagged:final');
    await vi.waitFor(() => expect(ann.received).toHaveLength(3));
    // From after the first, whose filter lets two more through; and from there, where it lets none through.
    using bob = await at(1, 'tagged:final', { tagsFilter: lateGoals, since: { offset: 1, epoch } });
    using cora = await at(1, 'tagged:final', { tagsFilter: lateGoals, since: { offset: 7, epoch } });
    await publishMatches('tagged:final');
    await vi.waitFor(() => {
      expect(bob.received.map((data) => (data as { late: number }).late)).toEqual([1, 2, 0, 1, 2]);
      expect(cora.received).toEqual([{ late: 0 }, { late: 1 }, { late: 2 }]);
    });
    const history = await ann.subscription.history({ limit: 100 });
    expect(history.publications.map(({ tags }) => tags)).toEqual([...matches, ...matches].map(({ tags }) => tags));
  });

  test('a cache gives the last value that passes a filter, whichever node published it', async () => {
    await publishMatches('tagcache:final');
    await publish(fleet().urls[0] ?? '', 'tagcache:final', 'too early', { kind: 'goal', minute: '1' });
    using ann = await at(0, 'tagcache:final', { tagsFilter: lateGoals });
    using bob = await at(1, 'tagcache:final', { tagsFilter: lateGoals });
    await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([[{ late: 2 }], [{ late: 2 }]]));
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
