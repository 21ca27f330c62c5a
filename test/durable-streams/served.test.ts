/** Streams of `fanfare serve` with several workers: keys are those of the API, and readers of any worker see what others write. */

import { DurableStream, stream } from '@durable-streams/client';
import { expect, test } from 'vitest';
import { FanfareProcess, Folder, testSecret } from '../cli/fanfare-process.js';
import { until } from '../client/chat-server.js';

test('are written and followed through whatever worker a request meets', { timeout: 60_000 }, async () => {
  using folder = new Folder();
  const config = {
    port: 0,
    anonymous: true,
    workers: 2,
    api: { keys: testSecret },
    channels: { 'log:{id}': { subscribe: 'anyone', history: { size: 1_000, ttl: '5m' } } },
    durableStreams: { path: '/streams' },
  };
  folder.write('fanfare.json', JSON.stringify(config));
  await using server = new FanfareProcess(['serve'], { folder });
  const url = `${await server.listening()}/streams/log:1`;
  // A connection for each request, so that they meet both workers.
  const headers = { 'X-API-Key': testSecret, Connection: 'close' };
  expect((await fetch(url, { method: 'PUT', headers: { Connection: 'close' } })).status).toBe(403);
  const handle = await DurableStream.create({ url, contentType: 'application/json', headers });
  const controller = new AbortController();
  const readers = Array.from({ length: 4 }, () => {
    const items: unknown[] = [];
    void stream<unknown>({ url, live: 'sse', signal: controller.signal, headers: { Connection: 'close' } }).then(
      (response) => {
        response.subscribeJson(async (batch) => void items.push(...batch.items));
        response.closed.catch(() => undefined);
      },
    );
    return items;
  });
  const all = Array.from({ length: 12 }, (_, n) => n);
  for (const n of all) await handle.append(JSON.stringify(n), { seq: String(n).padStart(3, '0') });
  await until(() => readers.every(({ length }) => length >= all.length));
  expect(readers).toEqual(readers.map(() => all));
  const repeated = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json', 'Stream-Seq': '011' },
    body: '1',
  });
  expect(repeated.status).toBe(409);
  controller.abort();
});
