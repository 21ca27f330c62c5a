/** A plain WebSocket, without any protocol above: its messages are what is published. */

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { startOneWay } from './app.js';

function open(url: string, headers: Readonly<Record<string, string>> = {}) {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  const messages = new Gathered<string>();
  const pings = new Gathered<true>();
  socket.on('message', (data, isBinary) => messages.add(isBinary ? 'binary' : String(data)));
  socket.on('ping', () => pings.add(true));
  const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  closed.catch(() => undefined);
  // A refused upgrade; 'close' follows.
  const refused = new Promise<number | undefined>((resolve) => {
    socket.on('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode);
      socket.terminate();
    });
  });
  socket.on('error', () => undefined);
  return { socket, messages, pings, closed, refused, [Symbol.dispose]: () => socket.terminate() };
}

describe('a plain WebSocket', () => {
  test('gets the data and nothing else, each publication as one message, in order', async () => {
    await using server = await startOneWay();
    const { app, url } = server;
    using reader = open(`${url}/ws?channels=news:a,plain:b`);
    await once(reader.socket, 'open');
    await expect.poll(async () => (await app.channels()).length).toBe(2);
    await Promise.all([1, 'zwei\n', { drei: '🎺' }, null].map((data) => app.publish('news:a', data)));
    expect(await reader.messages.atLeast(4)).toEqual(['1', '"zwei\\n"', '{"drei":"🎺"}', 'null']);
    await app.publish('plain:b', 'x'.repeat(60_000));
    expect((await reader.messages.atLeast(5))[4]).toHaveLength(60_002);
  });

  test('B37: its answers to pings keep it, and their absence ends it', async () => {
    await using server = await startOneWay({ pingIntervalMs: 2_000, pongTimeoutMs: 1_900 });
    const { app, url, proxy } = server;
    using reader = open(`${url}/ws?channels=news:a`);
    await reader.pings.atLeast(3);
    expect(app.numClients).toBe(1);
    proxy.setFaults({ blackHole: true });
    await expect.poll(() => app.numClients).toBe(0);
  });

  test('may send a pong that nobody has asked for (RFC 6455 section 5.5.3)', async () => {
    await using server = await startOneWay();
    using reader = open(`${server.url}/ws?channels=news:a`);
    await once(reader.socket, 'open');
    await expect.poll(() => server.app.numClients).toBe(1);
    reader.socket.pong();
    const answered = once(reader.socket, 'pong');
    reader.socket.ping();
    await answered;
    await server.app.publish('news:a', 1);
    expect(await reader.messages.atLeast(1)).toEqual(['1']);
  });

  test('B71: is refused before the upgrade, or closed with the code that fits', async () => {
    await using server = await startOneWay();
    const { app, direct } = server;
    for (const [query, headers, status] of [
      ['?channels=', {}, 400],
      ['?channels=members:a&token=user-1', {}, 400],
      ['?channels=news:a', { Origin: 'https://evil.example' }, 403],
    ] as const) {
      using reader = open(`${direct}/ws${query}`, headers);
      expect(await reader.refused, query).toBe(status);
    }
    for (const [query, headers, code] of [
      // Who it is might have granted some.
      ['', {}, 3501],
      ['?channels=nowhere', {}, 3507],
      ['?channels=members:a', {}, 3507],
      ['?channels=members:a', { Authorization: 'Bearer nobody' }, 3500],
      ['?channels=members:a&ticket=guess', {}, 3500],
    ] as const) {
      using reader = open(`${direct}/ws${query}`, headers);
      expect((await reader.closed).code, query).toBe(code);
    }
    using member = open(`${direct}/ws?channels=members:a&ticket=${app.ticket('ann')}`);
    await expect.poll(() => app.numClients).toBe(1);
    await app.publish('members:a', 1);
    expect(await member.messages.atLeast(1)).toEqual(['1']);
  });

  test('has nothing to say: a message ends it with 3501, and publishes nothing', async () => {
    await using server = await startOneWay();
    using reader = open(`${server.direct}/ws?channels=news:a`);
    await once(reader.socket, 'open');
    reader.socket.send('{"id":9,"publish":{"channel":"news:a","data":1}}');
    expect((await reader.closed).code).toBe(3501);
    expect((await server.app.history('news:a')).publications).toEqual([]);
  });

  test('F9: is closed with 3008 when it does not read', async () => {
    await using server = await startOneWay({ maxQueueBytes: 131_072 });
    const { app, direct } = server;
    using reader = open(`${direct}/ws?channels=plain:a`);
    await once(reader.socket, 'open');
    await expect.poll(async () => (await app.channels()).length).toBe(1);
    reader.socket.pause();
    for (let sent = 0; app.numClients > 0; sent++) {
      expect(sent).toBeLessThan(4_000);
      await app.publish('plain:a', 'x'.repeat(32_000));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    reader.socket.resume();
    expect((await reader.closed).code).toBe(3008);
  });

  test('is told by the code why it ends', async () => {
    await using server = await startOneWay();
    const { app, direct } = server;
    using reader = open(`${direct}/ws?channels=members:a`, { Authorization: 'Bearer user-1' });
    await expect.poll(async () => (await app.channels()).length).toBe(1);
    app.unsubscribe('user-1', 'members:a');
    expect((await reader.closed).code).toBe(3503);
  });
});
