/** What a fleet tells an operator: pages, stories and tails over several nodes, on a fake clock. */

import { describe, expect, it } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { toJsonText } from '../../src/model/json-text.js';
import type { Payload } from '../../src/model/payload.js';
import { EngineCluster } from '../support/engine/cluster.js';
import { EngineNode } from '../support/engine/node.js';

const channels = {
  'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 10 } }),
  'plain:{name}': channel({ subscribe: 'anyone' }),
  'closed:{name}': channel({}),
};

const payload = (value: unknown): Payload => toJsonText(value) ?? expect.unreachable();
const start = (size: number) => EngineCluster.start(size, { channels });
const inspectionOf = ({ node }: EngineNode) => node.inspection;

/** Resolves what is asked of other nodes, whose messages take a moment of the fake clock. */
async function settled<Value>({ clock }: Pick<EngineNode, 'clock'>, asked: Promise<Value>): Promise<Value> {
  // Who awaits the result gets a failure.
  asked.catch(() => undefined);
  await clock.advance(20);
  return asked;
}

describe('nodes', () => {
  it('tells the figures of all, this one first', async () => {
    const cluster = await start(2);
    const [a, b] = cluster.nodes;
    if (a === undefined || b === undefined) return expect.unreachable();
    const ann = await a.connect({ sub: 'ann' });
    await ann.command('subscribe', { channel: 'closed:x' });
    await b.connect({ sub: 'bob' });
    const nodes = await settled(cluster, inspectionOf(a).nodes());
    expect(nodes.map(({ id }) => id)).toEqual([a.node.ports.id, b.node.ports.id]);
    expect(nodes).toMatchObject([
      { numClients: 1, connections: 1, queuedBytes: 0, isDraining: false, isDelivering: true, errors: [[103, 1]] },
      { numClients: 1, broker: 'shared memory', errors: [] },
    ]);
  });
});

describe('connections', () => {
  it('come in pages, node after node, each once, whoever leaves meanwhile', async () => {
    const cluster = await start(2);
    const clients = [];
    for (let n = 0; n < 7; n++) {
      const node = cluster.nodes[n % 2];
      if (node !== undefined) clients.push(await node.connect({ sub: `user-${n}` }));
    }
    const [a] = cluster.nodes;
    if (a === undefined) return expect.unreachable();
    const seen: string[] = [];
    let cursor: Parameters<ReturnType<typeof inspectionOf>['connections']>[2];
    for (let page = 0; page < 10; page++) {
      const { connections, next } = await settled(cluster, inspectionOf(a).connections({}, 2, cursor));
      seen.push(...connections.map(({ user }) => user));
      if (page === 0) clients[0]?.session.connectionClosed();
      if (next === undefined) break;
      cursor = next;
    }
    expect(seen.toSorted()).toEqual(clients.map((_, n) => `user-${n}`));
  });

  it('are narrowed by user, channel and transport', async () => {
    const node = await EngineNode.start({ channels });
    const ann = await node.connect({ sub: 'ann' });
    await node.connect({ sub: 'ann' });
    await node.connect({ sub: 'bob' });
    await ann.command('subscribe', { channel: 'chat:lobby' });
    const clientsOf = async (filter: object) =>
      (await settled(node, inspectionOf(node).connections(filter, 10))).connections.map(({ client }) => client);
    expect(await clientsOf({ user: 'ann' })).toHaveLength(2);
    expect(await clientsOf({ channel: 'chat:lobby' })).toEqual([ann.session.client]);
    expect(await clientsOf({ user: 'bob', channel: 'chat:lobby' })).toEqual([]);
    expect(await clientsOf({ transport: 'carrier-pigeon' })).toEqual([]);
    expect(await clientsOf({ channel: '\u0000' })).toEqual([]);
  });

  it('one is found on whichever node it is, with its subscriptions', async () => {
    const cluster = await start(2);
    const [a, b] = cluster.nodes;
    const bob = await b?.connect({ sub: 'bob' });
    await bob?.command('subscribe', { channel: 'chat:lobby' });
    const { client = '' } = bob?.session ?? {};
    if (a === undefined) return expect.unreachable();
    expect(await settled(cluster, inspectionOf(a).connection(client))).toMatchObject({
      user: 'bob',
      node: b?.node.ports.id,
      numSubscriptions: 1,
      subscriptions: [{ channel: 'chat:lobby', rule: 'chat:{room}', isEstablished: true, recovery: 'stream' }],
    });
    expect(await settled(cluster, inspectionOf(a).connection('nobody'))).toBeUndefined();
  });
});

describe('channels', () => {
  it('come in pages by name, with the subscribers of all nodes', async () => {
    const cluster = await start(2);
    const [a, b] = cluster.nodes;
    if (a === undefined || b === undefined) return expect.unreachable();
    for (const [node, rooms] of [
      [a, ['c', 'a', 'e']],
      [b, ['b', 'a', 'd']],
    ] as const) {
      const client = await node.connect();
      for (const room of rooms) await client.command('subscribe', { channel: `chat:${room}` });
    }
    await a.operations.publish('chat:a', payload(1), {});
    await cluster.clock.settle();
    const pages: string[][] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: Awaited<ReturnType<ReturnType<typeof inspectionOf>['channels']>> = await settled(
        cluster,
        inspectionOf(a).channels('chat:*', 2, after),
      );
      pages.push(page.channels.map(({ name, numClients }) => `${name} ${numClients}`));
      after = page.next;
    }
    expect(pages).toEqual([['chat:a 2', 'chat:b 1'], ['chat:c 1', 'chat:d 1'], ['chat:e 1']]);
    const one = await settled(cluster, inspectionOf(b).channel('chat:a'));
    expect(one).toMatchObject({ numClients: 2, numPublications: 1, rule: { recovery: 'stream' } });
    await expect(settled(cluster, inspectionOf(a).channel('nowhere:x'))).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_CHANNEL',
    });
    await expect(inspectionOf(a).channels('[', 2)).rejects.toMatchObject({ code: 'ERR_PATTERN' });
  });
});

describe('events', () => {
  it('tell why somebody was refused, and the option that would change it, of all nodes', async () => {
    const cluster = await start(2);
    const [a, b] = cluster.nodes;
    if (a === undefined || b === undefined) return expect.unreachable();
    const bob = await b.connect({ sub: 'bob' });
    expect(await bob.command('subscribe', { channel: 'closed:x' })).toBe(103);
    const first = await settled(cluster, inspectionOf(a).events({ user: 'bob' }, 10));
    expect(first.events).toMatchObject([
      {
        node: b.node.ports.id,
        kind: 'refusal',
        check: 'permission',
        fields: { user: 'bob', channel: 'closed:x', code: 103, option: 'channels → closed:{name} → subscribe' },
      },
    ]);
    bob.session.connectionClosed();
    const second = await settled(cluster, inspectionOf(a).events({ user: 'bob' }, 10, first.next));
    expect(second.events).toMatchObject([{ kind: 'end', fields: { code: 3000, client: bob.session.client } }]);
    const third = await settled(cluster, inspectionOf(b).events({}, 10, second.next));
    expect(third).toMatchObject({ events: [], isCut: false });
  });

  it('are kept whether the log has a line for them or not', async () => {
    const node = await EngineNode.start({ channels });
    for (let n = 0; n < 30; n++) {
      const client = await node.connect({ sub: `user-${n}` });
      await client.command('subscribe', { channel: 'closed:x' });
    }
    const { events } = await inspectionOf(node).events({ user: 'user-29' }, 10);
    expect(events).toMatchObject([{ check: 'permission', fields: { user: 'user-29' } }]);
  });
});

describe('tail', () => {
  it('has what is published from the first question on, whichever node is asked', async () => {
    const cluster = await start(2);
    const [a, b] = cluster.nodes;
    if (a === undefined || b === undefined) return expect.unreachable();
    await a.operations.publish('chat:x', payload('before'), {});
    const first = await settled(cluster, inspectionOf(a).tail('chat:x'));
    expect(first).toMatchObject({ entries: [], isCut: false });
    for (const text of ['one', 'two']) await b.operations.publish('chat:x', payload(text), {});
    await cluster.clock.settle();
    const second = await settled(cluster, inspectionOf(b).tail('chat:x', { node: first.node, after: first.lastSeq }));
    expect(second).toMatchObject({ node: first.node, isCut: false });
    expect(second.entries.map(({ data, offset }) => [data, offset])).toEqual([
      ['"one"', 2],
      ['"two"', 3],
    ]);
    const third = await settled(cluster, inspectionOf(a).tail('chat:x', { node: second.node, after: second.lastSeq }));
    expect(third.entries).toEqual([]);
  });

  it('goes on while subscribers of the channel come and go, and has nothing of other channels', async () => {
    const node = await EngineNode.start({ channels });
    const first = await settled(node, inspectionOf(node).tail('plain:x'));
    const publish = async (text: string) => {
      for (const channel of ['plain:x', 'plain:y']) await node.operations.publish(channel, payload(text + channel), {});
    };
    await publish('without ');
    const client = await node.connect({ sub: 'ann' });
    for (const channel of ['plain:x', 'plain:y']) await client.command('subscribe', { channel });
    await publish('with ');
    for (const channel of ['plain:x', 'plain:y']) await client.command('unsubscribe', { channel });
    await publish('again without ');
    await node.clock.settle();
    const second = await settled(node, inspectionOf(node).tail('plain:x', { node: first.node, after: first.lastSeq }));
    expect(second.entries.map(({ data }) => data)).toEqual([
      '"without plain:x"',
      '"with plain:x"',
      '"again without plain:x"',
    ]);
  });

  it('says when something is missing: too much came, or its node is gone', async () => {
    const node = await EngineNode.start({ channels });
    const first = await settled(node, inspectionOf(node).tail('plain:x'));
    for (let n = 0; n < 300; n++) await node.operations.publish('plain:x', payload(n), {});
    await node.clock.settle();
    const second = await settled(node, inspectionOf(node).tail('plain:x', { node: first.node, after: 0 }));
    expect(second.isCut).toBe(true);
    expect(second.entries).toHaveLength(200);
    expect(second.entries.at(-1)?.data).toBe('299');
    const third = await settled(node, inspectionOf(node).tail('plain:x', { node: 'gone', after: 7 }));
    expect(third.isCut).toBe(true);
  });

  it('ends when nobody asks, and gives up its interest in the channel', async () => {
    const node = await EngineNode.start({ channels });
    const { interest, limits } = node.node.ports;
    await settled(node, inspectionOf(node).tail('plain:x'));
    expect(interest.size).toBe(1);
    await node.clock.advance(30_000);
    await node.clock.advance(limits.brokerLingerMs);
    expect(interest.size).toBe(0);
  });

  it('is refused beyond 32 channels', async () => {
    const node = await EngineNode.start({ channels });
    for (let n = 0; n < 32; n++) await settled(node, inspectionOf(node).tail(`plain:${n}`));
    await expect(settled(node, inspectionOf(node).tail('plain:32'))).rejects.toMatchObject({
      code: 'ERR_NOT_AVAILABLE',
    });
  });
});
