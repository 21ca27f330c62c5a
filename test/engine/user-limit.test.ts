/** `maxConnectionsPerUser` over several nodes: who is let in, what is freed, and what holds while nodes come and go. */

import { beforeEach, describe, expect, test } from 'vitest';
import { EngineCluster } from '../support/engine/cluster.js';
import type { EngineClient, EngineNode } from '../support/engine/node.js';

/** Enough for each node to be the home of many. */
const users = Array.from({ length: 60 }, (_, n) => `user ${n}`);
/** Of a question and its answer, with what is gathered before. */
const exchangeMs = 20;
/** After which a node that says nothing is given up everywhere: see docs/operations/brokers.md. */
const noticedMs = 13_000;

let cluster: EngineCluster;
let a: EngineNode;
let b: EngineNode;
let c: EngineNode;

async function start(most: number, size = 3): Promise<void> {
  cluster = await EngineCluster.start(size, {
    channels: {},
    limits: { pingIntervalMs: 0, maxConnectionsPerUser: most },
  });
  [a, b, c] = cluster.three;
  await cluster.clock.advance(exchangeMs);
}

/** Clients that have asked, with the answers on their way. */
function ask(wanted: readonly (readonly [node: EngineNode, user: string])[]): EngineClient[] {
  return wanted.map(([at, user]) => {
    const client = at.open();
    client.send('connect', { token: JSON.stringify({ sub: user }) });
    return client;
  });
}

async function connect(at: EngineNode, user: string): Promise<EngineClient> {
  const [client] = ask([[at, user]]);
  await cluster.clock.advance(exchangeMs);
  if (client === undefined) throw new Error('one was asked for');
  return client;
}

const isIn = (client: EngineClient) => client.session.is('connected');
const isRefused = ({ messages }: EngineClient) => messages.some(({ error }) => isFull(error));
const isFull = (error: unknown) => JSON.stringify(error) === '{"code":106,"message":"limit exceeded","temporary":true}';

function numOf(user: string): number {
  return cluster.nodes.reduce((all, { node: one }) => all + one.ports.sessions.ofUser(user).length, 0);
}

/** By each node: users, and connections. */
const counted = () => cluster.nodes.flatMap(({ node }) => [node.ports.seats.numUsers, node.ports.seats.numCounted]);

function leave(client: EngineClient): void {
  client.session.connectionClosed();
}

beforeEach(() => start(2));

describe('over all nodes', () => {
  test('one too many is refused with 106, temporary, wherever it comes', async () => {
    for (const user of users) {
      const clients = [await connect(a, user), await connect(b, user), await connect(c, user), await connect(a, user)];
      expect(clients.map(isIn)).toEqual([true, true, false, false]);
      expect(clients.map(isRefused)).toEqual([false, false, true, true]);
    }
  });

  test('of those that come everywhere at the same moment, as many are let in as may be', async () => {
    const wanted = users.flatMap((user) =>
      cluster.nodes.flatMap((one) => [[one, user] as const, [one, user] as const]),
    );
    const clients = ask(wanted);
    await cluster.clock.advance(3 * exchangeMs);
    expect(users.map(numOf)).toEqual(users.map(() => 2));
    expect(clients.filter((client) => !isIn(client)).every(isRefused)).toBe(true);
  });

  test('whoever leaves makes room, on any node', async () => {
    for (const user of users) {
      const clients = [await connect(a, user), await connect(b, user)];
      for (const client of clients) leave(client);
      await cluster.clock.advance(exchangeMs);
      expect([await connect(c, user), await connect(c, user)].map(isIn)).toEqual([true, true]);
    }
  });

  test('one who leaves before the answer is there takes no room', async () => {
    for (const user of users) {
      const clients = ask([a, b].map((one) => [one, user] as const));
      for (const client of clients) leave(client);
    }
    await cluster.clock.advance(3 * exchangeMs);
    expect(counted()).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('anonymous clients are nobody in particular', async () => {
    for (let n = 0; n < 3; n++) for (const one of cluster.nodes) expect(isIn(await connect(one, ''))).toBe(true);
  });

  test('a storm costs a few messages, not one for each client', async () => {
    const before = cluster.hub.numCarried;
    const many = Array.from({ length: 1_000 }, (_, n) => [cluster.three[n % 3] ?? a, `stormer ${n}`] as const);
    const clients = ask(many);
    await cluster.clock.advance(exchangeMs);
    expect(clients.every(isIn)).toBe(true);
    expect(cluster.hub.numCarried - before).toBeLessThan(30);
  });
});

describe('nodes that go and come', () => {
  test('the connections of one that has died are freed when it is given up', async () => {
    for (const user of users) for (let n = 0; n < 2; n++) await connect(c, user);
    cluster.kill(c);
    await cluster.clock.advance(noticedMs + exchangeMs);
    for (const user of users) {
      const clients = [await connect(a, user), await connect(b, user), await connect(b, user)];
      expect(clients.map(isIn)).toEqual([true, true, false]);
    }
  });

  test('those of one that leaves are freed at once', async () => {
    for (const user of users) for (let n = 0; n < 2; n++) await connect(c, user);
    await c.close();
    await cluster.clock.advance(2 * exchangeMs);
    for (const user of users) expect([await connect(a, user), await connect(b, user)].map(isIn)).toEqual([true, true]);
  });

  test('while a home is silent its users are let in within a second, up to the limit on each node; then it holds again', async () => {
    cluster.kill(c);
    ask(users.map((user) => [a, user] as const));
    await cluster.clock.advance(1_000 + exchangeMs);
    expect(users.map(numOf)).toEqual(users.map(() => 1));
    // The first have found out; the others need not wait.
    ask(users.flatMap((user) => [[a, user] as const, [a, user] as const]));
    await cluster.clock.advance(exchangeMs);
    expect(users.map(numOf)).toEqual(users.map(() => 2));
    await cluster.clock.advance(noticedMs);
    for (const user of users) expect(isRefused(await connect(b, user))).toBe(true);
  });

  test('one that comes takes over its share, with what is there', async () => {
    for (const user of users) for (const one of [a, b]) await connect(one, user);
    const d = await cluster.add();
    await cluster.clock.advance(2 * exchangeMs);
    expect(d.node.ports.seats.numCounted).toBeGreaterThan(5);
    for (const user of users) expect(isRefused(await connect(d, user))).toBe(true);
    for (const { node: one } of cluster.nodes)
      for (const session of one.ports.sessions.all()) session.connectionClosed();
    await cluster.clock.advance(2 * exchangeMs);
    expect(cluster.nodes.map(({ node: one }) => one.ports.seats.numCounted)).toEqual([0, 0, 0, 0]);
  });

  test('one that was taken for dead is counted again when it is back', async () => {
    for (const user of users) for (let n = 0; n < 2; n++) await connect(a, user);
    // Nobody hears it, but it hears everybody.
    cluster.hub.fate = (_, from) => ({ lost: from === a.node.ports.id });
    await cluster.clock.advance(noticedMs + 3_000);
    expect(a.node.ports.cluster.size).toBe(2);
    expect(b.node.ports.cluster.size).toBe(1);
    cluster.hub.fate = () => ({});
    await cluster.clock.advance(10_000);
    for (const user of users) expect(isRefused(await connect(b, user))).toBe(true);
  });

  test('one that does not count, being older, leaves the limit to each node, and is not asked again and again', async () => {
    const older = cluster.hub.connect();
    let numAsked = 0;
    await older.start('older', (payload, from) => {
      const message = JSON.parse(payload);
      if (message.kind !== 'ask' || message.about !== 'seats') return;
      numAsked++;
      void older.send(JSON.stringify({ format: 1, kind: 'no_answer', id: message.id, isUnknown: true }), from);
    });
    const figures = { numClients: 0, numUsers: 0, numSubscriptions: 0, numChannels: 0, uptimeSec: 1 };
    await older.send(JSON.stringify({ format: 1, kind: 'beat', node: { id: 'older', version: '0', ...figures } }));
    await cluster.clock.advance(exchangeMs);
    for (const user of users) for (let n = 0; n < 3; n++) await connect(a, user);
    const counts = users.map(numOf);
    expect(counts).toEqual(users.map(() => 2));
    const others = [];
    for (const user of users) others.push(await connect(b, user));
    expect(others.filter(isIn).length).toBeGreaterThan(5);
    expect(others.filter(isRefused).length).toBeGreaterThan(20);
    expect(numAsked).toBeLessThanOrEqual(3);
  });
});

test('whatever is lost and late among the messages: everybody gets an answer, and in the end all is counted right', async () => {
  let seed = 20_261_124;
  const random = () => {
    // A linear congruential generator: the same run each time.
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const few = users.slice(0, 10);
  cluster.hub.fate = () => ({ lost: random() < 0.1, delayMs: Math.floor(random() * 50) });
  let clients: EngineClient[] = [];
  for (let round = 0; round < 400; round++) {
    if (random() < 0.6) clients.push(...ask([[pick(cluster.nodes), pick(few)]]));
    else if (clients.length > 0) leave(pick(clients));
    await cluster.clock.advance(Math.floor(random() * 40));
    clients = clients.filter((client) => !client.session.is('closed'));
  }
  await cluster.clock.advance(2_000);
  const open = clients.filter((client) => !client.session.is('closed'));
  expect(open.every((one) => isIn(one) || isRefused(one))).toBe(true);
  cluster.hub.fate = () => ({});
  await cluster.clock.advance(20_000);
  for (const user of few) {
    const before = numOf(user);
    for (const one of cluster.nodes) await connect(one, user);
    expect(numOf(user)).toBe(Math.max(2, before));
  }
  for (const { node: one } of cluster.nodes) for (const session of one.ports.sessions.all()) session.connectionClosed();
  await cluster.clock.advance(2_000);
  expect(counted()).toEqual([0, 0, 0, 0, 0, 0]);
});
