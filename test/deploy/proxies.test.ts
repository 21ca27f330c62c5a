/** nginx and HAProxy as deploy/ configures them, for real, in front of three nodes. */

import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { opcodes } from '../../bench/client/websocket-frames.mjs';
import { encodeFrame } from '../support/clients/raw-websocket.js';
import { ask, enter, type Visitor, visit } from './client.js';
import { type DeployedOptions, type DeployedProxy, haproxy, nginx } from './deployed-proxy.js';
import { Fleet } from './fleet.js';
import { H2Client } from './h2-client.js';

const plain = [
  ['nginx', nginx, 'fanfare.conf'],
  ['HAProxy', haproxy, 'fanfare.cfg'],
] as const;

const sticky = [
  ['nginx by cookie', nginx, 'fanfare-sticky.conf', 'cookie'],
  ['nginx by parameter', nginx, 'fanfare-sticky.conf', 'parameter'],
  ['HAProxy by cookie', haproxy, 'fanfare-cookie.cfg', 'cookie'],
  ['HAProxy by parameter', haproxy, 'fanfare-url-param.cfg', 'parameter'],
] as const;

/** As the page advises: HAProxy finds out by asking for readiness, nginx by being refused. */
const leavingOf = (nodes: string) => [
  ...['--shutdown-clients-per-sec', '20'],
  ...(nodes.endsWith('.cfg') ? ['--shutdown-delay', '3s'] : []),
];

/** A proxy in front of a fleet of its own. */
async function started(
  deployment: typeof nginx,
  nodes: string,
  { nodeArgs, ...options }: Partial<DeployedOptions> & { readonly nodeArgs?: readonly string[] } = {},
) {
  const fleet = await Fleet.start(nodeArgs);
  try {
    const proxy = await deployment.start({ nodePorts: fleet.nodePorts, nodes, ...options });
    return {
      fleet,
      proxy,
      async [Symbol.asyncDispose]() {
        await proxy[Symbol.asyncDispose]();
        await fleet[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}

async function enterMany(proxy: DeployedProxy, count: number): Promise<Visitor[]> {
  const visitors: Visitor[] = [];
  for (let n = 0; n < count; n++) visitors.push(await enter(proxy, { address: `127.0.1.${n + 1}` }));
  return visitors;
}

function leave(visitors: readonly Visitor[]): void {
  for (const { socket } of visitors) socket.terminate();
}

describe.each(plain)('%s without stickiness', (_, deployment, nodes) => {
  describe.skipIf(deployment.isMissing())('in front of three nodes', () => {
    let through: Awaited<ReturnType<typeof started>>;
    beforeAll(async () => {
      through = await started(deployment, nodes);
      return () => through[Symbol.asyncDispose]();
    });

    test('clients are spread over all nodes, by who has the fewest', async () => {
      const visitors = await enterMany(through.proxy, 12);
      const counts = new Map<string, number>();
      for (const { node } of visitors) counts.set(node, (counts.get(node) ?? 0) + 1);
      leave(visitors);
      expect(counts.size).toBe(3);
      for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(2);
    });

    test('a stream passes at once over HTTP/2, beside others on the same connection', async () => {
      await using client = await H2Client.connect(through.proxy);
      const peers = await Promise.all(Array.from({ length: 10 }, () => client.openStream()));
      expect(new Set(peers.map(({ node }) => node)).size).toBe(3);
    });

    test('plain HTTP is sent on to TLS, old TLS is refused', async () => {
      const response = await fetch(`${through.proxy.plainUrl}/connection/websocket?a=b`, { redirect: 'manual' });
      expect(response.status).toBe(308);
      expect(response.headers.get('location')).toMatch(/^https:\/\/127\.0\.0\.1[^/]*\/connection\/websocket\?a=b$/);
      const { port } = new URL(through.proxy.url);
      const old = connectTls({
        host: '127.0.0.1',
        port: Number(port),
        ca: through.proxy.ca,
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
      });
      const [error] = await once(old, 'error');
      expect(error).toBeInstanceOf(Error);
    });

    const closed = ['/', '/health/ready', '/metrics', '/api/info', '/emulation/x'];
    test.each(closed)('%s is none of the public', async (path) => {
      expect((await ask(through.proxy, path)).status).toBe(404);
    });

    test('B18: what a client says of its address is dropped', async () => {
      const headers = { 'X-Forwarded-For': '203.0.113.9', Origin: 'https://elsewhere.example' };
      expect(await visit(through.proxy, { address: '127.0.0.77', headers })).toBe(403);
      const lines = () => through.fleet.nodes.map(({ process }) => process.stderr).join('');
      await vi.waitFor(() => expect(lines()).toContain('"peer":"127.0.0.77"'));
      expect(lines()).not.toContain('203.0.113.9');
    });

    test('pages of the host itself may connect, whatever its port', async () => {
      const visitor = await enter(through.proxy, { headers: { Origin: through.proxy.url } });
      leave([visitor]);
    });

    test('B71: tokens in URLs are not in the log', async () => {
      const command = encodeURIComponent('{"id":1,"connect":{"token":"secret-of-the-test"}}');
      expect((await ask(through.proxy, `/connection/sse?cf_connect=${command}`)).status).toBe(200);
      await vi.waitFor(async () => expect(await through.proxy.accessLog()).toContain('/connection/sse'));
      expect(await through.proxy.accessLog()).not.toContain('secret-of-the-test');
    });
  });

  const whereInstalled = test.skipIf(deployment.isMissing());
  whereInstalled('what is over the limits of an address gets 429, other addresses get in', async () => {
    const limits = nodes.endsWith('.cfg')
      ? ([['gt 200 }', 'gt 5 }']] as const)
      : ([
          ['burst=100 nodelay', 'burst=4 nodelay'],
          ['rate=20r/s', 'rate=1r/m'],
        ] as const);
    await using through = await started(deployment, nodes, { limits });
    const outcomes = [];
    for (let n = 0; n < 8; n++) outcomes.push(await visit(through.proxy, { address: '127.0.0.9' }));
    expect(outcomes.slice(5)).toEqual([429, 429, 429]);
    const visitors = outcomes.filter((outcome) => typeof outcome !== 'number');
    expect(visitors).toHaveLength(5);
    leave([...visitors, await enter(through.proxy, { address: '127.0.0.10' })]);
  });

  whereInstalled('a node that is full does not keep clients from the others; 503 when all are', async () => {
    await using through = await started(deployment, nodes, { nodeArgs: ['--limits-max-connections', '2'] });
    const visitors = await enterMany(through.proxy, 6);
    expect(await visit(through.proxy)).toBe(503);
    // The refusals have not taken any node out.
    leave(visitors);
    await vi.waitFor(async () => leave(await enterMany(through.proxy, 3)));
  });

  whereInstalled('F12: a node is stopped and another one killed, and whoever comes meanwhile gets in', async () => {
    await using through = await started(deployment, nodes, { nodeArgs: leavingOf(nodes) });
    const [first, second] = through.fleet.nodes;
    const visitors = await enterMany(through.proxy, 12);
    const codes = Promise.race(visitors.map(({ closed }) => closed));
    first?.process.signal('SIGTERM');
    await first?.process.seen('stdout', /shutting down/);
    const newcomers = await enterMany(through.proxy, 6);
    expect(await codes).toBe(3001);
    newcomers.push(...(await enterMany(through.proxy, 6)));
    expect((await first?.process.exited)?.code).toBe(0);
    newcomers.push(...(await enterMany(through.proxy, 6)));
    // F1: nobody has been told of this one.
    second?.process.signal('SIGKILL');
    await second?.process.exited;
    newcomers.push(...(await enterMany(through.proxy, 6)));
    leave([...visitors, ...newcomers]);
  });
});

describe.each(sticky)('%s', (_, deployment, nodes, by) => {
  test.skipIf(deployment.isMissing())('the same client meets the same node, over WebSocket and HTTP', async () => {
    await using through = await started(deployment, nodes);
    const met = new Set<string>();
    // With a random cookie for each, twelve miss one of three nodes in every fortieth run, sixty never.
    for (let client = 0; client < 12 || (met.size < 3 && client < 60); client++) {
      const query = by === 'parameter' ? `?sticky=client-${client}` : '';
      const cookies = new Map<string, string>();
      const nodesOfClient = new Set<string>();
      for (let n = 0; n < 4; n++) {
        const visitor = await enter(through.proxy, {
          path: `/connection/websocket${query}`,
          address: `127.0.2.${client + 1}`,
          ...(by === 'cookie' && { cookies }),
        });
        nodesOfClient.add(visitor.node);
        leave([visitor]);
      }
      expect(nodesOfClient.size).toBe(1);
      met.add([...nodesOfClient].join());
    }
    expect(met.size).toBe(3);
  });

  test.skipIf(deployment.isMissing())('over HTTP/2 every command of a client reaches its session', async () => {
    await using through = await started(deployment, nodes);
    await using client = await H2Client.connect(through.proxy);
    const peer = await client.openStream(by === 'parameter' ? '?sticky=one-of-many' : '');
    expect(await peer.emulate('{"id":2,"subscribe":{"channel":"news"}}')).toBe(204);
    await peer.lines.atLeast(2);
    for (let n = 0; n < 10; n++)
      expect(await peer.emulate(`{"id":${3 + n},"publish":{"channel":"news","data":${n}}}`)).toBe(204);
    // A reply and a push each.
    const lines = await peer.lines.atLeast(22);
    const published = lines.flatMap(({ push }) =>
      push === undefined ? [] : [(push as { pub: { data: number } }).pub.data],
    );
    expect(published).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.skipIf(deployment.isMissing())('F12: a client whose node goes is let in by another', async () => {
    await using through = await started(deployment, nodes);
    const path = `/connection/websocket${by === 'parameter' ? '?sticky=me' : ''}`;
    const cookies = new Map<string, string>();
    const before = await enter(through.proxy, { path, cookies });
    for (const { process } of through.fleet.nodes.slice(0, 2)) process.signal('SIGTERM');
    await Promise.all(through.fleet.nodes.slice(0, 2).map(({ process }) => process.seen('stdout', /shutting down/)));
    const after = await enter(through.proxy, { path, cookies });
    leave([before, after]);
  });
});

describe.skipIf(haproxy.isMissing())('HAProxy', () => {
  test('WebSocket over HTTP/2 (RFC 8441)', async () => {
    await using through = await started(haproxy, 'fanfare.cfg');
    await using client = await H2Client.connect(through.proxy);
    const stream = client.session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/connection/websocket',
      'sec-websocket-version': '13',
    });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(200);
    const message = once(stream, 'data');
    stream.write(encodeFrame({ opcode: opcodes.text, payload: '{"id":1,"connect":{}}' }));
    expect(String((await message)[0])).toContain('"connect":');
    stream.close();
  });
});

describe.each(plain)('%s', (_, deployment, nodes) => {
  const whereInstalled = test.skipIf(deployment.isMissing());
  whereInstalled('F11: a reload loses nobody, and the old workers are gone with their last client', async () => {
    await using through = await started(deployment, nodes);
    const before = await enter(through.proxy);
    const old = await through.proxy.workers();
    through.proxy.reload();
    await vi.waitFor(async () => expect((await through.proxy.workers()).length).toBeGreaterThan(old.length));
    const reply = once(before.socket, 'message');
    before.socket.send('{"id":2,"subscribe":{"channel":"news"}}');
    expect(JSON.parse(String((await reply)[0])).id).toBe(2);
    leave([before]);
    let after = await enter(through.proxy);
    await vi.waitFor(async () => {
      // One that an old worker has let in just before it stopped to would keep that one.
      leave([after]);
      after = await enter(through.proxy);
      const now = await through.proxy.workers();
      expect(old.filter((pid) => now.includes(pid))).toEqual([]);
    });
    expect(after.socket.readyState).toBe(after.socket.OPEN);
    leave([after]);
  });
});
