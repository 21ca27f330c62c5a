/** A request that offers another protocol is answered as if it did not (RFC 9110, 7.8), over sockets by hand. */

import { createServer, type Server } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { buffer, text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { channel, fanfare } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { exchange, openSocket, parseResponses, upgradeRequest } from '../support/clients/raw-http.js';
import { deferred } from '../support/engine/deferred.js';
import { makeCertificate } from '../support/programs/certificate.js';
import { portOf } from '../support/servers/served.js';

const offer = [
  'Connection: Upgrade, HTTP2-Settings',
  'Upgrade: h2c',
  'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
].join('\r\n');
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n${offer}\r\n\r\n`;
const last = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
/** Since 26, Node itself ignores those with a body, and forgets what was sent behind it without waiting. */
const losesPipelined = Number(process.versions.node.split('.')[0]) >= 26;

function makeApp() {
  const app = fanfare({
    anonymous: true,
    transports: { oneWay: true },
    channels: { news: channel({ subscribe: 'anyone' }) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  onTestFinished(() => app.close(500));
  return app;
}

/** Says what it was asked, once the body is there. */
async function listen<Kind extends Server>(server: Kind): Promise<Kind & { readonly port: number }> {
  server.on('request', async (request, response) => {
    response.end(`${request.method} ${request.url} ${await text(request)}`);
  });
  return Object.assign(server, { port: await portOf(server) });
}

const bodiesIn = (text: string) => parseResponses(text).map(({ status, body }) => `${status} ${body}`);
const bodiesOf = async (port: number, bytes: string) =>
  (await exchange(port, bytes)).responses.map(({ status, body }) => `${status} ${body}`);

/** Sends the next part once a response to the one before is there. */
async function inTurn(port: number, ...parts: readonly string[]): Promise<string[]> {
  const socket = await openSocket(port);
  let received = '';
  let next = 0;
  socket.setEncoding('latin1');
  socket.write(parts[next++] ?? '');
  for await (const chunk of socket) {
    received += chunk;
    if (next < parts.length) socket.write(parts[next++] ?? '');
  }
  return bodiesIn(received);
}

describe("an application's server", () => {
  const attached = async () => {
    const server = await listen(createServer());
    makeApp().attach(server);
    return server;
  };

  test('its own routes answer, and the connection is kept', async () => {
    const { port } = await attached();
    expect(await inTurn(port, get('/1'), get('/2'), last('/3'))).toEqual(['200 GET /1 ', '200 GET /2 ', '200 GET /3 ']);
  });

  test('what is pipelined before and behind is answered in its order', async () => {
    const { port } = await attached();
    const plain = 'GET /plain HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(await bodiesOf(port, `${plain}${get('/1')}${plain}${get('/2')}${get('/3')}${last('/4')}`)).toEqual(
      ['/plain', '/1', '/plain', '/2', '/3', '/4'].map((path) => `200 GET ${path} `),
    );
  });

  test('a slow answer before it comes before it', async () => {
    const waiting: (() => void)[] = [];
    const arrived = deferred();
    const server = createServer((request, response) => {
      if (request.url !== '/slow') response.end(request.url);
      else if (waiting.push(() => response.end('slow')) === 2) arrived.resolve();
    });
    makeApp().attach(server);
    const port = await portOf(server);
    const slow = 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n';
    const answers = bodiesOf(port, `${slow}${slow}${get('/1')}${last('/2')}`);
    await arrived.promise;
    for (const answer of waiting) answer();
    expect(await answers).toEqual(['200 slow', '200 slow', '200 /1', '200 /2']);
  });

  test.each([
    ['of a length', 'Content-Length: 5\r\n\r\n', 'hello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n', '3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'],
  ])('a body %s arrives, at once and later', async (_, headers, body) => {
    const { port } = await attached();
    const head = `POST /1 HTTP/1.1\r\nHost: a\r\n${offer}\r\n`;
    const whole = head + headers + body;
    const answers = ['200 POST /1 hello', '200 POST /1 hello', '200 GET /2 '];
    expect(await inTurn(port, whole, whole, last('/2'))).toEqual(answers);
    if (!losesPipelined) expect(await bodiesOf(port, whole + whole + last('/2'))).toEqual(answers);
    const waits = `${head}Expect: 100-continue\r\n${headers}`;
    const socket = await openSocket(port);
    let received = '';
    socket.setEncoding('latin1').write(waits);
    for await (const chunk of socket) {
      received += chunk;
      if (chunk.startsWith('HTTP/1.1 100')) socket.write(body);
      else if (String(chunk).includes('POST /1 hello')) socket.write(last('/2'));
    }
    expect(received).toMatch(/^HTTP\/1\.1 100 .*POST \/1 hello.*GET \/2 $/s);
  });

  const offers = ['h2c', 'H2C', 'TLS/1.0, HTTP/2.0', 'foo', 'WebSocket/8', 'websocket, h2c', '', ','];
  test.each(offers)('Upgrade: %s, to its own path, one of Fanfare and the one of WebSocket', async (protocols) => {
    const { port } = await attached();
    const headers = { Upgrade: protocols, Connection: 'Upgrade, close' };
    const ask = async (path: string) => (await exchange(port, upgradeRequest(port, headers, { path }))).responses[0];
    expect(await ask('/mine')).toMatchObject({ status: 200, body: 'GET /mine ' });
    expect(await ask('/connection/websocket')).toMatchObject({ status: 200, body: 'GET /connection/websocket ' });
    expect(await ask('/sse')).toMatchObject({ status: 400, body: expect.stringContaining('channels') });
  });

  test('headers arrive as they were sent, but for those about the upgrade', async () => {
    const server = createServer((request, response) => response.end(JSON.stringify(request.rawHeaders)));
    makeApp().attach(server);
    const port = await portOf(server);
    const request = `GET / HTTP/1.1\r\nhOst: a\r\nConnection: UPGRADE ,close, x-hop\r\nUpgrade: h2c\r\nX-A: 1\r\nX-a:\r\nx-A: \xe4\t2\r\n\r\n`;
    const { responses } = await exchange(port, Buffer.from(request, 'latin1'));
    const expected = ['hOst', 'a', 'Connection', 'close, x-hop', 'X-A', '1', 'X-a', '', 'x-A', '\xe4\t2'];
    expect(Buffer.from(responses[0]?.body ?? '', 'latin1').toString()).toBe(JSON.stringify(expected));
  });

  test('more headers than anybody sends are refused: the last ones may say that there is a body', async () => {
    const { port } = await attached();
    const many = Array.from({ length: 1_100 }, (_, n) => `${n.toString(36)}:`).join('\r\n');
    const request = `POST / HTTP/1.1\r\nHost: a\r\n${offer}\r\n${many}\r\nContent-Length: 40\r\n\r\n${last('/smuggled')}`;
    const { responses } = await exchange(port, request);
    expect(responses.map(({ status }) => status)).toEqual([431]);
  });

  test("another listener of the application's gets what it may speak, and its WebSockets, but no h2c", async () => {
    const server = await attached();
    const { port } = server;
    const offered: (string | undefined)[] = [];
    server.on('upgrade', ({ headers, url }, socket) => {
      offered.push(`${url} ${headers.upgrade}`);
      socket.end('HTTP/1.1 400 Mine\r\nContent-Length: 0\r\n\r\n');
    });
    const ask = async (path: string, Upgrade: string) => {
      const request = upgradeRequest(port, { Upgrade, Connection: 'Upgrade, close' }, { path });
      return (await exchange(port, request)).responses[0]?.status;
    };
    expect(await ask('/mine', 'h2c')).toBe(200);
    expect(await ask('/mine', 'foo')).toBe(400);
    expect(await ask('/mine', 'websocket')).toBe(400);
    expect(await ask('/connection/websocket', 'foo')).toBe(200);
    expect(offered).toEqual(['/mine foo', '/mine websocket']);
  });

  test("a WebSocket server of the application's, which refuses every path but its own, does not refuse Fanfare's", async () => {
    const server = await attached();
    const own = new WebSocketServer({ server, path: '/own' });
    onTestFinished(() => own.close());
    const socket = await openSocket(server.port);
    socket.setEncoding('latin1').write(upgradeRequest(server.port));
    for await (const chunk of socket) {
      expect(chunk).toMatch(/^HTTP\/1\.1 101 /);
      break;
    }
  });

  test('two applications on one server: an upgrade to a path of neither is refused once', async () => {
    const server = await attached();
    const other = fanfare({
      path: '/other',
      anonymous: true,
      transports: { httpStream: false, longPolling: false, emulation: '/other/emulation' },
      log: { debug() {}, info() {}, warn() {}, error() {} },
    }).attach(server);
    onTestFinished(() => other.close(500));
    const statuses = async (path: string, Upgrade = 'websocket') => {
      const request = upgradeRequest(server.port, { Upgrade, Connection: 'Upgrade, close' }, { path });
      return (await exchange(server.port, request)).responses.map(({ status }) => status);
    };
    expect(await statuses('/neither')).toEqual([404]);
    expect(await statuses('/neither', 'h2c')).toEqual([200]);
    expect(await statuses('/other', 'h2c')).toEqual([200]);
    expect(await statuses('/connection/websocket', 'h2c')).toEqual([200]);
  });
});

describe('over TLS', () => {
  using files = makeCertificate();
  const { cert, key } = files;

  async function overTls(port: number, bytes: string): Promise<string[]> {
    const options = { port, host: '127.0.0.1', ca: cert, servername: 'localhost', ALPNProtocols: ['http/1.1'] };
    const socket = connectTls(options);
    socket.write(bytes);
    return bodiesIn((await buffer(socket)).toString('latin1'));
  }

  test.each([
    ['node:https', () => createTlsServer({ cert, key })],
    // safe: it has what is used of the other
    ['node:http2', () => createSecureServer({ cert, key, allowHTTP1: true }) as unknown as Server],
  ])('%s', async (_, make) => {
    const server = make();
    server.closeAllConnections ??= () => undefined;
    const { port } = await listen(server);
    makeApp().attach(server);
    expect(await overTls(port, `${get('/1')}${get('/2')}${last('/3')}`)).toEqual([
      '200 GET /1 ',
      '200 GET /2 ',
      '200 GET /3 ',
    ]);
  });

  test("Fanfare's own", async () => {
    const { port } = await makeApp().listen(0, { tls: { cert, key } });
    expect(await overTls(port, `${get('/health/live')}${last('/health/live')}`)).toHaveLength(2);
  });
});

describe('ports of its own', () => {
  test.each([
    ['of clients', {}],
    ['internal', { clients: false }],
  ])('%s: health, metrics and the HTTP API', async (_, options) => {
    const key = 'k'.repeat(32);
    const { port } = await makeApp().listen(0, { ...options, metrics: true, api: { keys: key } });
    const statuses = async (bytes: string) => (await exchange(port, bytes)).responses.map(({ status }) => status);
    expect(
      await statuses(`${get('/health/live')}${get('/metrics')}${get('/nothing')}${last('/health/ready')}`),
    ).toEqual([200, 200, 404, 200]);
    const body = '{"channel":"news","data":1}';
    const post = [
      'POST /api/publish HTTP/1.1',
      'Host: a',
      offer,
      `X-API-Key: ${key}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    expect(await inTurn(port, post, post, last('/health/live'))).toMatchObject([
      expect.stringMatching(/^200 {"result":/),
      expect.stringMatching(/^200 {"result":/),
      expect.stringMatching(/^200 /),
    ]);
  });

  test('B17: the endpoint of WebSocket says what it speaks', async () => {
    const { port } = await makeApp().listen(0);
    const request = upgradeRequest(port, { Upgrade: 'h2c', Connection: 'Upgrade, close' });
    const { responses } = await exchange(port, request);
    expect(responses.map(({ status, headers }) => [status, headers.get('upgrade'), headers.get('connection')])).toEqual(
      [[426, 'websocket', 'Upgrade, close']],
    );
  });

  test('HTTP/1.0 cannot upgrade', async () => {
    const { port } = await makeApp().listen(0);
    const { responses } = await exchange(port, `GET /health/live HTTP/1.0\r\n${offer}\r\n\r\n`);
    expect(responses.map(({ status }) => status)).toEqual([200]);
  });
});
