/** `app.attach(server)` beside Express, Fastify and Hono: everyone keeps what is theirs. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { Centrifuge } from 'centrifuge';
import { EventSource } from 'eventsource';
import express from 'express';
import { channel, fanfare } from 'fanfare';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { openSocket, upgradeRequest } from '../support/clients/raw-http.js';
import { portOf } from '../support/servers/served.js';

/** Each makes a server that is still to listen. */
const frameworks: Record<string, () => Promise<Server>> = {
  async 'Express 5'() {
    const app = express();
    app.get('/hello', (_, response) => response.send('hello from the application'));
    return createServer(app);
  },
  async 'Fastify 5'() {
    const app = fastify();
    app.get('/hello', async () => 'hello from the application');
    onTestFinished(() => app.close());
    await app.ready();
    return app.server;
  },
  async Hono() {
    const app = new Hono();
    app.get('/hello', (context) => context.text('hello from the application'));
    // safe: it was not asked for HTTP/2
    return createAdaptorServer({ fetch: app.fetch }) as Server;
  },
};

async function attached(name: string) {
  const server = await frameworks[name]?.();
  if (server === undefined) throw new Error(`no framework ${name}`);
  const port = await portOf(server);
  const app = fanfare({
    anonymous: true,
    transports: { sse: true },
    channels: { 'chat:{room}': channel({ subscribe: 'anyone', publish: 'subscriber', history: { size: 10 } }) },
  });
  app.attach(server);
  onTestFinished(() => app.close(500));
  return { app, server, port, origin: `127.0.0.1:${port}` };
}

/** A second WebSocket server of the application's, on its own path, that answers with what it gets. */
function addEcho(server: Server, path: string): void {
  const echo = new WebSocketServer({ noServer: true });
  echo.on('connection', (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })));
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (message.url !== path) return;
    echo.handleUpgrade(message, socket, head, (ws) => echo.emit('connection', ws, message));
  });
  onTestFinished(() => {
    for (const ws of echo.clients) ws.terminate();
    echo.close();
  });
}

/** The status with which an upgrade is answered. */
async function upgradeStatus(port: number, path: string): Promise<number> {
  const socket = await openSocket(port);
  socket.write(upgradeRequest(port, {}, { path }));
  const [head] = await once(socket, 'data');
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(String(head))?.[1]);
}

describe.each(Object.keys(frameworks))('beside %s', (name) => {
  test('the application keeps its routes, and its answer to paths that it does not know', async () => {
    const { origin } = await attached(name);
    expect(await (await fetch(`http://${origin}/hello`)).text()).toBe('hello from the application');
    const unknown = await fetch(`http://${origin}/unknown`);
    expect(unknown.status).toBe(404);
    expect(await unknown.text()).not.toBe('not found\n');
    // A plain request to the endpoint is the application's as well: only upgrades are taken.
    expect((await fetch(`http://${origin}/connection/websocket`)).status).toBe(404);
  });

  test('a client of the official SDK connects, subscribes, publishes and receives', async () => {
    const { app, origin } = await attached(name);
    const client = new Centrifuge(`ws://${origin}/connection/websocket`, { websocket: WebSocket });
    onTestFinished(() => client.disconnect());
    const subscription = client.newSubscription('chat:lobby');
    const received: unknown[] = [];
    const second = new Promise<void>((resolve) => {
      subscription.on('publication', ({ data }) => {
        if (received.push(data) === 2) resolve();
      });
    });
    subscription.subscribe();
    client.connect();
    await subscription.ready();
    await subscription.publish({ from: 'client' });
    await app.publish('chat:lobby', { from: 'server' });
    await second;
    expect(received).toEqual([{ from: 'client' }, { from: 'server' }]);
    expect(app.numClients).toBe(1);
  });

  const streams = ['http_stream', 'sse'] as const;
  test.each(streams)('a client of the official SDK does the same over %s', async (transport) => {
    const { app, origin } = await attached(name);
    const client = new Centrifuge([{ transport, endpoint: `http://${origin}/connection/${transport}` }], {
      emulationEndpoint: `http://${origin}/emulation`,
      eventsource: EventSource,
    });
    onTestFinished(() => client.disconnect());
    const subscription = client.newSubscription('chat:lobby');
    const received = new Promise<unknown>((resolve) => {
      subscription.on('publication', ({ data }) => resolve(data));
    });
    subscription.subscribe();
    client.connect();
    await subscription.ready();
    await subscription.publish({ from: 'client' });
    expect(await received).toEqual({ from: 'client' });
    expect(app.numClients).toBe(1);
    expect(await (await fetch(`http://${origin}/hello`)).text()).toBe('hello from the application');
  });

  test("the application's own upgrades on another path stay its own, before and after", async () => {
    const { server, origin, port } = await attached(name);
    addEcho(server, '/echo');
    const ws = new WebSocket(`ws://${origin}/echo`);
    await once(ws, 'open');
    const answer = once(ws, 'message');
    ws.send('hello');
    expect(String((await answer)[0])).toBe('hello');
    ws.close();
    expect(await upgradeStatus(port, '/connection/websocket')).toBe(101);
    expect(await upgradeStatus(port, '/echo')).toBe(101);
  });

  test('an upgrade of a path that nobody is there for gets 404 when Fanfare is alone', async () => {
    const { port } = await attached(name);
    const ours = '/connection/websocket';
    for (const path of ['/unknown', '/', `${ours}/`, `/${ours}`, '/connection/%77ebsocket'])
      expect(await upgradeStatus(port, path)).toBe(404);
    expect(await upgradeStatus(port, '/connection/websocket?a=1')).toBe(101);
  });

  test('closing Fanfare leaves the application running', async () => {
    const { app, server, origin } = await attached(name);
    await app.close(500);
    expect(server.listenerCount('upgrade')).toBe(0);
    expect(Object.hasOwn(server, 'emit')).toBe(false);
    expect((await fetch(`http://${origin}/emulation`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`http://${origin}/hello`)).status).toBe(200);
  });
});

test('whoever listens on the server after Fanfare does not get its requests either', async () => {
  const server = createServer();
  const app = fanfare({ anonymous: true }).attach(server);
  onTestFinished(() => app.close(500));
  const seen: (string | undefined)[] = [];
  for (const event of ['request', 'checkContinue']) {
    server.on(event, (message: IncomingMessage, response: ServerResponse) => {
      seen.push(message.url);
      response.end('the application');
    });
  }
  const port = await portOf(server);
  const headers = { 'Content-Type': 'application/json' };
  const body = '{"session":"","node":"","data":"{}"}';
  const status = async (path: string, more: Record<string, string> = {}) => {
    const asked = request({ host: '127.0.0.1', port, method: 'POST', path, headers: { ...headers, ...more } });
    if (more.Expect === undefined) asked.end(body);
    else asked.on('continue', () => asked.end(body)).flushHeaders();
    const [response] = await once(asked, 'response');
    response.resume();
    return [response.statusCode, response.headers['cache-control']];
  };
  const own = [404, 'no-store, no-transform'];
  expect(await status('/emulation')).toEqual(own);
  expect(await status('/emulation', { Expect: '100-continue' })).toEqual(own);
  expect(await status('/emulation?a=1')).toEqual(own);
  expect(await status('/hello')).toEqual([200, undefined]);
  expect(seen).toEqual(['/hello']);
});

test('two applications on one server release it in any order', async () => {
  const { app, server, origin } = await attached('Express 5');
  const other = fanfare({
    path: '/other',
    transports: { httpStream: '/other/stream', sse: false, emulation: '/other/emulation' },
  });
  other.attach(server);
  const status = async (path: string) => (await fetch(`http://${origin}${path}`, { method: 'POST' })).status;
  expect([await status('/emulation'), await status('/other/emulation')]).toEqual([415, 415]);
  await app.close(500);
  expect([await status('/emulation'), await status('/other/emulation')]).toEqual([404, 415]);
  await other.close(500);
  expect([await status('/emulation'), await status('/other/emulation')]).toEqual([404, 404]);
});

test('B107: two transports at one path are refused', () => {
  expect(() => fanfare({ transports: { sse: '/emulation' } })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});

test('attaching twice takes each upgrade once', async () => {
  const { app, server, port } = await attached('Express 5');
  app.attach(server);
  expect(server.listenerCount('upgrade')).toBe(1);
  expect(await upgradeStatus(port, '/connection/websocket')).toBe(101);
});

test('two applications on one server each have their own path', async () => {
  const { server, origin, port } = await attached('Express 5');
  const other = fanfare({ anonymous: true, path: '/other', channels: { news: channel({ subscribe: 'anyone' }) } });
  other.attach(server);
  onTestFinished(() => other.close(500));
  const client = new Centrifuge(`ws://${origin}/other`, { websocket: WebSocket });
  onTestFinished(() => client.disconnect());
  client.connect();
  await client.ready();
  expect(other.numClients).toBe(1);
  expect(await upgradeStatus(port, '/connection/websocket')).toBe(101);
});
