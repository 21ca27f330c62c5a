/** Every answer of 4xx and 5xx at the HTTP entries leaves a line for whoever runs the server: the check, and what would mend it. */

import { once } from 'node:events';
import { request } from 'node:http';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { channel, type FanfareApp, fanfare, jwt } from 'fanfare';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
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

  /** What is told from now on: one line, without anything secret. */
  async line(cause: () => Promise<unknown>): Promise<Line | undefined> {
    this.lines.length = 0;
    await cause();
    await vi.waitFor(() => expect(this.lines).toHaveLength(1), { timeout: 5_000 });
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

const json = { 'Content-Type': 'application/json' };
const key = { 'X-API-Key': apiKey };
const post = (path: string, body: string, headers: Record<string, string> = json): Asked => ({
  method: 'POST',
  path,
  headers,
  body,
});
const session = JSON.stringify({ session: 'gone', node: 'gone', data: '{}' });
const slowBody = { check: 'request body', option: 'limits.connectTimeout' };
const large = JSON.stringify({ data: 'x'.repeat(300_000) });

describe('the port of clients', () => {
  const server = new Watched({ transports: { oneWay: { stream: '/listen' } } });
  beforeAll(() => server.listen());
  afterAll(() => server.app.close(500));

  test.each<[string, string | Buffer, number | undefined, object]>([
    ['garbage', 'GARBAGE\r\n\r\n', 400, { check: 'http', reason: expect.stringMatching(/^HPE_/) }],
    [
      'TLS',
      Buffer.from('160301002f0100002b0303', 'hex'),
      400,
      { check: 'http', reason: 'TLS', option: 'tls.certFile' },
    ],
    ['the PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 400, { check: 'http', option: 'proxyProtocol' }],
    ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, { check: 'http', reason: 'HTTP/2' }],
    [
      'too many bytes of headers',
      `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      { check: 'http', reason: 'headers too large', option: 'NODE_OPTIONS=--max-http-header-size' },
    ],
    [
      'two hosts',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      400,
      { check: 'host', reason: 'several Host headers' },
    ],
    [
      'an upgrade at no path',
      upgradeRequest(1, {}, { path: '/helth/live' }),
      404,
      { check: 'path', path: '/helth/live' },
    ],
    ['an upgrade of version 8', upgradeRequest(1, { 'Sec-WebSocket-Version': '8' }), 426, { check: 'request' }],
    ['an upgrade by POST', upgradeRequest(1, {}, { method: 'POST' }), 405, { check: 'request', reason: 'use GET' }],
    ['an upgrade without a key', upgradeRequest(1, { 'Sec-WebSocket-Key': undefined }), 400, { check: 'request' }],
    [
      'a page of elsewhere',
      upgradeRequest(1, { Origin: 'https://x.example' }),
      403,
      { check: 'origin', option: 'origins' },
    ],
    [
      'too many headers',
      upgradeRequest(1, Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`X-${n}`, 'y']))),
      431,
      { check: 'http' },
    ],
  ])('%s', async (_, bytes, status, line) => {
    let seen: number | undefined;
    const told = await server.line(async () => {
      // safe: what is sent is written as it is
      seen = (await exchange(server.port, bytes as string)).responses[0]?.status;
    });
    expect(seen).toBe(status);
    expect(told).toMatchObject({ peer, status, ...line });
  });

  test.each<[string, Asked, number, object]>([
    [
      'a path that is near to one',
      { path: '/helth/live?token=canary' },
      404,
      { check: 'path', path: '/helth/live', meant: '/health/live', level: 'info' },
    ],
    [
      'a slip of the fingers',
      { path: '/connection/websockets' },
      404,
      { check: 'path', meant: '/connection/websocket' },
    ],
    [
      'server-sent events',
      { path: '/connection/sse' },
      404,
      { check: 'path', option: 'transports.sse', level: 'warn' },
    ],
    ['one-way events', { path: '/sse' }, 404, { check: 'path', option: 'transports.oneWay' }],
    ['metrics', { path: '/metrics' }, 404, { check: 'path', option: 'metrics' }],
    ['the API', post('/api/publish', '{}'), 404, { check: 'path', option: 'api.keys' }],
    ['WebSocket without an upgrade', { path: '/connection/websocket' }, 426, { check: 'method' }],
    ['WebSocket by POST', post('/connection/websocket', ''), 405, { check: 'method', asked: 'POST', expected: 'GET' }],
    ['health by POST', post('/health/live', ''), 405, { check: 'method', expected: 'GET, HEAD' }],
    ['streaming by GET', { path: '/connection/http_stream' }, 405, { check: 'request', reason: 'use POST' }],
    ['streaming of text', post('/connection/http_stream', 'x', {}), 415, { check: 'content type' }],
    ['streaming of nothing', post('/connection/http_stream', ''), 400, { check: 'request' }],
    [
      'streaming of much',
      post('/connection/http_stream', large),
      413,
      { check: 'request body', option: 'limits.maxFrameBytes' },
    ],
    ['a command to no session', post('/emulation', session), 404, { check: 'session', reason: 'no such session' }],
    ['a command that is none', post('/emulation', '[]'), 400, { check: 'request', path: '/emulation' }],
    ['a poll that is none', post('/connection/long_polling', '[]'), 400, { check: 'request' }],
    ['one-way with a name that is none', { path: '/listen?channel=' }, 400, { check: 'request' }],
    ['one-way with a token in the URL', { path: '/listen?channel=news:1&token=canary' }, 400, { check: 'request' }],
    [
      'one-way with a word that is no token',
      { path: '/listen?channel=news:1', headers: { Authorization: 'Basic canary' } },
      401,
      { check: 'request' },
    ],
  ])('%s', async (_, asked, status, line) => {
    let seen: number | undefined;
    const told = await server.line(async () => {
      seen = await ask(server.port, asked);
    });
    expect(seen).toBe(status);
    expect(told).toMatchObject({ peer, status, ...line });
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
    const server = await new Watched({ limits: { connectTimeoutMs: 100 } }).listen();
    let status: number | undefined;
    const told = await server.line(async () => {
      status = (await exchange(server.port, bytes)).responses[0]?.status;
    });
    expect(status).toBe(408);
    expect(told).toMatchObject({ status, peer, ...line });
    await server.app.close(500);
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
    const server = await new Watched({ anonymous: true, origins: '*' }).listen();
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
    await server.app.close(500);
  });
});

test('a trusted proxy that asks for health has no client to tell of', async () => {
  const server = await new Watched({ trustProxies: [peer] }).listen({ api: { keys: apiKey } });
  for (const path of ['/health/live', '/health/ready']) expect(await ask(server.port, { path })).toBe(200);
  expect(await ask(server.port, post('/api/info', '{}', { ...json, ...key }))).toBe(200);
  expect(server.lines).toEqual([]);
  await server.app.close(500);
});

describe('limits', () => {
  test('room for no more: 503 with the option', async () => {
    const server = await new Watched({ limits: { maxConnections: 0, connectsPerSec: 1, connectBurst: 1 } }).listen();
    const ask503 = () => ask(server.port, post('/connection/http_stream', 'x'));
    await ask503();
    expect(await server.line(ask503)).toMatchObject({ status: 503, option: 'limits.connectsPerSec', peer });
    await server.app.close(500);
  });
});

describe('the API', () => {
  const server = new Watched();
  beforeAll(() => server.listen({ api: { keys: apiKey, maxBodyBytes: 1_024 }, clients: false }));
  afterAll(() => server.app.close(500));

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
      { check: 'api', reason: expect.stringContaining('publish') },
    ],
    ['GET', { path: '/api/info' }, 405, { check: 'method', expected: 'POST' }],
    ['a client', { path: '/connection/http_stream' }, 404, { check: 'path', option: 'transports.httpStream' }],
  ])('%s', async (_, asked, status, line) => {
    let seen: number | undefined;
    const told = await server.line(async () => {
      seen = await ask(server.port, asked);
    });
    expect(seen).toBe(status);
    expect(told).toMatchObject({ peer, status, ...line });
  });

  test('without keys: hosts that may be a page of a stranger (api.insecure)', async () => {
    const open = await new Watched().listen({ api: { insecure: true } });
    const foreign = post('/api/info', '{}', { ...json, Host: 'evil.example', Origin: 'https://evil.example' });
    expect(await open.line(() => ask(open.port, foreign))).toMatchObject({
      check: 'api',
      status: 403,
      peer,
      host: 'evil.example',
      origin: 'https://evil.example',
      option: 'api.keys',
    });
    await open.app.close(500);
  });
});

describe('handshakes of TLS', () => {
  const server = new Watched();
  using certificate = makeCertificate();
  const { cert } = certificate;
  beforeAll(() => server.listen({ tls: certificate }));
  afterAll(() => server.app.close(500));

  /** Resolves when it is over. */
  async function shake(options: ConnectionOptions): Promise<void> {
    const socket = connectTls({ host: peer, port: server.port, servername: 'localhost', ca: cert, ...options });
    socket.on('error', () => undefined);
    socket.on('secureConnect', () => socket.end());
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }

  test.each<[string, ConnectionOptions, object]>([
    [
      'another name',
      { servername: 'other.example' },
      { check: 'tls', reason: 'wrong name', name: 'other.example', certified: expect.stringContaining('localhost') },
    ],
    [
      'another name, which the client does not look at',
      { servername: 'unseen.example', rejectUnauthorized: false },
      { check: 'tls name', name: 'unseen.example', option: 'tls.certFile' },
    ],
    [
      'a certificate that the client does not trust',
      { ca: [] },
      { check: 'tls', option: 'tls.certFile', name: 'localhost' },
    ],
    [
      'an old version',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      { check: 'tls', reason: 'old version' },
    ],
    [
      'no shared cipher',
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
      { check: 'tls', reason: 'no shared cipher' },
    ],
    ['no shared protocol', { ALPNProtocols: ['spdy/3'] }, { check: 'tls', reason: 'no shared protocol' }],
  ])('%s', async (_, options, line) => {
    expect(await server.line(() => shake(options))).toMatchObject({ peer, ...line });
  });

  test('plain HTTP', async () => {
    expect(await server.line(() => exchange(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'))).toMatchObject({
      check: 'tls',
      reason: 'plain HTTP',
      peer,
    });
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
    const flooded = await new Watched().listen({ tls: certificate });
    const flood = async () => {
      const socket = connectTls({
        host: peer,
        port: flooded.port,
        servername: 'localhost',
        ca: cert,
        ALPNProtocols: ['h2'],
      });
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
    await flooded.app.close(500);
  });

  test('a PROXY header that is not expected', async () => {
    const bytes = 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n';
    expect(await server.line(() => exchange(server.port, bytes))).toMatchObject({
      check: 'tls',
      option: 'proxyProtocol',
    });
  });
});
