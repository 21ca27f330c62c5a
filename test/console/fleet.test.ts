/** Nodes over Redis, and workers of one server: whichever is asked tells of all of them. */

import { describe, expect, test, vi } from 'vitest';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { call, startFleet, subscribed } from '../cluster/plain-fleet.js';
import { brokerServers } from '../support/brokers/servers.js';
import { shared } from '../support/brokers/suites.js';

/** The result of a call. */
async function ask<Result>(url: string, method: string, fields: object = {}): Promise<Result> {
  const answer = await call(url, method, fields);
  expect([answer.status, answer.error], method).toEqual([200, undefined]);
  // safe: as docs/api/openapi.yaml says, which other tests hold it to
  return answer.result as Result;
}

interface Nodes {
  readonly nodes: readonly { uid: string; num_clients: number; process: { pid: number } }[];
}
interface Connections {
  readonly connections: readonly { client: string; node: string }[];
  readonly cursor?: string;
}
interface Events {
  readonly events: readonly { node: string; kind: string; fields: Record<string, unknown> }[];
  readonly cursor: string;
}
interface Tail {
  readonly publications: readonly { data: unknown; offset: number }[];
  readonly cursor: string;
}

/** All pages, one connection a page. */
async function connectionsOf(url: string): Promise<string[]> {
  const clients: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page: Connections = await ask<Connections>(url, 'connections', { limit: 1, cursor });
    clients.push(...page.connections.map(({ client }) => client));
    cursor = page.cursor;
  }
  return clients;
}

describe.skipIf(brokerServers.redis.isMissing())('two nodes over Redis', () => {
  const server = shared<AsyncDisposable & { readonly url: string }>(brokerServers.redis.start);
  const fleet = shared(() => startFleet([server().url, server().url]));

  test('tell of each other: figures, connections, channels, events, tails', async () => {
    const [first = '', second = ''] = fleet().urls;
    await vi.waitFor(async () => {
      for (const url of [first, second]) expect((await ask<Nodes>(url, 'nodes')).nodes).toHaveLength(2);
    });
    using ann = await subscribed(first, 'chat:lobby');
    using bob = await subscribed(second, 'chat:lobby');
    const { nodes } = await ask<Nodes>(first, 'nodes');
    expect(nodes.map(({ num_clients }) => num_clients)).toEqual([1, 1]);
    expect(new Set(nodes.map(({ process }) => process.pid)).size).toBe(2);
    for (const url of [first, second]) expect((await connectionsOf(url)).sort()).toEqual([ann.id, bob.id].sort());

    expect(await ask(second, 'connection', { client: ann.id })).toMatchObject({
      connection: { client: ann.id, node: nodes[0]?.uid, subscriptions: [{ channel: 'chat:lobby' }] },
    });
    expect(await ask(first, 'channels_page', { pattern: 'chat:*' })).toEqual({
      channels: [{ channel: 'chat:lobby', rule: 'chat:{room}', num_clients: 2, num_publications: 0 }],
    });

    const { cursor } = await ask<Tail>(first, 'tail', { channel: 'chat:lobby' });
    await ann.subscription.publish('hello');
    const tail = await vi.waitFor(async () => {
      const answer = await ask<Tail>(second, 'tail', { channel: 'chat:lobby', cursor });
      expect(answer.publications).toHaveLength(1);
      return answer;
    });
    expect(tail.publications).toMatchObject([{ data: 'hello', offset: 1 }]);

    const before = await ask<Events>(first, 'events');
    bob.client.disconnect();
    await vi.waitFor(async () => {
      const { events } = await ask<Events>(first, 'events', { kind: 'end', cursor: before.cursor });
      expect(events).toMatchObject([{ node: nodes[1]?.uid, fields: { client: bob.id, code: 3000 } }]);
    });
  });

  test('are told from a page that they have not made', async () => {
    const [first = ''] = fleet().urls;
    for (const [method, fields] of [
      ['connections', {}],
      ['channels_page', {}],
      ['events', {}],
      ['tail', { channel: 'chat:x' }],
    ] as const) {
      for (const cursor of ['nonsense', Buffer.from('{"after":-1}').toString('base64url')]) {
        const { status, error } = await call(first, method, { ...fields, cursor });
        expect([status, error?.code], `${method} ${cursor}`).toEqual([400, 107]);
      }
      expect((await call(first, method, { ...fields, limit: 1_001 })).status).toBe(method === 'tail' ? 200 : 400);
    }
  });
});

describe('workers of one server', () => {
  const password = 'werktags-Drache-12';
  const config = {
    port: 0,
    workers: 2,
    anonymous: true,
    internal: { port: 0 },
    console: { password },
    log: { level: 'error' },
    channels: { 'chat:{room}': { subscribe: 'anyone', publish: 'anyone', history: { size: 10, ttl: '1m' } } },
  };

  test('a session of one is known by the others, and each tells of all', async () => {
    using folder = new Folder({ 'fanfare.json': JSON.stringify(config) });
    await using server = new FanfareProcess(['serve'], { folder });
    const url = await server.listening();
    const [, page = ''] = await server.seen('stdout', /console on (\S+)\/console\//);
    const post = (path: string, body: object, cookie = '') =>
      fetch(`${page}/console/${path}`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Origin: page,
          // Another connection, perhaps to another worker.
          Connection: 'close',
          ...(cookie && { Cookie: cookie }),
        },
        body: JSON.stringify(body),
      });
    const login = await post('login', { password });
    expect(login.status).toBe(200);
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    using ann = await subscribed(url, 'chat:lobby');
    using _bob = await subscribed(url, 'chat:lobby');
    const seen = new Set<string>();
    await vi.waitFor(async () => {
      // safe: as docs/api/openapi.yaml says
      const { result } = (await (await post('api/nodes', {}, cookie)).json()) as { result: Nodes };
      expect(result.nodes).toHaveLength(2);
      expect(result.nodes.reduce((sum, { num_clients }) => sum + num_clients, 0)).toBe(2);
      seen.add(result.nodes[0]?.uid ?? '');
      // Both have answered.
      expect(seen.size).toBe(2);
    });
    const { result } = (await (await post('api/connection', { client: ann.id }, cookie)).json()) as {
      result: { connection?: { client: string } };
    };
    expect(result.connection?.client).toBe(ann.id);
    expect((await post('api/nodes', {})).status).toBe(401);
    expect((await fetch(`${url}/console/`)).status).toBe(404);
  });
});
