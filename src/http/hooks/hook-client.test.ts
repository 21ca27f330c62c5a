/** One exchange with a backend, good and bad; against real servers. */

import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { HookBackend } from '../../../test/support/servers/hook-backend.js';
import { listening } from '../../../test/support/servers/local-server.js';
import { HookClient, type HookRequest } from './hook-client.js';

const freed: (() => unknown)[] = [];
afterEach(async () => {
  for (const free of freed.splice(0).reverse()) await free();
});

function clientOf(url: string, maxResponseBytes = 1_024) {
  const clock = new FakeClock();
  const client = new HookClient(new URL(url), clock, maxResponseBytes);
  freed.push(() => client.close());
  return { client, clock };
}

async function backend(): Promise<HookBackend> {
  const started = await HookBackend.start();
  freed.push(() => started[Symbol.asyncDispose]());
  return started;
}

/** A server that speaks no HTTP of its own accord. */
async function rawServer(onRequest: (socket: Socket, numRequests: number) => void): Promise<string> {
  let numRequests = 0;
  const server = createServer((socket) => {
    freed.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', () => onRequest(socket, ++numRequests));
  });
  freed.push(() => server.close());
  return `http://127.0.0.1:${await listening(server)}/`;
}

const request: HookRequest = { body: '{"a":"€"}', headers: {}, timeoutMs: 1_000, repeatable: true };

test('posts the body as JSON with the headers, and resolves with status and text', async () => {
  const server = await backend();
  server.on('/hook', () => ({ status: 418, text: '{"b":"ü"}' }));
  const { client, clock } = clientOf(`${server.url}/hook`);
  const response = await client.post({ ...request, headers: { cookie: 'sid=1', 'X-Own': 'yes' } });
  expect(response).toEqual({ ok: true, status: 418, text: '{"b":"ü"}' });
  const [call] = server.calls;
  expect(call?.text).toBe('{"a":"€"}');
  expect(call?.headers).toMatchObject({ 'content-type': 'application/json', cookie: 'sid=1', 'x-own': 'yes' });
  expect(clock.numTimers).toBe(0);
});

test('uses a connection again', async () => {
  const server = await backend();
  server.on('/', () => ({}));
  const { client } = clientOf(`${server.url}/`);
  await client.post(request);
  await client.post(request);
  expect(await server.numConnections()).toBe(1);
});

test('follows no redirect', async () => {
  const server = await backend();
  server.on('/', () => ({ status: 307, text: '', headers: { Location: `${server.url}/other` } }));
  const { client } = clientOf(`${server.url}/`);
  expect(await client.post(request)).toEqual({ ok: true, status: 307, text: '' });
  expect(server.callsTo('/other')).toEqual([]);
});

describe('gives up', () => {
  test('when there is no answer in time', async () => {
    const server = await backend();
    server.on('/', () => 'hang');
    const { client, clock } = clientOf(`${server.url}/`);
    const response = client.post(request);
    await server.waitFor('/');
    await clock.advance(999);
    expect(clock.numTimers).toBe(1);
    await clock.advance(1);
    expect(await response).toEqual({ ok: false, reason: 'timeout' });
  });

  test('when an answer begins in time and does not end in time', async () => {
    const url = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'));
    const { client, clock } = clientOf(url);
    const response = client.post(request);
    const outcome = await Promise.race([response, clock.advance(999).then(() => 'waits')]);
    expect(outcome).toBe('waits');
    await clock.advance(1);
    expect(await response).toEqual({ ok: false, reason: 'timeout' });
  });

  test('when an answer is larger than it may be', async () => {
    const server = await backend();
    server.on('/fits', () => ({ status: 200, text: 'x'.repeat(1_024) }));
    server.on('/', () => ({ status: 200, text: 'x'.repeat(1_025) }));
    expect(await clientOf(`${server.url}/fits`).client.post(request)).toMatchObject({ ok: true });
    expect(await clientOf(`${server.url}/`).client.post(request)).toEqual({ ok: false, reason: 'too-large' });
  });

  test('when an answer has no end', async () => {
    const url = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = `400\r\n${'x'.repeat(1_024)}\r\n`;
      socket.write(chunk + chunk);
    });
    expect(await clientOf(url).client.post(request)).toEqual({ ok: false, reason: 'too-large' });
  });

  test('when an answer is no text', async () => {
    const url = await rawServer((socket) =>
      socket.write(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xff', 'latin1')),
    );
    expect(await clientOf(url).client.post(request)).toEqual({ ok: false, reason: 'malformed' });
  });

  test('when nobody listens', async () => {
    const server = await HookBackend.start();
    await server[Symbol.asyncDispose]();
    expect(await clientOf(`${server.url}/`).client.post(request)).toEqual({ ok: false, reason: 'unreachable' });
  });

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['nothing', ''],
    ['half of an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{'],
  ])('when a server says %s and hangs up', async (_, text) => {
    const url = await rawServer((socket) => socket.end(text));
    expect(await clientOf(url).client.post(request)).toEqual({ ok: false, reason: 'unreachable' });
  });

  test('when it is closed', async () => {
    const server = await backend();
    server.on('/', () => 'hang');
    const { client } = clientOf(`${server.url}/`);
    const response = client.post(request);
    await server.waitFor('/');
    client.close();
    expect(await response).toEqual({ ok: false, reason: 'unreachable' });
  });
});

describe('a kept connection that the backend has closed meanwhile', () => {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
  /** Answers the first call and hangs up at the second, which comes on the same connection. */
  const closing = () =>
    rawServer((socket, numRequests) => (numRequests === 2 ? socket.resetAndDestroy() : socket.write(answer)));

  test('is replaced for a call that may be repeated', async () => {
    const { client } = clientOf(await closing());
    await client.post(request);
    expect(await client.post(request)).toEqual({ ok: true, status: 200, text: '{}' });
  });

  test('is a failure for one that may not', async () => {
    const { client } = clientOf(await closing());
    const once = { ...request, repeatable: false };
    await client.post(once);
    expect(await client.post(once)).toEqual({ ok: false, reason: 'unreachable' });
  });
});
