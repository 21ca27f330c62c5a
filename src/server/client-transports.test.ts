/** The transports over plain requests that no server of Node's has read: what a function is given as events, for instance. */

import type { OutgoingHttpHeaders } from 'node:http';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { EngineNode } from '../../test/support/engine/node.js';
import { channel } from '../engine/channels/channel-options.js';
import { encodeMessage } from '../engine/channels/publishing.js';
import type { HttpExchange } from '../http/exchange.js';
import type { RequestHead } from '../http/request-head.js';
import { ClientGate } from '../transports/client-gate.js';
import { OriginPolicy } from '../transports/origin-policy.js';
import { TrustedProxies } from '../transports/trusted-proxies.js';
import { clientTransports } from './client-transports.js';

class EventExchange implements HttpExchange {
  readonly head: RequestHead;
  readonly isQueued = false;
  readonly stream = new PassThrough();
  status: number | undefined;
  headers: OutgoingHttpHeaders = {};

  constructor(
    method: string,
    url: string,
    headers: RequestHead['headers'],
    private readonly body: string,
  ) {
    const rawHeaders = Object.entries(headers).flatMap(([name, value]) => [name, String(value)]);
    const http = { httpVersion: '1.1', httpVersionMajor: 1, socket: { remoteAddress: '192.0.2.1' } };
    this.head = { method, url, headers, rawHeaders, ...http };
  }

  get isOver(): boolean {
    return this.stream.destroyed;
  }

  get isAnswered(): boolean {
    return this.status !== undefined || this.isOver;
  }

  async readBody(maxBytes: number): Promise<Uint8Array | undefined> {
    const bytes = Buffer.from(this.body);
    return bytes.length > maxBytes ? undefined : bytes;
  }

  onLeave(listener: () => void): void {
    this.stream.once('close', () => !this.stream.writableEnded && listener());
  }

  answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    this.begin(headers, status);
    this.stream.end(body);
  }

  begin(headers: OutgoingHttpHeaders, status = 200): void {
    this.status = status;
    this.headers = headers;
  }

  cut(): void {
    this.stream.destroy();
  }
}

async function start() {
  const channels = { 'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone' }) };
  const { node, clock } = await EngineNode.start({ channels, limits: { maxFrameBytes: 1_024 } });
  const { ports } = node;
  const gate = new ClientGate(ports, { origins: new OriginPolicy({ origins: [] }), proxies: new TrustedProxies([]) });
  const transports = clientTransports(ports, gate, {
    path: '/connection/websocket',
    transports: { oneWay: true },
    channels: {},
  });
  const endpoints = transports.flatMap((transport) => transport.endpoints);
  /** Gives it to the endpoint of its path, and lets come of it what comes at once. */
  const ask = async (path: string, body = '', { method = 'POST', headers = {} } = {}) => {
    const exchange = new EventExchange(method, path, { 'content-type': 'application/json', ...headers }, body);
    endpoints.find((endpoint) => endpoint.path === path.split('?')[0])?.handle?.(exchange);
    await clock.settle();
    await clock.advance(1);
    return exchange;
  };
  const publish = async () => {
    await node.operations.publish('chat:a', encodeMessage('one'), {});
    await clock.advance(1_000);
  };
  return { ask, clock, publish, sessions: ports.sessions };
}

/** All that waits: newer Node reads a chunk at a time. */
function read({ stream }: EventExchange): string {
  let all = '';
  for (let chunk: Buffer | null = stream.read(); chunk !== null; chunk = stream.read()) all += chunk.toString();
  return all;
}

const frame = (...commands: object[]) => commands.map((command) => JSON.stringify(command)).join('\n');
const connect = frame({ id: 1, connect: { token: '{}' } }, { id: 2, subscribe: { channel: 'chat:a' } });

describe('requests that come as events', () => {
  test('stream, with later commands over the emulation endpoint', async () => {
    const { ask, publish } = await start();
    const stream = await ask('/connection/http_stream', connect);
    expect(stream).toMatchObject({ status: 200, headers: { 'Cache-Control': expect.stringContaining('no-store') } });
    const opened = read(stream);
    const { connect: result } = JSON.parse(opened.split('\n').find((line) => line.includes('"session"')) ?? '{}');
    await publish();
    const { session, node } = result;
    const data = frame({ id: 3, publish: { channel: 'chat:a', data: 'two' } });
    expect((await ask('/emulation', JSON.stringify({ session, node, data }))).status).toBe(204);
    expect(read(stream)).toMatch(/"one".*\n(.*\n)*.*"two"/);
  });

  test('poll', async () => {
    const { ask, publish } = await start();
    const opened = await ask('/connection/long_polling', JSON.stringify({ data: connect }));
    expect(opened.status).toBe(200);
    const { session, node, seq } = JSON.parse((await text(opened.stream)).trim().split('\n').at(-1) ?? '{}');
    const waiting = await ask('/connection/long_polling', JSON.stringify({ session, node, ack: seq }));
    expect(waiting.status).toBeUndefined();
    await publish();
    expect(await text(waiting.stream)).toContain('"one"');
  });

  test('listen', async () => {
    const { ask, publish } = await start();
    const stream = await ask('/sse?channel=chat:a', '', { method: 'GET' });
    await publish();
    expect(stream.status).toBe(200);
    expect(read(stream)).toContain('"data":"one"');
  });

  test.each([
    ['/connection/http_stream', connect, { headers: { origin: 'https://evil.example' } }, 403],
    ['/connection/http_stream', connect, { method: 'PUT' }, 405],
    ['/connection/http_stream', 'x'.repeat(2_000), {}, 413],
    ['/connection/long_polling', '{}', {}, 400],
    ['/connection/long_polling', '{}', { headers: { 'content-type': 'text/plain' } }, 415],
  ])('%s %j %j is refused with %i', async (path, body, options, status) => {
    const { ask } = await start();
    expect((await ask(path, body, options)).status).toBe(status);
  });

  test('end their session where the client leaves', async () => {
    const { ask, clock, sessions } = await start();
    const stream = await ask('/connection/http_stream', connect);
    expect(sessions.numClients).toBe(1);
    stream.cut();
    await clock.settle();
    expect(sessions.numClients).toBe(0);
  });
});
