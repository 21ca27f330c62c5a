/** What plain requests to the transports are answered with: headers, pages of strangers, bad requests, no room. */

import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { channel, fanfare, type Limits } from 'fanfare';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { textOf } from '../support/clients/stream-peer.js';
import { deferred } from '../support/engine/deferred.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { served } from '../support/servers/served.js';

const page = 'https://app.example';
const connect = '{"id":1,"connect":{}}';
const json = { 'Content-Type': 'application/json' };
const protobuf = { 'Content-Type': 'application/octet-stream' };

interface StartOptions {
  readonly origins?: readonly string[] | '*';
  readonly limits?: Limits;
  readonly byCookie?: boolean;
}

function start({ byCookie = false, origins = [page], limits = {} }: StartOptions = {}) {
  const app = fanfare({
    ...(byCookie ? { auth: () => ({ user: null }) } : { anonymous: true }),
    origins,
    limits,
    transports: { sse: true },
    log: silentLogger,
    channels: { news: channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 1 } }) },
  });
  return served(app);
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The first bytes of the body. */
  readonly first: () => Promise<string>;
}

/** Sends a request, whose stream ends with the test. */
async function ask(
  { port }: { readonly port: number },
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Answer> {
  const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  onTestFinished(() => void asked.destroy());
  asked.on('error', () => undefined).end(body);
  const [response] = await once(asked, 'response');
  const first = async () => String((await once(response, 'data'))[0]);
  response.on('error', () => undefined);
  return { status: response.statusCode, headers: response.headers, first };
}

const query = `?cf_connect=${encodeURIComponent(connect)}`;

/** A request that opens a stream. */
const streams = {
  http_stream: { method: 'POST', path: '/connection/http_stream', body: connect },
  'sse by GET': { method: 'GET', path: `/connection/sse${query}`, body: undefined },
  'sse by POST': { method: 'POST', path: '/connection/sse', body: connect },
} as const;

const polling = '/connection/long_polling';
const openPolling = JSON.stringify({ data: connect });

/** A request that opens a session. */
const openings = { ...streams, long_polling: { method: 'POST', path: polling, body: openPolling } } as const;

describe.each(Object.entries(streams))('%s', (name, { method, path, body }) => {
  const headers = body === undefined ? {} : json;

  test('F17, B95: is not stored, packed or held back, and begins at once', async () => {
    const server = await start();
    const began = performance.now();
    const answer = await ask(server, method, path, headers, body);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'content-type':
        name === 'http_stream' ? 'application/x-ndjson; charset=utf-8' : 'text/event-stream; charset=utf-8',
    });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(await answer.first()).toMatch(name === 'http_stream' ? /^ / : /^:\n(?!\n)/);
    // What is held back comes with the first ping, 25 seconds later.
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  test('F17: begins before the client is let in', async () => {
    const isLetIn = deferred();
    const app = fanfare({
      auth: () => isLetIn.promise.then(() => ({ user: null })),
      transports: { sse: true },
      channels: {},
    });
    const answer = await ask(await served(app), method, path, headers, body);
    expect(await answer.first()).toBe(name === 'http_stream' ? ' ' : ':\n');
    isLetIn.resolve();
    expect(await answer.first()).toContain('"connect":');
  });
});

describe.each(Object.entries(openings))('%s', (_, { method, path, body }) => {
  const headers = body === undefined ? {} : json;

  test('a page on the list may read it; with credentials only where cookies authenticate', async () => {
    const plain = await ask(await start(), method, path, { ...headers, Origin: page }, body);
    expect(plain.headers).toMatchObject({ 'access-control-allow-origin': page, vary: 'Origin' });
    expect(plain.headers['access-control-allow-credentials']).toBeUndefined();
    const byCookie = await ask(await start({ byCookie: true }), method, path, { ...headers, Origin: page }, body);
    expect(byCookie.headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-credentials': 'true',
    });
  });

  test('where every page may connect, none gets credentials', async () => {
    const server = await start({ byCookie: true, origins: '*' });
    const answer = await ask(server, method, path, { ...headers, Origin: 'https://any.example' }, body);
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  test.each<[string, Record<string, string>]>([
    ['a foreign page', { Origin: 'https://evil.example' }],
    ['no page at all, says the browser', { Origin: 'null' }],
    ['an image on a foreign page', { 'Sec-Fetch-Site': 'cross-site' }],
    ['an image on a page next door', { 'Sec-Fetch-Site': 'same-site' }],
  ])('B12: %s is refused with 403 and may not read why', async (_, foreign) => {
    const server = await start();
    const answer = await ask(server, method, path, { ...headers, ...foreign }, body);
    expect(answer.status).toBe(403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(server.app.numClients).toBe(0);
  });

  test('B13: cookies without a page are refused where they authenticate, except those of the own host', async () => {
    const server = await start({ byCookie: true });
    const withCookie = { ...headers, Cookie: 'a=1' };
    expect((await ask(server, method, path, withCookie, body)).status).toBe(403);
    const own = await ask(server, method, path, { ...withCookie, 'Sec-Fetch-Site': 'same-origin' }, body);
    expect(own.status).toBe(200);
  });

  test('D9: no room is 503 with Retry-After, which its page may read', async () => {
    const server = await start({ limits: { maxConnections: 1 } });
    expect((await ask(server, method, path, headers, body)).status).toBe(200);
    const second = await ask(server, method, path, { ...headers, Origin: page }, body);
    expect(second.status).toBe(503);
    expect(second.headers).toMatchObject({ 'retry-after': '10', 'access-control-allow-origin': page });
  });
});

describe('long_polling', () => {
  test('B95: an answer is not stored or packed, and says how long it is', async () => {
    const server = await start();
    const answer = await ask(server, 'POST', polling, json, openPolling);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/x-ndjson; charset=utf-8',
    });
    const body = await answer.first();
    expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(body));
    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  test('a client that goes away before it knows its session leaves nothing behind', async () => {
    const begun = deferred();
    const app = fanfare({
      auth: ({ token }) => {
        begun.resolve();
        return token === 'quick' ? { user: null } : new Promise(() => undefined);
      },
      limits: { maxConnections: 1 },
      log: silentLogger,
      channels: {},
    });
    const server = await served(app);
    const quick = JSON.stringify({ data: '{"id":1,"connect":{"token":"quick"}}' });
    const statusOfNext = async () => (await ask(server, 'POST', polling, json, quick)).status;
    const opening = request({ host: '127.0.0.1', port: server.port, method: 'POST', path: polling, headers: json });
    opening.on('error', () => undefined).end(openPolling);
    await begun.promise;
    expect(await statusOfNext()).toBe(503);
    opening.destroy();
    await vi.waitFor(async () => expect(await statusOfNext()).toBe(200));
  });
});

describe('bad requests', () => {
  const deep = '/connection/http_stream';

  test.each<[string, number, string, string, Record<string, string>, string | undefined]>([
    ['GET where the command is in the body', 405, 'GET', deep, {}, undefined],
    ['PUT', 405, 'PUT', '/connection/sse', json, connect],
    ['GET of the emulation', 405, 'GET', '/emulation', {}, undefined],
    ['B87: a form of a page', 415, 'POST', deep, { 'Content-Type': 'text/plain' }, connect],
    ['no type', 415, 'POST', '/emulation', {}, '{}'],
    ['protobuf where the answer is text', 415, 'POST', '/connection/sse', protobuf, connect],
    ['protobuf to long polling', 415, 'POST', polling, protobuf, connect],
    ['no command in protobuf', 400, 'POST', deep, protobuf, ''],
    ['protobuf beyond the limit', 413, 'POST', deep, protobuf, 'x'.repeat(300_000)],
    ['an emulation in protobuf beyond the limit', 413, 'POST', '/emulation', protobuf, 'x'.repeat(600_000)],
    ['garbage in protobuf to the emulation', 400, 'POST', '/emulation', protobuf, 'garbage'],
    ['nothing in protobuf to the emulation', 400, 'POST', '/emulation', protobuf, ''],
    ['no command in the body', 400, 'POST', deep, json, ''],
    ['no command in the URL', 400, 'GET', '/connection/sse', {}, undefined],
    ['two commands in the URL', 400, 'GET', `/connection/sse${query}&cf_connect=1`, {}, undefined],
    ['a second command behind connect in the URL', 400, 'GET', `/connection/sse${query}%0A%7B%7D`, {}, undefined],
    ['a body beyond the limit', 413, 'POST', deep, json, `{"id":1,"connect":{"data":"${'x'.repeat(300_000)}"}}`],
    ['an emulation beyond the limit', 413, 'POST', '/emulation', json, `"${'x'.repeat(600_000)}"`],
    ['garbage to the emulation', 400, 'POST', '/emulation', json, 'garbage'],
    ['null to the emulation', 400, 'POST', '/emulation', json, 'null'],
    ['an emulation without a session', 400, 'POST', '/emulation', json, '{"node":"a","data":"{}"}'],
    ['an emulation whose data is no text', 400, 'POST', '/emulation', json, '{"session":"a","node":"a","data":{}}'],
    ['long polling: a poll of nothing', 400, 'POST', polling, json, '{"ack":1}'],
    ['long polling: a session without a node', 400, 'POST', polling, json, '{"session":"a","ack":1}'],
    ['long polling: a session that is no text', 400, 'POST', polling, json, '{"session":1,"node":"a","ack":1}'],
    ['long polling: neither poll nor frame', 400, 'POST', polling, json, '{"session":"a","node":"a"}'],
    ['long polling: ack -1', 400, 'POST', polling, json, '{"session":"a","node":"a","ack":-1}'],
    ['long polling: ack 1.5', 400, 'POST', polling, json, '{"session":"a","node":"a","ack":1.5}'],
    ['long polling: ack "1"', 400, 'POST', polling, json, '{"session":"a","node":"a","ack":"1"}'],
    ['long polling: ack 1e999', 400, 'POST', polling, json, '{"session":"a","node":"a","ack":1e999}'],
    ['long polling: ack 2⁵³', 400, 'POST', polling, json, '{"session":"a","node":"a","ack":9007199254740992}'],
    ['long polling: frame 0', 400, 'POST', polling, json, '{"session":"a","node":"a","id":0,"data":"{}"}'],
    ['long polling: no frame', 400, 'POST', polling, json, '{"session":"a","node":"a","id":1}'],
    ['long polling: an empty first frame', 400, 'POST', polling, json, '{"data":""}'],
    ['long polling: a first frame that is no text', 400, 'POST', polling, json, '{"data":{"id":1,"connect":{}}}'],
    ['long polling: the bare first frame', 400, 'POST', polling, json, connect],
    ['B43: long polling: __proto__', 400, 'POST', polling, json, '{"__proto__":{"session":"a","node":"a","ack":1}}'],
    ['long polling: an array', 400, 'POST', polling, json, '[]'],
    ['long polling: garbage', 400, 'POST', polling, json, 'garbage'],
    ['B44: long polling: deep nesting', 400, 'POST', polling, json, `${'['.repeat(60_000)}${']'.repeat(60_000)}`],
    ['long polling: no such session', 404, 'POST', polling, json, '{"session":"a","node":"a","ack":1}'],
    ['long polling: closing what is not there', 204, 'POST', polling, json, '{"session":"a","node":"a","close":true}'],
    ['long polling: GET', 405, 'GET', polling, {}, undefined],
    ['B87: long polling: a form of a page', 415, 'POST', polling, { 'Content-Type': 'text/plain' }, openPolling],
    ['long polling: beyond the limit', 413, 'POST', polling, json, JSON.stringify({ data: 'x'.repeat(600_000) })],
    ['long polling: a large frame', 413, 'POST', polling, json, JSON.stringify({ data: 'x'.repeat(300_000) })],
    ['a path below', 404, 'POST', `${deep}/`, json, connect],
    ['another spelling', 404, 'POST', '/connection/%68ttp_stream', json, connect],
  ])('%s: %i', async (_, status, method, path, headers, body) => {
    const server = await start();
    const answer = await ask(server, method, path, headers, body);
    expect(answer.status).toBe(status);
    expect(answer.headers['cache-control']).toMatch(/^no-store/);
    expect(server.app.numClients).toBe(0);
    // The server goes on.
    expect((await ask(server, 'POST', deep, json, connect)).status).toBe(200);
  });

  test('bytes that are no UTF-8: 400', async () => {
    const { url } = await start();
    const body = Buffer.from([0x22, 0xff, 0x22]);
    const response = await fetch(`${url}${deep}`, { method: 'POST', headers: json, body });
    expect(response.status).toBe(400);
  });

  test('garbage in the first frame ends the stream with 3501', async () => {
    const { url } = await start();
    const response = await fetch(`${url}${deep}`, { method: 'POST', headers: json, body: 'garbage' });
    expect(await response.text()).toBe(' {"push":{"disconnect":{"code":3501,"reason":"bad request"}}}\n');
  });

  test('B2: a body that does not come to its end: 408, beside a framework as well', async () => {
    const { port } = await start({ limits: { connectTimeoutMs: 200 } });
    for (const path of [deep, '/connection/sse', '/emulation', polling]) {
      const headers = { ...json, 'Content-Length': '99' };
      const asked = request({ host: '127.0.0.1', port, method: 'POST', path, headers });
      onTestFinished(() => void asked.destroy());
      asked.on('error', () => undefined).write('{');
      const [response] = await once(asked, 'response');
      expect(response.statusCode).toBe(408);
      expect(response.headers.connection).toBe('close');
      await textOf(response);
    }
  });
});

describe('preflights', () => {
  const asking = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' };

  const paths = ['/connection/http_stream', '/connection/sse', '/emulation', polling];
  test.each(paths)('%s: a page on the list may ask', async (path) => {
    const answer = await ask(await start(), 'OPTIONS', path, { ...asking, Origin: page });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-headers': expect.stringContaining('content-type'),
      'access-control-allow-methods': expect.stringContaining('POST'),
    });
  });

  test.each(paths)('B94: %s: a stranger gets no headers', async (path) => {
    for (const origin of ['https://evil.example', 'null', `${page}.evil.example`]) {
      const answer = await ask(await start(), 'OPTIONS', path, { ...asking, Origin: origin });
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.headers).filter((header) => header.startsWith('access-control'))).toEqual([]);
    }
  });
});

test('HTTP/1.1: requests of one client share a connection', async () => {
  const { port } = await start();
  const sockets = new Set<unknown>();
  for (let n = 0; n < 3; n++) {
    const asked = request({ host: '127.0.0.1', port, method: 'POST', path: '/emulation', headers: json });
    asked.end('{"session":"a","node":"a","data":"{}"}');
    const [response] = await once(asked, 'response');
    await textOf(response);
    sockets.add(asked.socket);
  }
  expect(sockets.size).toBe(1);
});

test('B71: a token in the URL does not get as far as the application or the log', async () => {
  const urls: string[] = [];
  const log = new RecordedLog();
  const app = fanfare({
    auth: ({ url, token }) => {
      urls.push(url);
      return { user: token ?? null };
    },
    log,
    transports: { sse: true },
    channels: {},
  });
  const server = await served(app);
  const command = encodeURIComponent('{"id":1,"connect":{"token":"secret-token"}}');
  const good = await ask(server, 'GET', `/connection/sse?a=1&cf_connect=${command}&b=2`);
  await good.first();
  await ask(server, 'GET', `/connection/sse?cf_connect=${command}&cf_connect=${command}`);
  await ask(server, 'GET', `/connection/sse?cf_connect=${command}`, { Origin: 'https://evil.example' });
  expect(urls).toEqual(['/connection/sse?a=1&b=2']);
  expect(JSON.stringify(log.lines)).not.toContain('secret-token');
});

test('B71: server-sent events are closed unless they are switched on, so that no token gets into a URL by default', async () => {
  const server = await served(fanfare({ anonymous: true }));
  const statusOf = async (path: string) => (await fetch(`${server.url}${path}`)).status;
  expect([await statusOf(`/connection/sse${query}`), await statusOf('/connection/http_stream')]).toEqual([404, 405]);
});
