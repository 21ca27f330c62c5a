/** Java's `HttpClient` at its defaults, and `curl` told to, offer HTTP/2 with each request: every path answers them. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import express from 'express';
import { channel, fanfare } from 'fanfare';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { javaIsMissing, runJava } from '../support/programs/java.js';

const apiKey = 'api-key-0123456789abcdef-0123456789';
const app = fanfare({
  anonymous: true,
  transports: { oneWay: true },
  channels: { 'news:{name}': channel({ subscribe: 'anyone', history: { size: 10 }, recovery: 'cache' }) },
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
const toClose: (() => unknown)[] = [];
let own = '';
let internal = '';
/** Of the frameworks, by name. */
const hosts = new Map<string, string>();

const listening = async (server: Server) => {
  if (!server.listening) server.listen(0, '127.0.0.1');
  if (!server.listening) await once(server, 'listening');
  // safe: it listens on a port
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** Each answers `/hello`, and says what it was sent. */
const frameworks: Record<string, () => Promise<{ readonly server: Server; close?(): unknown }>> = {
  async 'node:http'() {
    const server = createServer(async (request, response) => {
      const chunks = await request.toArray();
      response.writeHead(request.url === '/hello' ? 200 : 404).end(`hello ${Buffer.concat(chunks)}`);
    });
    return { server };
  },
  async Express() {
    const mine = express().use(express.json());
    mine.all('/hello', (request, response) => {
      response.send(`hello ${request.body === undefined ? '' : JSON.stringify(request.body)}`);
    });
    return { server: createServer(mine) };
  },
  async Fastify() {
    const mine = fastify();
    mine.get('/hello', async () => 'hello ');
    mine.post('/hello', async (request) => `hello ${JSON.stringify(request.body)}`);
    await mine.listen({ port: 0, host: '127.0.0.1' });
    return { server: mine.server, close: () => mine.close() };
  },
  async Hono() {
    const mine = new Hono();
    mine.all('/hello', async (context) => context.text(`hello ${await context.req.text()}`));
    // safe: it was not asked for HTTP/2
    return { server: serve({ fetch: mine.fetch, port: 0, hostname: '127.0.0.1' }) as Server };
  },
};

beforeAll(async () => {
  own = (await app.listen(0, { api: { keys: apiKey }, metrics: true })).url;
  internal = (await app.listen(0, { api: { keys: apiKey }, metrics: true, clients: false })).url;
  for (const [name, make] of Object.entries(frameworks)) {
    const { server, close } = await make();
    app.attach(server);
    hosts.set(name, await listening(server));
    toClose.push(() => {
      server.closeAllConnections();
      return close?.() ?? new Promise((resolve) => server.close(resolve));
    });
  }
  await app.publish('news:a', { title: 'hello' });
});

afterAll(async () => {
  await app.close(500);
  for (const close of toClose) await close();
});

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: string;
  readonly status: number;
  /** Is in the first filled line of the answer. */
  readonly line: string;
}

const connectFrame = '{"id":1,"connect":{}}\n';
const publication = '{"title":"hello"}';

const ofClients = (url: string): Asked[] => [
  { method: 'GET', url: `${url}/sse?channels=news:a`, status: 200, line: '' },
  { method: 'GET', url: `${url}/stream?channels=news:a`, status: 200, line: publication },
  { method: 'POST', url: `${url}/connection/http_stream`, body: connectFrame, status: 200, line: '"connect":' },
  {
    method: 'POST',
    url: `${url}/connection/long_polling`,
    body: `{"data":${JSON.stringify(connectFrame)}}`,
    status: 200,
    line: '"connect":',
  },
  { method: 'POST', url: `${url}/emulation`, body: '{"session":"","node":"","data":"{}"}', status: 404, line: '' },
];

const ofOperators = (url: string): Asked[] => [
  { method: 'GET', url: `${url}/health/live`, status: 200, line: '' },
  { method: 'GET', url: `${url}/health/ready`, status: 200, line: '' },
  { method: 'GET', url: `${url}/metrics`, status: 200, line: '' },
  { method: 'POST', url: `${url}/api/publish`, body: '{"channel":"news:b","data":1}', status: 200, line: '"result"' },
  { method: 'POST', url: `${url}/api/batch`, body: '{"commands":[]}', status: 200, line: '"replies"' },
];

const all = (): Asked[] => [
  ...ofClients(own),
  ...ofOperators(own),
  ...ofOperators(internal),
  { method: 'GET', url: `${own}/connection/websocket`, status: 426, line: 'WebSocket' },
  ...[...hosts.values()].flatMap((url): Asked[] => [
    { method: 'GET', url: `${url}/hello`, status: 200, line: 'hello' },
    { method: 'POST', url: `${url}/hello`, body: '{"a":1}', status: 200, line: 'hello {"a":1}' },
    { method: 'GET', url: `${url}/nowhere`, status: 404, line: '' },
    ...ofClients(url),
  ]),
];

test.skipIf(javaIsMissing())("Java's HttpClient", { timeout: 90_000 }, async () => {
  const asked = all();
  const args = asked.flatMap(({ method, url, body = '' }) => [method, url, body]);
  const answers = await runJava('Requests', args, { API_KEY: apiKey });
  const told = answers.map((line, n) => `${asked[n]?.method} ${asked[n]?.url} ${line}`);
  expect(told).toEqual(
    asked.map(({ method, url, status, line }) => {
      const expected = `${method} ${url} ${status}\tHTTP_1_1\t`;
      return expect.toSatisfy((one: string) => one.startsWith(expected) && one.includes(line), `${expected}…${line}`);
    }),
  );
});

describe('curl', () => {
  const offer = ['-H', 'Connection: Upgrade', '-H', 'Upgrade: h2c'];

  /** Streams do not end: it is ended when what is expected has come. */
  async function curl({ method, url, body, line }: Asked): Promise<string> {
    const more = body === undefined ? [] : ['-H', 'Content-Type: application/json', '--data-binary', body];
    const args = ['-sSiN', '-X', method, ...offer, '-H', `X-API-Key: ${apiKey}`, ...more, '--max-time', '20', url];
    const child = spawn('curl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let answer = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      answer += chunk;
      if (answer.includes('\r\n\r\n') && answer.includes(line)) child.kill();
    }
    return answer;
  }

  test('every path', { timeout: 120_000 }, async () => {
    const asked = all();
    const answers: string[] = [];
    for (const one of asked) answers.push(await curl(one));
    expect(answers.map((answer, n) => `${asked[n]?.method} ${asked[n]?.url} ${answer}`)).toEqual(
      asked.map(({ method, url, status, line }) => {
        const expected = `${method} ${url} HTTP/1.1 ${status} `;
        return expect.toSatisfy((one: string) => one.startsWith(expected) && one.includes(line), `${expected}…${line}`);
      }),
    );
  });
});
