/** F6, G7, G10: the process that hosts the broker of `--workers` stands still, and goes on. */

import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Centrifuge } from 'centrifuge';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';

const config = {
  port: 0,
  anonymous: true,
  workers: 2,
  internal: { port: 0 },
  api: { insecure: true, internalOnly: true },
  log: { level: 'error' },
  channels: { news: { subscribe: 'anyone', history: { size: 100, ttl: '10m' } } },
};

test('a broker that stands still is a failure within seconds, and nothing is lost when it goes on', {
  timeout: 90_000,
}, async () => {
  using folder = new Folder();
  folder.write('fanfare.json', JSON.stringify(config));
  await using server = new FanfareProcess(['serve'], { folder });
  const { host } = new URL(await server.listening());
  const internalUrl = (await server.seen('stdout', /API on (\S+)/))[1] ?? '';
  // One connection, to one worker: the process that stands still is the one that hands out new ones.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (path: string, body?: object) => {
    const sent = request(`${internalUrl}${path}`, { agent, method: body === undefined ? 'GET' : 'POST' });
    sent.setHeader('Content-Type', 'application/json');
    sent.end(body && JSON.stringify(body));
    // safe: what this event comes with
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return { status: response.statusCode, text };
  };
  const publish = async (data: number) => {
    const { text } = await ask('/api/publish', { channel: 'news', data });
    // safe: the API's own answer
    return (JSON.parse(text) as { error?: { code: number } }).error?.code;
  };
  const readyIs = (status: number) =>
    vi.waitFor(async () => expect((await ask('/health/ready')).status).toBe(status), 15_000);

  const values: unknown[] = [];
  let signals = 0;
  const clients = Array.from(
    { length: 4 },
    () => new Centrifuge(`ws://${host}/connection/websocket`, { websocket: WebSocket }),
  );
  for (const client of clients) {
    client.on('disconnected', () => signals++);
    const news = client.newSubscription('news');
    news.on('publication', ({ data }) => values.push(data));
    news.on('subscribing', ({ code }) => {
      if (code >= 2500) signals++;
    });
    news.subscribe();
    client.connect();
    await news.ready(20_000);
  }
  const all = (numbers: number[]) => numbers.flatMap((n) => clients.map(() => n));
  expect(await publish(1)).toBeUndefined();
  await vi.waitFor(() => expect(values).toEqual(all([1])));

  server.signal('SIGSTOP');
  const stoppedMs = performance.now();
  expect(await publish(2)).toBe(100);
  expect(performance.now() - stoppedMs).toBeLessThan(20_000);
  await readyIs(503);
  expect((await ask('/health/live')).status).toBe(200);

  server.signal('SIGCONT');
  await readyIs(200);
  expect(await publish(3)).toBeUndefined();
  // 2 was not acknowledged, and has happened: it waited in the socket.
  await vi.waitFor(() => expect(values).toEqual(all([1, 2, 3])));
  expect(signals).toBe(0);
  for (const client of clients) client.disconnect();
  agent.destroy();
});
