/** Every answer of 4xx and 5xx at the HTTP entries leaves a line for whoever runs the server: the check, and what would mend it. */

import { once } from 'node:events';
import { request } from 'node:http';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { channel, type FanfareApp, fanfare, jwt } from 'fanfare';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FanfareOptions } from '../../src/server/options.js';
import type { ListenOptions } from '../../src/server/serving.js';
import { exchange, upgradeRequest } from '../support/clients/raw-http.js';
import { makeCertificate } from '../support/programs/certificate.js';

const secret = 'hunter2-canary-hunter2-canary-hunter2';
const apiKey = 'hunter2-canary-key-hunter2-canary-key';
const peer = '127.0.0.1';

interface Line {
  readonly level: string;
  readonly [field: string]: unknown;
}

class Watched {
  readonly lines: Line[] = [];
  readonly app: FanfareApp<Record<never, never>, Record<never, never>>;
  port = 0;

  constructor(options: Partial<FanfareOptions> = {}) {
    const tell = (level: string) => (fields: object) => void this.lines.push({ level, ...fields });
    const log = { debug() {}, info: tell('info'), warn: tell('warn'), error: tell('error') };
    this.app = fanfare({
      auth: jwt({ secret }),
      channels: { 'news:{id}': channel({ subscribe: 'user' }) },
      log,
      ...options,
    } as FanfareOptions) as Watched['app'];
  }

  async listen(options: ListenOptions = {}): Promise<this> {
    ({ port: this.port } = await this.app.listen(0, options));
    return this;
  }

  /** For all tests of a suite. */
  static ofSuite(options: Partial<FanfareOptions> = {}, listen: ListenOptions = {}): Watched {
    const server = new Watched(options);
    beforeAll(() => server.listen(listen));
    afterAll(() => server.app.close(500));
    return server;
  }

  /** For one test. */
  static start(options: Partial<FanfareOptions> = {}, listen: ListenOptions = {}): Promise<Watched> {
    const server = new Watched(options);
    onTestFinished(() => server.app.close(500));
    return server.listen(listen);
  }

  /** The line, with the status that was answered. */
  async answer(cause: () => Promise<number | undefined>): Promise<object> {
    let answered: number | undefined;
    const line = await this.line(async () => {
      answered = await cause();
    });
    return { answered, ...line };
  }

  /** What is told from now on: one line, without anything secret. */
  async line(cause: () => Promise<unknown>): Promise<Line | undefined> {
    this.lines.length = 0;
    await cause();
    await vi.waitFor(() => expect(this.lines).toHaveLength(1));
    expect(JSON.stringify(this.lines)).not.toContain('canary');
    return this.lines[0];
  }
}

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Resolves with the status. */
async function ask(port: number, { method = 'GET', path, headers = {}, body }: Asked): Promise<number> {
  const asked = request({ host: peer, port, method, path, headers, agent: false });
  // Whoever is answered in the middle of a body sees its connection end.
  asked.on('error', () => undefined);
  asked.end(body);
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}

/** Of the first response to any bytes. */
async function statusOf({ port }: Watched, bytes: string | Uint8Array): Promise<number | undefined> {
  return (await exchange(port, bytes)).responses[0]?.status;
}

const json = { 'Content-Type': 'application/json' };
const key = { 'X-API-Key': apiKey };
const post = (path: string, body: string, headers: Record<string, string> = json) => ({
  method: 'POST',
  path,
  headers,
  body,
});
const session = JSON.stringify({ session: 'gone', node: 'gone', data: '{}' });
const slowBody = { check: 'request body', option: 'limits.connectTimeout' };
const large = JSON.stringify({ data: 'x'.repeat(300_000) });

describe('the port of clients', () => {
  const server = Watched.ofSuite({ transports: { oneWay: { stream: '/listen' } } });

  const get = (headers: string) => `GET / HTTP/1.1\r\n${headers}\r\n\r\n`;
  const clientHello = Buffer.from('160301002f0100002b0303', 'hex');
  const largeHeaders = { reason: 'headers too large', option: 'NODE_OPTIONS=--max-http-header-size' };
  const manyHeaders = Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`X-${n}`, 'y']));

  test.each<[string, string | Buffer, number, string, object]>([
    ['garbage', 'GARBAGE\r\n\r\n', 400, 'http', { reason: expect.stringMatching(/^HPE_/) }],
    ['TLS', clientHello, 400, 'http', { reason: 'TLS', option: 'tls.certFile' }],
    ['the PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 400, 'http', { option: 'proxyProtocol' }],
    ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'http', { reason: 'HTTP/2' }],
    ['too many bytes of headers', get(`Host: h\r\nX: ${'x'.repeat(20_000)}`), 431, 'http', largeHeaders],
    ['two hosts', get('Host: a\r\nHost: b'), 400, 'host', { reason: 'several Host headers' }],
    ['an upgrade at no path', upgradeRequest(1, {}, { path: '/helth/live' }), 404, 'path', { path: '/helth/live' }],
    ['an upgrade of version 8', upgradeRequest(1, { 'Sec-WebSocket-Version': '8' }), 426, 'request', {}],
    ['an upgrade by POST', upgradeRequest(1, {}, { method: 'POST' }), 405, 'request', { reason: 'use GET' }],
    ['an upgrade without a key', upgradeRequest(1, { 'Sec-WebSocket-Key': undefined }), 400, 'request', {}],
    ['a page of elsewhere', upgradeRequest(1, { Origin: 'https://x.example' }), 403, 'origin', { option: 'origins' }],
    ['too many headers', upgradeRequest(1, manyHeaders), 431, 'http', {}],
  ])('%s', async (_, bytes, status, check, line) => {
    expect(await server.answer(() => statusOf(server, bytes))).toMatchObject({
      peer,
      answered: status,
      status,
      check,
      ...line,
    });
  });

  const near = { path: '/helth/live', meant: '/health/live', level: 'info' };
  const [ws, stream, poll] = ['/connection/websocket', '/connection/http_stream', '/connection/long_polling'];
  const basic = { path: '/listen?channel=news:1', headers: { Authorization: 'Basic canary' } };

  test.each<[string, Asked, number, string, object]>([
    ['a path that is near to one', { path: '/helth/live?token=canary' }, 404, 'path', near],
    ['a slip of the fingers', { path: `${ws}s` }, 404, 'path', { meant: ws }],
    ['server-sent events', { path: '/connection/sse' }, 404, 'path', { option: 'transports.sse', level: 'warn' }],
    ['one-way events', { path: '/sse' }, 404, 'path', { option: 'transports.oneWay' }],
    ['metrics', { path: '/metrics' }, 404, 'path', { option: 'metrics' }],
    ['the API', post('/api/publish', '{}'), 404, 'path', { option: 'api.keys' }],
    ['WebSocket without an upgrade', { path: ws }, 426, 'method', {}],
    ['WebSocket by POST', post(ws, ''), 405, 'method', { asked: 'POST', expected: 'GET' }],
    ['health by POST', post('/health/live', ''), 405, 'method', { expected: 'GET, HEAD' }],
    ['streaming by GET', { path: stream }, 405, 'request', { reason: 'use POST' }],
    ['streaming of text', post(stream, 'x', {}), 415, 'content type', {}],
    ['streaming of nothing', post(stream, ''), 400, 'request', {}],
    ['streaming of much', post(stream, large), 413, 'request body', { option: 'limits.maxFrameBytes' }],
    ['a command to no session', post('/emulation', session), 404, 'session', { reason: 'no such session' }],
    ['a command that is none', post('/emulation', '[]'), 400, 'request', { path: '/emulation' }],
    ['a poll that is none', post(poll, '[]'), 400, 'request', {}],
    ['one-way with a name that is none', { path: '/listen?channel=' }, 400, 'request', {}],
    ['one-way with a token in the URL', { path: '/listen?channel=news:1&token=canary' }, 400, 'request', {}],
    ['one-way with a word that is no token', basic, 401, 'request', {}],
  ])('%s', async (_, asked, status, check, line) => {
    expect(await server.answer(() => ask(server.port, asked))).toMatchObject({
      peer,
      answered: status,
      status,
      check,
      ...line,
    });
  });

  test('a hundred of one kind from one address are one line a minute', async () => {
    await server.line(async () => {
      for (let n = 0; n < 100; n++)
        await ask(server.port, post('/connection/long_polling', '[1]', { ...json, Origin: 'https://flood.example' }));
    });
  });
});

describe('what comes too slowly', () => {
  const head = 'Host: h\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{';

  test.each([
    ['a body of a command', `POST /emulation HTTP/1.1\r\n${head}`, slowBody],
    ['a body of a poll', `POST /connection/long_polling HTTP/1.1\r\n${head}`, slowBody],
    ['a body of a connect', `POST /connection/http_stream HTTP/1.1\r\n${head}`, slowBody],
    ['a head', 'GET /health/live HTTP/1.1\r\nHost: h\r\nX-Half', { check: 'http' }],
  ])('408: %s', { timeout: 20_000 }, async (_, bytes, line) => {
    const server = await Watched.start({ limits: { connectTimeoutMs: 100 } });
    const told = await server.answer(() => statusOf(server, bytes));
    expect(told).toMatchObject({ answered: 408, status: 408, peer, ...line });
  });
});

describe('a session', () => {
  const path = '/connection/long_polling';

  test.each<[string, number, string, object, Record<string, string>]>([
    ['a command with the secret of another page', 401, '/emulation', { data: '{}' }, { Origin: 'https://b.example' }],
    ['a poll with the secret of another page', 401, path, { ack: 1 }, { Origin: 'https://b.example' }],
    ['a frame before which another one is missing', 409, path, { id: 3, data: '{}' }, {}],
    ['a poll that acknowledges what was not sent', 400, path, { ack: 9 }, {}],
  ])('%s: %i', async (_, status, asked, fields, others) => {
    const server = await Watched.start({ anonymous: true, origins: '*' });
    const headers = { ...json, Origin: 'https://a.example' };
    const frame = JSON.stringify({ data: '{"id":1,"connect":{}}' });
    const answer = await fetch(`http://${peer}:${server.port}${path}`, post(path, frame, headers));
    const { session: its, node } = JSON.parse((await answer.text()).trim().split('\n').at(-1) ?? '');
    server.lines.length = 0;
    const body = JSON.stringify({ session: its, node, ...fields });
    expect(await ask(server.port, post(asked, body, { ...headers, ...others }))).toBe(status);
    // The end of the session has a line of its own.
    const find = () => server.lines.find((line) => line.status === status);
    await vi.waitFor(() => expect(find()).toBeDefined());
    expect(find()).toMatchObject({ path: asked, peer, check: status === 400 ? 'request' : 'session' });
    expect(JSON.stringify(server.lines)).not.toContain(its);
  });
});

test('a trusted proxy that asks for health has no client to tell of', async () => {
  const server = await Watched.start({ trustProxies: [peer] }, { api: { keys: apiKey } });
  for (const path of ['/health/live', '/health/ready']) expect(await ask(server.port, { path })).toBe(200);
  expect(await ask(server.port, post('/api/info', '{}', { ...json, ...key }))).toBe(200);
  expect(server.lines).toEqual([]);
});

describe('limits', () => {
  test('room for no more: 503 with the option', async () => {
    const server = await Watched.start({ limits: { maxConnections: 0, connectsPerSec: 1, connectBurst: 1 } });
    const ask503 = () => ask(server.port, post('/connection/http_stream', 'x'));
    await ask503();
    expect(await server.line(ask503)).toMatchObject({ status: 503, option: 'limits.connectsPerSec', peer });
  });
});

describe('the API', () => {
  const server = Watched.ofSuite({}, { api: { keys: apiKey, maxBodyBytes: 1_024 }, clients: false });

  test.each<[string, Asked, number, object]>([
    ['no key', post('/api/info', '{}'), 401, { check: 'api', option: 'api.keys', level: 'warn' }],
    ['a wrong key', post('/api/info', '{}', { ...json, 'X-API-Key': 'canary' }), 401, { option: 'api.keys' }],
    ['a key in the query', post('/api/info?api_key=canary', '{}', { ...json, ...key }), 401, { option: 'api.keys' }],
    ['text', post('/api/info', '{}', key), 415, { check: 'api' }],
    ['no JSON', post('/api/info', '{', { ...json, ...key }), 400, { check: 'api' }],
    ['too much', post('/api/info', large, { ...json, ...key }), 413, { check: 'api', option: 'api.maxBodyBytes' }],
    [
      'another method',
      post('/api/pubish', '{}', { ...json, ...key }),
      404,
      { reason: expect.stringContaining('publish') },
    ],
    ['GET', { path: '/api/info' }, 405, { check: 'method', expected: 'POST' }],
    ['a client', { path: '/connection/http_stream' }, 404, { check: 'path', option: 'transports.httpStream' }],
  ])('%s', async (_, asked, status, line) => {
    expect(await server.answer(() => ask(server.port, asked))).toMatchObject({
      answered: status,
      peer,
      status,
      ...line,
    });
  });

  test('without keys: hosts that may be a page of a stranger (api.insecure)', async () => {
    const open = await Watched.start({}, { api: { insecure: true } });
    const foreign = post('/api/info', '{}', { ...json, Host: 'evil.example', Origin: 'https://evil.example' });
    const who = { peer, host: 'evil.example', origin: 'https://evil.example' };
    const line = { check: 'api', status: 403, ...who, option: 'api.keys' };
    expect(await open.line(() => ask(open.port, foreign))).toMatchObject(line);
  });
});

describe('handshakes of TLS', () => {
  using certificate = makeCertificate();
  const { cert } = certificate;
  const server = Watched.ofSuite({}, { tls: certificate });

  /** Resolves when it is over. */
  async function shake(options: ConnectionOptions): Promise<void> {
    const socket = connectTls({ host: peer, port: server.port, servername: 'localhost', ca: cert, ...options });
    socket.on('error', () => undefined);
    socket.on('secureConnect', () => socket.end());
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }

  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;

  test.each<[string, ConnectionOptions, object]>([
    [
      'another name',
      { servername: 'other.example' },
      { reason: 'wrong name', name: 'other.example', certified: expect.stringContaining('localhost') },
    ],
    [
      'another name, which the client does not look at',
      { servername: 'unseen.example', rejectUnauthorized: false },
      { check: 'tls name', name: 'unseen.example', option: 'tls.certFile' },
    ],
    ['a certificate that the client does not trust', { ca: [] }, { option: 'tls.certFile', name: 'localhost' }],
    ['an old version', old, { reason: 'old version' }],
    [
      'no shared cipher',
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
      { reason: 'no shared cipher' },
    ],
    ['no shared protocol', { ALPNProtocols: ['spdy/3'] }, { reason: 'no shared protocol' }],
  ])('%s', async (_, options, line) => {
    expect(await server.line(() => shake(options))).toMatchObject({ peer, check: 'tls', ...line });
  });

  test('plain HTTP', async () => {
    const line = await server.line(() => exchange(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'));
    expect(line).toMatchObject({ check: 'tls', reason: 'plain HTTP', peer });
  });

  const settings = Buffer.from('000000040000000000', 'hex');
  const ping = Buffer.concat([Buffer.from('000008060000000000', 'hex'), Buffer.alloc(8)]);
  // GET, https, an authority and a path, with the static table of HPACK (RFC 7541, appendix A).
  const literal = (index: number, text: string) =>
    Buffer.concat([Buffer.from([index, text.length]), Buffer.from(text)]);
  const head = Buffer.concat([Buffer.from([0x82, 0x87]), literal(1, 'localhost'), literal(4, '/health/live')]);
  const takenBack = Array.from({ length: 2_000 }, (_, n) => {
    const id = Buffer.alloc(4);
    id.writeUInt32BE(2 * n + 1);
    const headers = Buffer.concat([Buffer.from([0, 0, head.length, 1, 5]), id, head]);
    return Buffer.concat([headers, Buffer.from('0000040300', 'hex'), id, Buffer.from('00000008', 'hex')]);
  });

  test.each([
    ['PING', Array.from({ length: 5_000 }, () => ping)],
    ['SETTINGS', Array.from({ length: 5_000 }, () => settings)],
    ['requests that are taken back', takenBack],
  ])('a connection of HTTP/2 that floods with %s is ended, and one line', async (_, frames) => {
    const flooded = await Watched.start({}, { tls: certificate });
    const flood = async () => {
      const options = { host: peer, port: flooded.port, servername: 'localhost', ca: cert, ALPNProtocols: ['h2'] };
      const socket = connectTls(options);
      socket.on('error', () => undefined).resume();
      await once(socket, 'secureConnect');
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      socket.write(settings);
      socket.write(Buffer.concat(frames));
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
    };
    expect(await flooded.line(flood)).toMatchObject({ check: 'http2', reason: expect.any(String), peer });
    flooded.lines.length = 0;
    for (let n = 0; n < 3; n++) await flood();
    expect(flooded.lines).toEqual([]);
  });

  test('a PROXY header that is not expected', async () => {
    const bytes = 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n';
    const line = await server.line(() => exchange(server.port, bytes));
    expect(line).toMatchObject({ check: 'tls', option: 'proxyProtocol' });
  });
});
