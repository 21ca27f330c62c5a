/** A port where trusted proxies say first whose a connection is. */

import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { makeCertificate } from '../../test/support/programs/certificate.js';
import { RefusalLog } from '../engine/log/refusal-log.js';
import { silentLogger } from '../engine/ports/logger.js';
import { TrustedProxies } from '../transports/trusted-proxies.js';
import { announced } from './announced-connections.js';
import { createHttpServer, listenOn } from './listener.js';
import type { HandleRequest, OwnServer } from './own-server.js';
import { createTlsServer } from './tls-server.js';

const opened: OwnServer[] = [];
const hello = 'PROXY TCP4 203.0.113.9 192.0.2.1 55555 80\r\n';
const get = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

afterEach(async () => {
  for (const server of opened.splice(0)) {
    server.cut();
    await server.close();
  }
});

async function start({ trusted = ['127.0.0.1'], tls = false } = {}) {
  const clock = new FakeClock();
  const lines: object[] = [];
  const tell = (fields: object) => lines.push(fields);
  const refusals = new RefusalLog(clock, { ...silentLogger, info: tell, warn: tell });
  const proxies = new TrustedProxies(trusted);
  const handle: HandleRequest = (request, response) => response.end(proxies.clientAddress(request));
  using certificate = makeCertificate();
  const ports = { log: silentLogger, clock, refusals, peerOf: () => '' };
  const plain = tls ? createTlsServer(handle, certificate, ports) : createHttpServer(handle, ports);
  const own = announced(plain, { proxies, clock, refusals });
  opened.push(own);
  const { port } = await listenOn(own, 0, '127.0.0.1');
  return { port, clock, lines, proxies, own };
}

function dial(port: number): { socket: Socket; text: () => string; closed: Promise<unknown> } {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A reset is one way to be refused.
  socket.on('error', () => undefined);
  return { socket, text: () => Buffer.concat(chunks).toString(), closed: once(socket, 'close') };
}

async function send(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  const { socket, text, closed } = dial(port);
  await once(socket, 'connect');
  socket.setNoDelay(true);
  for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
  await closed;
  return text();
}

describe('the address', () => {
  test('is the one that the proxy says, whether request and header come together or in pieces', async () => {
    const { port } = await start();
    expect(await send(port, hello + get)).toMatch(/203\.0\.113\.9$/);
    expect(await send(port, hello, get)).toMatch(/203\.0\.113\.9$/);
    expect(await send(port, ...(hello + get))).toMatch(/203\.0\.113\.9$/);
  });

  test('is forgotten with the connection', async () => {
    const { port, proxies, own } = await start();
    await send(port, hello + get);
    own.drain();
    await own.close();
    expect(proxies.peers.size).toBe(0);
  });

  test('holds for all requests of a connection', async () => {
    const { port } = await start();
    const kept = get.replace('Connection: close\r\n', '');
    expect((await send(port, hello + kept + get)).match(/203\.0\.113\.9/g)).toHaveLength(2);
  });

  test('B18: a header of HTTP is believed of a trusted one alone', async () => {
    const { port } = await start({ trusted: ['127.0.0.1', '203.0.113.0/24'] });
    const forwarded = get.replace('\r\n\r\n', '\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n');
    expect(await send(port, hello + forwarded)).toMatch(/198\.51\.100\.7$/);
    expect(await send(port, hello.replace('203.0.113.9', '192.0.2.7') + forwarded)).toMatch(/192\.0\.2\.7$/);
  });

  test('is the own one of a proxy that asks for itself', async () => {
    const { port, lines } = await start();
    const local = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
    expect(await send(port, Buffer.concat([local, Buffer.from(get)]))).toMatch(/127\.0\.0\.1$/);
    expect(lines).toMatchObject([]);
  });

  test('comes before the handshake of TLS, for HTTP/1.1', async () => {
    const { port } = await start({ tls: true });
    const { socket } = dial(port);
    socket.write(hello);
    const secure = connectTls({ socket, rejectUnauthorized: false });
    let text = '';
    secure.on('data', (chunk) => (text += chunk));
    secure.write(get);
    await once(secure, 'close');
    expect(text).toMatch(/203\.0\.113\.9$/);
  });

  test('comes before the handshake of TLS, for HTTP/2', async () => {
    const { port } = await start({ tls: true });
    const { socket } = dial(port);
    socket.write(hello);
    const session = connectHttp2('https://localhost', {
      createConnection: () => connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
    });
    const stream = session.request({ ':path': '/' });
    let text = '';
    for await (const chunk of stream) text += chunk;
    expect(text).toBe('203.0.113.9');
    session.destroy();
  });
});

describe('whoever does not say it is refused, with a line', () => {
  test.each([
    ['a request without a header', get, 'missing'],
    ['a header that is none', 'PROXY TCP4 nobody\r\n', 'malformed'],
    ['a line without an end', `PROXY UNKNOWN ${'x'.repeat(200)}`, 'too long'],
  ])('%s', async (_, bytes, reason) => {
    const { port, lines } = await start();
    expect(await send(port, bytes)).toBe('');
    expect(lines).toEqual([{ check: 'proxy protocol', peer: '127.0.0.1', reason, option: 'proxyProtocol' }]);
  });

  test('a peer that is no trusted proxy, whatever it says', async () => {
    const { port, lines } = await start({ trusted: ['10.0.0.0/8'] });
    expect(await send(port, hello + get)).toBe('');
    expect(lines).toMatchObject([{ check: 'proxy protocol', peer: '127.0.0.1', option: 'trustProxies' }]);
  });

  test('B1: silence, and half of a header', async () => {
    const { port, clock, lines, own } = await start();
    const silent = dial(port);
    const slow = dial(port);
    slow.socket.write('PROXY TCP4 ');
    let accepted = 0;
    await new Promise<void>((resolve) => own.server.on('connection', () => ++accepted === 2 && resolve()));
    await clock.advance(5_000);
    await Promise.all([silent.closed, slow.closed]);
    expect(lines).toMatchObject([{ reason: 'late' }]);
    expect(clock.numTimers).toBe(0);
  });

  test('a header that is broken off; but a connection without a byte only asks whether somebody is there', async () => {
    const { port, lines } = await start();
    const asking = dial(port);
    asking.socket.end();
    await asking.closed;
    expect(lines).toEqual([]);
    const broken = dial(port);
    broken.socket.end('PROXY ');
    await broken.closed;
    expect(lines).toMatchObject([{ reason: 'incomplete' }]);
  });

  test('a hundred of them are one line a minute', async () => {
    const { port, clock, lines } = await start();
    for (let n = 0; n < 100; n++) await send(port, 'GET ');
    await clock.advance(60_000);
    await send(port, 'GET ');
    expect(lines).toMatchObject([{ reason: 'missing' }, { reason: 'missing', unsaid: 99 }]);
  });

  test('a client without an IP address is let in as its proxy, with a line', async () => {
    const { port, lines } = await start();
    const unix = Buffer.alloc(16 + 216);
    Buffer.from('0d0a0d0a000d0a515549540a213100d8', 'hex').copy(unix);
    expect(await send(port, Buffer.concat([unix, Buffer.from(get)]))).toMatch(/127\.0\.0\.1$/);
    expect(lines).toMatchObject([{ check: 'proxy protocol', reason: 'no address' }]);
  });
});

test('those that have not said it are cut with the others', async () => {
  const { port, own } = await start();
  const silent = dial(port);
  await once(own.server, 'connection');
  own.cut();
  await silent.closed;
});

test('B107: without trusted proxies nobody could connect', async () => {
  await expect(start({ trusted: [] })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
});
