/** `fanfare serve --workers`: real processes that share one port, with official clients and without stickiness. */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Centrifuge, type SubscriptionOptions } from 'centrifuge';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { newProtobufClient } from '../support/centrifuge/protobuf-client.js';
import type { ClientMaker } from '../support/centrifuge/scenario-app.js';

const configuration = `
port: 0
anonymous: true
internal: { port: 0 }
api: { insecure: true, internalOnly: true }
log: { level: error }
shutdown: { deadline: 5s }
channels:
  "chat:{room}":
    { subscribe: anyone, publish: anyone, history: { size: 1000, ttl: 10m }, presence: anyone }
  "score:{id}": { subscribe: anyone, publish: anyone, maxRate: { default: 50, max: 100 } }
`;

const numWorkers = 3;
let folder: Folder;
let server: FanfareProcess;
let host: string;
let internalUrl: string;
const clients: Centrifuge[] = [];

interface NodeFields {
  readonly uid: string;
  readonly num_clients: number;
}

async function api(method: string, body: object = {}): Promise<unknown> {
  const response = await fetch(`${internalUrl}/api/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Connection: 'close' },
    body: JSON.stringify(body),
    // What a worker had taken when it was killed is never answered.
    signal: AbortSignal.timeout(8_000),
  });
  expect(response.status).toBe(200);
  const { result } = (await response.json()) as { result: unknown };
  return result;
}

const nodes = async () => ((await api('info')) as { nodes: NodeFields[] }).nodes;

/** Ids of the workers' processes. */
function workers(of = server): number[] {
  const { pid } = of.child;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

/** @param make which build of the SDK. Default: the one that speaks JSON */
function client(
  transport: 'websocket' | 'http_stream',
  make: ClientMaker = (...given) => new Centrifuge(...given),
): Centrifuge {
  const made =
    transport === 'websocket'
      ? make(`ws://${host}/connection/websocket`, { websocket: WebSocket, minReconnectDelay: 50 })
      : make([{ transport, endpoint: `http://${host}/connection/http_stream` }], {
          emulationEndpoint: `http://${host}/emulation`,
          fetch,
          readableStream: ReadableStream,
          minReconnectDelay: 50,
        });
  clients.push(made);
  return made;
}

/** Subscribes, and gathers what comes. */
function follow(made: Centrifuge, channel: string, options: Partial<SubscriptionOptions> = {}) {
  const subscription = made.newSubscription(channel, options);
  const values: unknown[] = [];
  subscription.on('publication', ({ data }) => values.push(data));
  let lost = 0;
  subscription.on('subscribed', ({ wasRecovering, recovered }) => {
    if (wasRecovering && !recovered) lost++;
  });
  subscription.subscribe();
  made.connect();
  return { subscription, values, lost: () => lost };
}

beforeAll(async () => {
  folder = new Folder();
  folder.write('fanfare.yaml', configuration);
  server = new FanfareProcess(['serve', '--workers', String(numWorkers)], { folder });
  host = new URL(await server.listening()).host;
  internalUrl = (await server.seen('stdout', /API on (\S+)/))[1] ?? '';
});

afterAll(async () => {
  for (const made of clients) made.disconnect();
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe('workers', { timeout: 120_000 }, () => {
  test('share one port, know of each other, and have their clients in common', async () => {
    await expect.poll(async () => (await nodes()).length).toBe(numWorkers);
    // HTTP streaming: each command is a request of its own, which any worker may get.
    const followed = Array.from({ length: 9 }, (_, n) => {
      const make = n % 3 === 1 ? newProtobufClient : undefined;
      return follow(client(n % 3 === 0 ? 'websocket' : 'http_stream', make), 'chat:a');
    });
    await Promise.all(followed.map(({ subscription }) => subscription.ready(20_000)));
    const counts = (await nodes()).map(({ num_clients: count }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(9);
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1);
    for (const [n, { subscription }] of followed.entries()) await subscription.publish(n);
    for (let n = 9; n < 18; n++) await api('publish', { channel: 'chat:a', data: n });
    const all = Array.from({ length: 18 }, (_, n) => n);
    for (const { values } of followed) await expect.poll(() => values).toEqual(all);
    const presence = await followed[1]?.subscription.presenceStats();
    expect(presence).toMatchObject({ numClients: 9 });
    expect(await api('channels')).toEqual({ channels: { 'chat:a': { num_clients: 9 } } });
    const metrics = await (await fetch(`${internalUrl}/metrics`)).text();
    expect(metrics).toMatch(/^fanfare_clients 9$/m);
    expect(metrics).toMatch(/^fanfare_publications_in_total\{rule="chat:\{room\}"\} 18$/m);
    expect(metrics).toMatch(/^fanfare_publications_out_total\{rule="chat:\{room\}"\} 162$/m);
    // The broker is in the first process, which serves no port.
    expect(metrics).toMatch(/^fanfare_memory_streams 1$/m);
    expect(metrics).toMatch(/^fanfare_memory_presence_entries 9$/m);
    expect(metrics).toMatch(/^fanfare_nodes 3$/m);
    await api('unsubscribe', { user: '', channel: 'chat:a', client: 'nobody' });
    for (const made of clients.splice(0)) made.disconnect();
    await expect.poll(async () => (await nodes()).map(({ num_clients: count }) => count)).toEqual([0, 0, 0]);
  });

  test('each gives its clients the newest at their rates, whichever of them it comes from', async () => {
    const followed = Array.from({ length: 6 }, (_, n) =>
      follow(client(n % 2 === 0 ? 'websocket' : 'http_stream'), 'score:a', n < 3 ? {} : { data: { maxRate: 10 } }),
    );
    await Promise.all(followed.map(({ subscription }) => subscription.ready(20_000)));
    const startMs = performance.now();
    let sent = 0;
    while (followed.some(({ values }) => values.length < 4)) {
      await followed[sent % followed.length]?.subscription.publish(++sent);
    }
    for (const { values } of followed) await expect.poll(() => values.at(-1)).toBe(sent);
    const seconds = (performance.now() - startMs) / 1e3;
    for (const [n, { values }] of followed.entries()) {
      expect(values).toEqual([...new Set(values as number[])].sort((a, b) => a - b));
      expect(values.length).toBeLessThanOrEqual(seconds * (n < 3 ? 50 : 10) + 2);
    }
    for (const made of clients.splice(0)) made.disconnect();
    await expect.poll(async () => (await nodes()).map(({ num_clients: count }) => count)).toEqual([0, 0, 0]);
  });

  test('F1: one that is killed is replaced, and its clients miss nothing', async () => {
    const followed = Array.from({ length: 6 }, (_, n) =>
      follow(client(n % 2 === 0 ? 'websocket' : 'http_stream'), 'chat:b'),
    );
    await Promise.all(followed.map(({ subscription }) => subscription.ready(20_000)));
    const before = workers();
    expect(before).toHaveLength(numWorkers);
    let sent = 0;
    const publish = async (count: number) => {
      // A call that meets the dying worker fails, and is made again under its key.
      for (const end = sent + count; sent < end; sent++) {
        const call = { channel: 'chat:b', data: sent, idempotency_key: String(sent) };
        await api('publish', call).catch(() => api('publish', call));
      }
    };
    await publish(20);
    for (const pid of before.slice(0, 2)) {
      process.kill(pid, 'SIGKILL');
      await publish(20);
    }
    await expect.poll(() => workers().length).toBe(numWorkers);
    await publish(20);
    const all = Array.from({ length: sent }, (_, n) => n);
    for (const { values } of followed) await expect.poll(() => values).toEqual(all);
    expect(followed.map(({ lost }) => lost())).toEqual([0, 0, 0, 0, 0, 0]);
    await expect.poll(async () => (await followed[0]?.subscription.presenceStats())?.numClients).toBe(6);
    await expect.poll(async () => (await nodes()).length, { timeout: 20_000 }).toBe(numWorkers);
  });

  test('F12: all leave on one SIGTERM, with the advice to reconnect, though the group got it as well', async () => {
    const made = client('websocket');
    const followed = follow(made, 'chat:c');
    await followed.subscription.ready(20_000);
    const closed = new Promise((resolve) => made.once('connecting', resolve));
    server.signal('SIGTERM');
    for (const pid of workers()) process.kill(pid, 'SIGTERM');
    expect(await closed).toMatchObject({ code: 3001 });
    const { code, stdout } = await server.exited;
    expect(code, stdout).toBe(0);
  });
});

// The two others had not begun to listen to what they are told: they ran on until they were killed.
test('F12: those that still start leave as well', { timeout: 120_000 }, async () => {
  await using own = new FanfareProcess(['serve', '--workers', String(numWorkers)], { folder });
  await expect.poll(() => workers(own).length, { timeout: 30_000, interval: 1 }).toBe(numWorkers);
  own.signal('SIGTERM');
  const { code, stdout } = await own.exited;
  expect(code, stdout).toBe(0);
});

// The process that takes connections kept the one that it had just handed over: its client waited for ever.
test('F1: a client that was handed to a worker which dies before it takes it is let go', {
  timeout: 120_000,
}, async () => {
  await using own = new FanfareProcess(['serve', '--workers', String(numWorkers)], { folder });
  const port = Number(new URL(await own.listening()).port);
  const [victim = 0] = workers(own);
  process.kill(victim, 'SIGSTOP');
  const sockets = Array.from({ length: numWorkers * 2 }, () => connect(port, '127.0.0.1'));
  const ends = sockets.map((socket) => {
    socket.on('error', () => undefined).resume();
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    return new Promise<boolean>((resolve) => socket.once('close', () => resolve(socket.bytesRead > 0)));
  });
  // All but the one that the stopped worker has in its hands.
  await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBe(sockets.length - 1);
  process.kill(victim, 'SIGKILL');
  expect((await Promise.all(ends)).filter((isAnswered) => !isAnswered)).toHaveLength(1);
});

test('what is wrong with the configuration is said once', async () => {
  await using second = new FanfareProcess(['serve', '--workers', '2', '--broker', 'carrier-pigeon://x']);
  const { code, stderr } = await second.exited;
  expect(code).toBe(1);
  expect(stderr.match(/carrier-pigeon/g)).toHaveLength(1);
});

test('development mode is one process', async () => {
  await using dev = new FanfareProcess(['dev', '--workers', '2']);
  const { code, stderr } = await dev.exited;
  expect(code).toBe(1);
  expect(stderr).toMatch(/workers/);
});
