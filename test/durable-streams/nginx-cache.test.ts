/** The nginx of docs/guide/durable-streams.md, which caches streams: what it answers itself, and that nothing of it is stale. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { channel, fanfare } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { blocksOf, readPage } from '../docs/page.js';
import { freePort } from '../support/programs/free-port.js';
import { areMissing } from '../support/programs/missing.js';
import { nginxProgram, ownTempPaths } from '../support/programs/nginx.js';
import { identityPath, type ProxyPlace, RunningProxy } from '../support/programs/proxy-process.js';
import { started } from '../support/programs/test-server.js';
import { portOf } from '../support/servers/served.js';

const key = 'the-key-of-the-backend-32-bytes-or-more';
/** More than one answer carries. */
const messages = Array.from({ length: 10 }, (_, n) => `${n} ${'x'.repeat(40_000)}`);

/** As on the page, on free ports. */
function configuration({ port, folder, identity }: ProxyPlace, upstreamPort: number): string {
  const page = blocksOf(readPage('docs/guide/durable-streams.md'));
  const text = page.find(({ language }) => language === 'nginx')?.text ?? '';
  const changes: readonly (readonly [string, string])[] = [
    ['/var/cache/nginx/streams', `${folder}/streams`],
    ['listen 80;', `listen 127.0.0.1:${port};\n  location = ${identityPath} { return 200 "${identity}"; }`],
    ['127.0.0.1:8000', `127.0.0.1:${upstreamPort}`],
  ];
  const changed = changes.reduce((before, [old, now]) => {
    expect(before.split(old).length).toBe(2);
    return before.replace(old, now);
  }, text);
  return `
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${ownTempPaths(folder)}
${changed}
}
`;
}

/** What comes to the server itself, as it comes. */
function requestsOf(server: Server): string[] {
  const seen: string[] = [];
  const channelName = 'http.server.request.start';
  const onRequest = (message: unknown) => {
    // safe: Node documents these fields
    const { request, server: which } = message as { readonly request: IncomingMessage; readonly server: Server };
    if (which === server) seen.push(`${request.method} ${request.url}`);
  };
  subscribe(channelName, onRequest);
  onTestFinished(() => void unsubscribe(channelName, onRequest));
  return seen;
}

async function start() {
  const app = fanfare({
    anonymous: true,
    channels: { 'log:{id}': channel({ subscribe: 'anyone', history: { size: 1_000, ttl: '5m' } }) },
    durableStreams: { path: '/streams', keys: [key] },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  onTestFinished(() => app.close(500));
  const server = createServer();
  app.attach(server);
  const seen = requestsOf(server);
  const upstreamPort = await portOf(server);
  const proxy = await started(
    async () => new RunningProxy(await freePort(), nginxProgram, (place) => configuration(place, upstreamPort)),
  );
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const url = `${proxy.url}/streams/log:1`;
  const get = async (query: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${query}`, { headers });
    return {
      status: response.status,
      cache: response.headers.get('x-cache'),
      next: response.headers.get('stream-next-offset') ?? '',
      text: await response.text(),
    };
  };
  /** What follows an offset, in as many answers as that takes. */
  const readAll = async (offset: string) => {
    const items: unknown[] = [];
    for (let next = offset, isUpToDate = false; !isUpToDate; ) {
      const page = await fetch(`${url}?offset=${next}`);
      items.push(...(await page.json()));
      next = page.headers.get('stream-next-offset') ?? '';
      isUpToDate = page.headers.has('stream-up-to-date');
    }
    return items;
  };
  return { app, url, seen, get, readAll };
}

describe.skipIf(areMissing('nginx', nginxProgram.path))('nginx', () => {
  test('answers the second reader of what is final, and asks for the end each time', async () => {
    const { app, url, seen, get, readAll } = await start();
    await app.publish('log:1', 'before');
    const { next } = await get('?offset=now');
    for (const message of messages) await app.publish('log:1', message);
    seen.length = 0;
    expect(await readAll(next)).toEqual(messages);
    const numFirst = seen.length;
    expect(numFirst).toBeGreaterThan(1);
    expect(await readAll(next)).toEqual(messages);
    // All but the answer with the end was in the cache.
    expect(seen.length).toBe(numFirst + 1);
    expect((await get(`?offset=${next}`)).cache).toBe('HIT');
    await app.publish('log:1', 'and one more');
    expect(await readAll(next)).toEqual([...messages, 'and one more']);
    // A beginning is kept for five seconds.
    await expect.poll(async () => (await get('?offset=-1')).cache, { timeout: 20_000 }).toBe('HIT');
    // A HEAD has to come through: its answer is the end of the stream.
    const head = await fetch(url, { method: 'HEAD' });
    expect(seen.at(-1)).toBe('HEAD /streams/log:1');
    const end = head.headers.get('stream-next-offset') ?? '';
    expect((await get(`?offset=${end}`)).text).toBe('[]');
  });

  test('answers everything of a stream that is closed', async () => {
    const { url, seen, readAll } = await start();
    const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
    const created = await fetch(url, { method: 'PUT', headers });
    const beginning = created.headers.get('stream-next-offset') ?? '';
    const closes = { ...headers, 'Stream-Closed': 'true' };
    await fetch(url, { method: 'POST', headers: closes, body: JSON.stringify(messages) });
    expect(await readAll(beginning)).toEqual(messages);
    const numFirst = seen.length;
    expect(await readAll(beginning)).toEqual(messages);
    expect(seen.length).toBe(numFirst);
  });

  test('asks once for many who wait, and what they got is no answer to who waits for what comes now', async () => {
    const { app, seen, get } = await start();
    await app.publish('log:1', 'before');
    const { next } = await get('?offset=now');
    const query = `?offset=${next}&live=long-poll`;
    const waiting = Array.from({ length: 5 }, () => get(query));
    const polls = () => seen.filter((line) => line === `GET /streams/log:1${query}`);
    await expect.poll(() => polls().length, { timeout: 20_000 }).toBe(1);
    await app.publish('log:1', 'news');
    expect((await Promise.all(waiting)).map(({ text }) => text)).toEqual(waiting.map(() => '["news"]'));
    expect((await get(query)).cache).toBe('HIT');
    expect(polls().length).toBe(1);
    for (const text of ['one', 'two']) {
      const before = seen.length;
      const latest = get('?offset=now&live=long-poll');
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(before + 1);
      await expect
        .poll(async () => {
          await app.publish('log:1', text);
          return Promise.race([latest, undefined]);
        })
        .toBeDefined();
      expect(JSON.parse((await latest).text)).toContain(text);
    }
  });

  test('keeps nothing for who says who he is, nor lets him wait for others', async () => {
    const { app, seen, get } = await start();
    await app.publish('log:1', 'before');
    const { next } = await get('?offset=now');
    const headers = { 'X-API-Key': key };
    const query = `?offset=${next}&live=long-poll`;
    const before = seen.length;
    const waiting = [1, 2].map(() => get(query, headers));
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(before + 2);
    await app.publish('log:1', 'news');
    for (const { cache, text } of await Promise.all(waiting)) expect([cache, text]).toEqual(['BYPASS', '["news"]']);
  });
});
