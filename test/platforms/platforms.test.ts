/** Where no server listens: what is refused, what is told before the platform cuts, and how instances help each other. */

import { Centrifuge } from 'centrifuge';
import { EventSource } from 'eventsource';
import { channel, type FanfareOptions, fanfare } from 'fanfare';
import { redis } from 'fanfare/redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';
import { gather } from '../support/centrifuge/awaiting.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { fetchPlatform, type PlatformApp, socketPlatforms } from '../support/platforms/platforms.js';

const patient = { timeout: 20_000 };

function makeApp(more: Pick<FanfareOptions, 'broker' | 'log'> = {}) {
  const app = fanfare({
    anonymous: true,
    origins: ['https://example.com'],
    channels: { 'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 1_000 } }) },
    transports: { sse: true, oneWay: true },
    limits: { maxFrameBytes: 66_000 },
    log: silentLogger,
    ...more,
  });
  onTestFinished(() => app.close(500));
  return app;
}

async function started(
  start: (app: PlatformApp) => Promise<AsyncDisposable & { readonly port: number }>,
  app: PlatformApp,
) {
  const platform = await start(app);
  onTestFinished(() => platform[Symbol.asyncDispose]());
  return `127.0.0.1:${platform.port}`;
}

/** Publishes until the client has been told so many times to come back, and expects it to have everything. */
async function missesNothing(app: ReturnType<typeof makeApp>, client: Centrifuge): Promise<void> {
  onTestFinished(() => client.disconnect());
  const room = client.newSubscription('chat:a');
  const received = gather(room, 'publication', ({ data }) => data);
  const told = gather(client, 'connecting', ({ code }) => code);
  room.subscribe();
  client.connect();
  await room.ready(20_000);
  let n = 0;
  while (told.items.length < 3) {
    await app.publish('chat:a', n++);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await app.publish('chat:a', n);
  expect(await received.atLeast(n + 1)).toEqual(Array.from({ length: n + 1 }, (_, each) => each));
  expect([...new Set(told.items)]).toEqual([0, 3001]);
}

describe.each(Object.entries(socketPlatforms))('%s', (_, start) => {
  test('clients are told before the platform ends their socket, and miss nothing', async () => {
    const app = makeApp();
    const endsAt = () => new Date(Date.now() + 1_200);
    const host = await started((each) => start(each, { endsAt, maxConnectionMs: 60_000 }), app);
    const client = new Centrifuge(`ws://${host}/connection/websocket`, {
      websocket: WebSocket,
      minReconnectDelay: 1,
      maxReconnectDelay: 20,
    });
    await missesNothing(app, client);
  });

  test('refuses a foreign page and a frame that is too large, with lines in the log', async () => {
    const log = new RecordedLog();
    const app = makeApp({ log });
    const host = await started(start, app);
    const url = `ws://${host}/connection/websocket`;
    const outcome = await new Promise((resolve) => {
      const ws = new WebSocket(url, { origin: 'https://evil.example' });
      ws.on('unexpected-response', (__, response) => resolve(response.statusCode));
      ws.on('error', () => undefined);
      ws.on('open', () => resolve('open'));
    });
    expect(outcome).toBe(403);
    const ws = new WebSocket(url, ['unknown', 'centrifuge-json'], { origin: 'https://example.com' });
    onTestFinished(() => ws.terminate());
    await new Promise((resolve) => ws.once('open', resolve));
    expect(ws.protocol).toBe('centrifuge-json');
    const closed = new Promise((resolve) => ws.once('close', resolve));
    ws.send('x'.repeat(70_000));
    expect(await closed).toBe(1009);
    await expect.poll(() => app.numClients, patient).toBe(0);
    const told = log.lines.flatMap(({ level, fields }) => (level === 'debug' ? [] : [fields.check]));
    expect(told).toEqual(expect.arrayContaining(['origin', 'limit']));
  });
});

describe('fetch', () => {
  test('answers what it does not serve, and foreign pages, as the server does', async () => {
    const app = makeApp();
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await app.fetch(new Request(`https://example.com${path}`, init));
      await response.body?.cancel();
      return response.status;
    };
    expect(await ask('/nowhere')).toBe(404);
    expect(await ask('/connection/websocket')).toBe(426);
    expect(await ask('/emulation')).toBe(405);
    expect(await ask('/connection/http_stream', { method: 'POST', body: '{}' })).toBe(415);
    const json = { 'content-type': 'application/json' };
    expect(await ask('/connection/http_stream', { method: 'POST', body: 'x'.repeat(70_000), headers: json })).toBe(413);
    const evil = { ...json, origin: 'https://evil.example' };
    expect(await ask('/connection/http_stream', { method: 'POST', body: '{}', headers: evil })).toBe(403);
    expect(
      await ask('/connection/http_stream', { method: 'OPTIONS', headers: { origin: 'https://example.com' } }),
    ).toBe(204);
    await expect(app.fetch(new Request('https://example.com/'), { maxConnectionMs: 1 })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
    });
  });

  test.each(['body', 'signal'])('a client that leaves (%s) is gone', async (how) => {
    const app = makeApp();
    const abort = new AbortController();
    const url = 'https://example.com/sse?channels=chat:a';
    const response = await app.fetch(new Request(url, { signal: abort.signal }));
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = response.body?.getReader();
    await reader?.read();
    expect(app.numClients).toBe(1);
    if (how === 'signal') abort.abort();
    else await reader?.cancel();
    await expect.poll(() => app.numClients, patient).toBe(0);
  });

  test('streams are told to connect again before the platform ends them, and miss nothing', async () => {
    const app = makeApp();
    const host = await started((each) => fetchPlatform(each, { maxConnectionMs: 1_200 }), app);
    const endpoint = `http://${host}/connection/sse`;
    const client = new Centrifuge([{ transport: 'sse', endpoint }], {
      eventsource: EventSource,
      emulationEndpoint: `http://${host}/emulation`,
      minReconnectDelay: 1,
      maxReconnectDelay: 20,
    });
    await missesNothing(app, client);
  });

  describe.skipIf(redisIsMissing())('over Redis', () => {
    const server = shared(RedisServer.start);

    test('a command that comes to another instance than the stream is passed on', async () => {
      const broker = redis({ url: server().url, prefix: ownPrefix() });
      const [one, other] = await Promise.all([1, 2].map(() => started(fetchPlatform, makeApp({ broker }))));
      const client = new Centrifuge([{ transport: 'sse', endpoint: `http://${one}/connection/sse` }], {
        eventsource: EventSource,
        emulationEndpoint: `http://${other}/emulation`,
        timeout: 20_000,
      });
      onTestFinished(() => client.disconnect());
      const room = client.newSubscription('chat:a');
      const received = gather(room, 'publication', ({ data }) => data);
      room.subscribe();
      client.connect();
      await room.ready(20_000);
      await room.publish('from elsewhere');
      expect(await received.atLeast(1)).toEqual(['from elsewhere']);
    });
  });
});
