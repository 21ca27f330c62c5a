/** Requests over HTTP/2, on the port that speaks HTTP/1.1 as well: the API, streams, pages, bad ones, and the end. */

import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  createSecureServer,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { channel, type FanfareOptions, fanfare, type ListenOptions } from 'fanfare';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { askHttp2, openHttp2, textOfHttp2 } from '../support/clients/http2-peer.js';
import { textOf } from '../support/clients/stream-peer.js';
import { makeCertificate } from '../support/programs/certificate.js';
import { portOf, served } from '../support/servers/served.js';

const tls = makeCertificate();
const warnings: Error[] = [];
const onWarning = (warning: Error) => warnings.push(warning);
process.on('warning', onWarning);

afterAll(() => {
  process.off('warning', onWarning);
  tls[Symbol.dispose]();
});

/** `Connection`, for one, would be dropped with a warning. */
beforeEach((context) => context.onTestFinished(() => expect(warnings.splice(0)).toEqual([])));

const apiKey = 'a-key-of-the-api-0123456789abcdef-0123456789';

function makeApp(options: Pick<FanfareOptions, 'auth' | 'origins' | 'limits'> = {}) {
  return fanfare({
    auth: () => ({ user: null }),
    transports: { sse: true, oneWay: true },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: { news: channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 10, ttl: '5m' } }) },
    ...options,
  });
}

function start(options: Parameters<typeof makeApp>[0] = {}, listen: ListenOptions = {}) {
  return served(makeApp(options), { tls, metrics: true, api: { keys: apiKey, maxBodyBytes: 1_024 }, ...listen });
}

async function open(url: string): Promise<ClientHttp2Session> {
  const session = await openHttp2(url, tls.cert);
  onTestFinished(() => session.destroy());
  return session;
}

const post = (path: string, headers: OutgoingHttpHeaders = {}) => ({ ':method': 'POST', ':path': path, ...headers });
const key = { 'x-api-key': apiKey };
const connectFrame = '{"id":1,"connect":{}}';

describe('one port', () => {
  test('speaks HTTP/2 and HTTP/1.1, each with who asks for it', async () => {
    const { url, port } = await start();
    expect(url).toBe(`https://127.0.0.1:${port}`);
    const session = await open(url);
    expect(session.alpnProtocol).toBe('h2');
    const live = await askHttp2(session, { ':path': '/health/live' });
    expect([live.status, await textOfHttp2(live)]).toEqual([200, expect.stringContaining('live')]);
    const asked = request(`${url}/health/live`, { ca: tls.cert, agent: false }).end();
    const [response] = await once(asked, 'response');
    expect([response.statusCode, response.httpVersion, await textOf(response)]).toEqual([
      200,
      '1.1',
      expect.stringContaining('live'),
    ]);
  });

  test('has the API and the metrics over HTTP/2', async () => {
    const { app, url } = await start();
    const session = await open(url);
    const published = await askHttp2(session, post('/api/publish', key), '{"channel":"news","data":1}');
    expect(JSON.parse(await textOfHttp2(published))).toMatchObject({ result: { offset: 1 } });
    expect((await askHttp2(session, post('/api/publish'), '{"channel":"news","data":2}')).status).toBe(401);
    expect((await app.history('news')).publications.map(({ data }) => data)).toEqual([1]);
    const metrics = await askHttp2(session, { ':path': '/metrics' });
    expect(await textOfHttp2(metrics)).toContain('fanfare_api_requests_total{method="publish",status="200"} 1');
  });

  test('B89: says that a body is too large, and reads no more of it', async () => {
    const { url } = await start();
    const session = await open(url);
    expect((await askHttp2(session, post('/api/publish', key), `"${'x'.repeat(2_000)}"`)).status).toBe(413);
    // Beyond what is read and dropped: it is answered all the same, and the connection lives on.
    const stream = session.request(post('/api/publish', { ...key, 'content-type': 'application/json' }));
    stream.on('error', () => undefined);
    stream.write(Buffer.alloc(8_388_608, 0x20));
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(413);
    stream.close(8);
    expect((await askHttp2(session, { ':path': '/health/live' })).status).toBe(200);
  });

  test('answers who does not wait for its body to be read, and closes the stream', async () => {
    const { url } = await start();
    const session = await open(url);
    const stream = session.request(post('/nowhere'));
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(404);
    stream.resume();
    await once(stream, 'close');
    expect(stream.rstCode).toBe(0);
  });

  test.each<[string, (stream: ClientHttp2Stream) => void]>([
    ['taken back', (stream) => stream.close(8)],
    ['taken back without an error', (stream) => stream.close(0)],
    ['cut', (stream) => stream.session?.destroy()],
  ])('runs nothing of a request that is %s before its end', async (_, end) => {
    const { app, url } = await start();
    const session = await open(url);
    const headers = post('/api/publish', { ...key, 'content-type': 'application/json' });
    // Or else Node would send the end of the body after all.
    const stream = session.request(headers, { waitForTrailers: true });
    stream.on('error', () => undefined);
    stream.write('{"channel":"news","data":"half"}');
    // Comes after the data.
    await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
    end(stream);
    await once(stream, 'close');
    expect(
      (await askHttp2(await open(url), post('/api/publish', key), '{"channel":"news","data":"whole"}')).status,
    ).toBe(200);
    expect((await app.history('news')).publications.map(({ data }) => data)).toEqual(['whole']);
  });

  test('B8: a WebSocket is not opened over HTTP/2', async () => {
    const { url } = await start();
    const session = await open(url);
    expect((await askHttp2(session, { ':path': '/connection/websocket' })).status).toBe(400);
    expect((await askHttp2(session, post('/connection/websocket'), '{}')).status).toBe(405);
  });
});

describe('streams', () => {
  test('F17, B95: begin at once, and are not stored, packed or held back', async () => {
    const { url } = await start();
    const session = await open(url);
    const get = `?cf_connect=${encodeURIComponent(connectFrame)}`;
    for (const [headers, body] of [
      [post('/connection/http_stream'), connectFrame],
      [post('/connection/sse'), connectFrame],
      [{ ':path': `/connection/sse${get}` }, undefined],
      [{ ':path': '/sse?channels=news' }, undefined],
      [{ ':path': '/stream?channels=news' }, undefined],
    ] as const) {
      const answer = await askHttp2(session, headers, body);
      expect(answer.headers).toMatchObject({
        ':status': 200,
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      for (const name of ['connection', 'transfer-encoding', 'keep-alive', 'upgrade'])
        expect(answer.headers).not.toHaveProperty(name);
      expect(String((await once(answer.stream, 'data'))[0])).not.toBe('');
    }
  });

  test('of one connection leave it one by one', async () => {
    const { app, url } = await start();
    const session = await open(url);
    const streams = [];
    for (let n = 0; n < 20; n++)
      streams.push((await askHttp2(session, post('/connection/http_stream'), connectFrame)).stream);
    await expect.poll(() => app.numClients).toBe(20);
    for (const stream of streams.slice(0, 5)) stream.close(8);
    await expect.poll(() => app.numClients).toBe(15);
    session.destroy();
    await expect.poll(() => app.numClients).toBe(0);
  });

  test('what a client is known by is in the headers: its host, and nothing that only HTTP/2 has', async () => {
    const seen: string[][] = [];
    const { url, port } = await start({
      auth: ({ headers }) => {
        seen.push([...headers.keys()].filter((name) => name.startsWith(':')));
        seen.push([headers.get('host') ?? '', headers.get('cookie') ?? '']);
        return { user: null };
      },
    });
    const session = await open(url);
    const headers = post('/connection/http_stream', { origin: url, cookie: ['a=1', 'b=2'] });
    const { stream } = await askHttp2(session, headers, connectFrame);
    await once(stream, 'data');
    expect(seen).toEqual([[], [`127.0.0.1:${port}`, 'a=1; b=2']]);
  });

  test('B12: pages of the host that they are served from may open them, strangers may not', async () => {
    const { url } = await start();
    const session = await open(url);
    const own = await askHttp2(session, post('/connection/http_stream', { origin: url }), connectFrame);
    expect(own.headers).toMatchObject({ ':status': 200, 'access-control-allow-origin': url });
    const foreign = post('/connection/http_stream', { origin: 'https://evil.example' });
    const refused = await askHttp2(session, foreign, connectFrame);
    expect(refused.status).toBe(403);
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('long polling opens, is polled and written to', async () => {
    const { app, url } = await start();
    const session = await open(url);
    const ask = async (body: object) => {
      const answer = await askHttp2(session, post('/connection/long_polling'), JSON.stringify(body));
      return { status: answer.status, text: await textOfHttp2(answer) };
    };
    const opened = await ask({ data: connectFrame });
    const { session: secret, node, seq } = JSON.parse(opened.text.trimEnd().split('\n').at(-1) ?? '');
    const address = { session: secret, node };
    expect((await ask({ ...address, id: 1, data: '{"id":2,"subscribe":{"channel":"news"}}' })).status).toBe(204);
    await expect.poll(async () => (await app.channels()).length).toBe(1);
    await app.publish('news', 'hello');
    const polled = await ask({ ...address, ack: seq });
    expect(polled.text).toContain('"hello"');
    expect((await ask({ ...address, close: true })).status).toBe(204);
  });

  test('F9: a polling client that does not read has one answer in memory at most', async () => {
    const { app, url } = await start();
    const session = await open(url);
    const path = post('/connection/long_polling');
    const text = await textOfHttp2(await askHttp2(session, path, JSON.stringify({ data: connectFrame })));
    const { session: secret, node } = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');
    const address = { session: secret, node };
    const subscribe = '{"id":2,"subscribe":{"channel":"news"}}';
    await askHttp2(session, path, JSON.stringify({ ...address, id: 1, data: subscribe }));
    await expect.poll(async () => (await app.channels()).length).toBe(1);
    for (let n = 0; n < 20; n++) await app.publish('news', 'x'.repeat(30_000));
    const poll = JSON.stringify({ ...address, ack: 1 });
    // More than the window of a stream has room for: the rest waits in the server.
    const unread = await askHttp2(session, path, poll);
    const again = await textOfHttp2(await askHttp2(session, path, poll));
    expect(again).toMatch(/\n\{"seq":2\}\n$/);
    // It was cut: whether its reader is told so by an error differs between versions of Node.
    let rest = '';
    unread.stream.setEncoding('utf8').on('data', (chunk: string) => {
      rest += chunk;
    });
    await once(unread.stream, 'close');
    expect(again.startsWith(rest)).toBe(true);
    expect(rest.length).toBeLessThan(70_000);
  });

  test('a head alone is the whole answer to a request whose body never ends', async () => {
    const { url } = await start();
    const session = await open(url);
    const headers = { ':method': 'OPTIONS', ':path': '/connection/long_polling', origin: new URL(url).origin };
    const stream = session.request(headers, { endStream: false });
    stream.write('{');
    const closed = once(stream, 'close');
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(204);
    await closed;
    expect(stream.rstCode).toBe(0);
  });

  test('F12: the end of the server is told to the connection, and the last words come first', async () => {
    const { app, url } = await start();
    const session = await open(url);
    const { stream } = await askHttp2(session, { ':path': '/stream?channels=news' });
    await once(stream, 'data');
    const goneAway = once(session, 'goaway');
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const closed = once(stream, 'close');
    await app.close(2_000);
    await Promise.all([goneAway, closed]);
    expect(text).toContain('"code":3001');
  });
});

describe('peers that are silent or speak something else', () => {
  test.concurrent('B1: are gone within 10 seconds: before the handshake, and after it in either version', async () => {
    const app = fanfare({ anonymous: true, log: { debug() {}, info() {}, warn() {}, error() {} } });
    const { port } = await app.listen(0, { tls });
    const began = performance.now();
    const sockets = [
      connectTcp(port, '127.0.0.1'),
      connectTls({ port, host: '127.0.0.1', ca: tls.cert, ALPNProtocols: ['h2'] }),
      connectTls({ port, host: '127.0.0.1', ca: tls.cert, ALPNProtocols: ['http/1.1'] }),
    ];
    await Promise.all(sockets.map((socket) => once(socket.on('error', () => undefined).resume(), 'close')));
    expect(performance.now() - began).toBeLessThan(15_000);
    await app.close(500);
  }, 20_000);

  test('B5: plain HTTP to this port ends it, and nothing else', async () => {
    const { url, port } = await start();
    const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined);
    socket.end('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect((await askHttp2(await open(url), { ':path': '/health/live' })).status).toBe(200);
  });

  test('B5: HTTP/1.1 without a host is refused, as it is without TLS', async () => {
    const { port } = await start();
    const socket = connectTls({ port, host: '127.0.0.1', ca: tls.cert });
    socket.write('GET /health/live HTTP/1.1\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  test('B3: 20 KB of headers end the request and not the server', async () => {
    const { url } = await start();
    const session = await open(url);
    // The limit holds once the client has confirmed it.
    await askHttp2(session, { ':path': '/health/live' });
    await expect(askHttp2(session, { ':path': '/health/live', x: 'x'.repeat(20_000) })).rejects.toThrow('closed with');
    expect((await askHttp2(await open(url), { ':path': '/health/live' })).status).toBe(200);
  });
});

describe("an application's own server of HTTP/2", () => {
  async function attach(listen: (server: ReturnType<typeof createSecureServer>) => void) {
    const app = makeApp();
    const server = createSecureServer({ cert: tls.cert, key: tls.key, allowHTTP1: true });
    listen(server);
    app.attach(server);
    onTestFinished(() => app.close(500));
    return { app, session: await open(`https://127.0.0.1:${await portOf(server)}`) };
  }

  test.each<[string, (server: ReturnType<typeof createSecureServer>) => void]>([
    ['request', (server) => server.on('request', (_, response) => response.end('application'))],
    [
      'stream',
      (server) =>
        server.on('stream', (stream, headers) => {
          if (headers[':path'] === '/') stream.end('application');
        }),
    ],
  ])('has its clients served, beside its own listener of "%s"', async (_, listen) => {
    const { app, session } = await attach(listen);
    const { stream, status } = await askHttp2(session, post('/connection/http_stream'), connectFrame);
    expect(status).toBe(200);
    stream.resume();
    await expect.poll(() => app.numClients).toBe(1);
    expect(await textOfHttp2(await askHttp2(session, { ':path': '/' }))).toBe('application');
  });
});

describe('certificates', () => {
  test('are replaced for new connections; what cannot be used is refused and changes nothing', async () => {
    const { app, url, port } = await start();
    using next = makeCertificate();
    const shown = async () => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const session = await open(url);
    const first = await shown();
    expect(() => app.setCertificate({ cert: next.cert, key: tls.key })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG' }),
    );
    expect(await shown()).toBe(first);
    app.setCertificate(next);
    expect(await shown()).not.toBe(first);
    expect((await askHttp2(session, { ':path': '/health/live' })).status).toBe(200);
  });

  test('that do not go with their key are refused at start', async () => {
    using other = makeCertificate();
    await expect(makeApp().listen(0, { tls: { cert: other.cert, key: tls.key } })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
    });
  });
});
