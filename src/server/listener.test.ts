/** The HTTP server that Fanfare opens itself: where it listens, and what bad requests get. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { RefusalLog } from '../engine/log/refusal-log.js';
import { silentLogger } from '../engine/ports/logger.js';
import { LongBodies } from '../http/long-bodies.js';
import { createHttpServer, listenOn } from './listener.js';
import type { HandleRequest, OwnServer } from './own-server.js';

const opened: OwnServer[] = [];

const ok: HandleRequest = (_, response) => response.end('ok');

function create(lines: object[] = [], handle = ok, longBodies?: LongBodies): OwnServer {
  const tell = (fields: object) => lines.push(fields);
  const refusals = new RefusalLog(new FakeClock(), { ...silentLogger, info: tell, warn: tell });
  const ports = { log: silentLogger, refusals, peerOf: () => '192.0.2.1', ...(longBodies && { longBodies }) };
  const server = createHttpServer(handle, ports);
  opened.push(server);
  return server;
}

afterEach(async () => {
  for (const server of opened.splice(0)) {
    server.cut();
    await server.close();
  }
});

/** Sends bytes as they are and gives all that came back once the connection has ended. */
async function raw({ server }: OwnServer, bytes: string): Promise<string> {
  // safe: it listens on a port
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('listenOn', () => {
  test('port 0 picks a free one, and the URL leads there', async () => {
    const address = await listenOn(create(), 0, '127.0.0.1');
    expect(address).toEqual({ host: '127.0.0.1', port: expect.any(Number), url: `http://127.0.0.1:${address.port}` });
    expect(await (await fetch(address.url)).text()).toBe('ok');
  });

  test.each([
    ['0.0.0.0', 'localhost'],
    ['::1', '[::1]'],
    ['::', 'localhost'],
  ])('on %s the URL has the host %s', async (host, shown) => {
    const address = await listenOn(create(), 0, host);
    expect(address.url).toBe(`http://${shown}:${address.port}`);
  });

  test('a port that is taken is ERR_LISTEN, with the cause', async () => {
    const { port } = await listenOn(create(), 0, '127.0.0.1');
    await expect(listenOn(create(), port, '127.0.0.1')).rejects.toMatchObject({
      code: 'ERR_LISTEN',
      cause: { code: 'EADDRINUSE' },
    });
  });

  // A worker that was told to stop while it started waited for ever.
  test('closed before it listens is ERR_CLOSED', async () => {
    const own = create();
    const listening = listenOn(own, 0, '127.0.0.1');
    own.server.close();
    await expect(listening).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('an address that is not of this machine is ERR_LISTEN', async () => {
    await expect(listenOn(create(), 0, '192.0.2.1')).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  });
});

describe('bad requests', () => {
  test.each([
    ['B5: garbage', 'garbage\r\n\r\n', 400],
    ['B5: TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['B5: no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['B3: headers of 20 KB', `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'B6: two lengths',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('%s: answered with the status and closed', async (_, bytes, status) => {
    const server = create();
    await listenOn(server, 0, '127.0.0.1');
    expect(await raw(server, bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('leave one log line without what was sent', async () => {
    const lines: object[] = [];
    const server = create(lines);
    await listenOn(server, 0, '127.0.0.1');
    await raw(server, 'GET / HTTP/1.1\r\nAuthorization: hunter2\r\nbad header\r\n\r\n');
    const code = expect.stringMatching(/^HPE_/);
    expect(lines).toEqual([{ check: 'http', status: 400, reason: code, code, peer: '192.0.2.1' }]);
  });

  test('B19: a peer that goes away within its request is no error, and others are still served', async () => {
    const server = create();
    const { port, url } = await listenOn(server, 0, '127.0.0.1');
    const failed = new Promise((resolve) => server.server.once('clientError', resolve));
    const connection = once(server.server, 'connection');
    const socket = connect(port, '127.0.0.1');
    await connection;
    socket.write('GET / HT', () => socket.resetAndDestroy());
    await failed;
    expect(await (await fetch(url)).text()).toBe('ok');
  });

  test('B19: a connection that was reset gets no answer', () => {
    const socket = new PassThrough();
    create().server.emit('clientError', Object.assign(new Error('reset'), { code: 'ECONNRESET' }), socket);
    expect([socket.destroyed, socket.read()]).toEqual([true, null]);
  });

  test('B1 B2: nobody may take longer than ten seconds for headers or for a request', () => {
    const { server } = create();
    if (!('headersTimeout' in server)) throw new Error('not a server of HTTP/1.1');
    expect(server.headersTimeout).toBeLessThanOrEqual(10_000);
    expect(server.requestTimeout).toBeLessThanOrEqual(10_000);
    expect(server.headersTimeout).toBeGreaterThan(0);
  });
});

test('a body that may take long is not ended by the time-out, and others are', async () => {
  const longBodies = new LongBodies();
  const read = async (request: IncomingMessage, response: ServerResponse) => {
    const body = request.url === '/long' ? longBodies.read(request) : request;
    let text = '';
    for await (const chunk of body) text += chunk;
    response.end(text);
  };
  const listener = create([], (request, response) => void read(request, response).catch(() => undefined), longBodies);
  // Looked at every half second.
  Object.assign(listener.server, { headersTimeout: 50, requestTimeout: 100 });
  const { port } = await listenOn(listener, 0, '127.0.0.1');
  const begun = (path: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n`);
    return socket;
  };
  const long = begun('/long');
  await once(listener.server, 'clientError');
  const [refusal] = await once(begun('/short'), 'data');
  expect(String(refusal)).toMatch(/^HTTP\/1\.1 408 /);
  const answer = once(long, 'data');
  long.write('3\r\ntwo\r\n0\r\n\r\n');
  expect(String((await answer)[0])).toMatch(/^HTTP\/1\.1 200 [\s\S]*onetwo/);
});

// Behind nginx, which asks no node how it is, commands came to a node until its port was closed: those in connections that
// it had not looked at yet were reset, and nginx could not know whether they had been carried out.
describe('F12: closing', () => {
  const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

  test('a connection that waits for the event loop is answered', async () => {
    const server = create();
    await listenOn(server, 0, '127.0.0.1');
    const answers = Array.from({ length: 20 }, () => raw(server, request));
    await server.close();
    for (const answer of await Promise.all(answers)) expect(answer).toContain('200 OK');
  });

  test('a connection whose request is on its way is answered', async () => {
    const server = create();
    const { port } = await listenOn(server, 0, '127.0.0.1');
    const connected = once(server.server, 'connection');
    const socket = connect(port, '127.0.0.1');
    await connected;
    const closed = server.close();
    const answer = once(socket, 'data');
    socket.write(request);
    expect(String((await answer)[0])).toContain('200 OK');
    await closed;
  });
});
