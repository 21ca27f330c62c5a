/** Plain HTTP requests against the table of endpoints, over real sockets. */

import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { closed, listening } from '../../test/support/servers/local-server.js';
import { silentLogger } from '../engine/ports/logger.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import { Router } from './router.js';

const errors: string[] = [];
const log = { ...silentLogger, error: (_: object, message: string) => errors.push(message) };

const endpoints: HttpEndpoint[] = [
  { method: 'GET', path: '/hello', respond: () => ({ status: 200, body: 'hellö', headers: { 'X-Own': '1' } }) },
  { method: 'GET', path: '/later', respond: async () => ({ status: 201, body: '' }) },
  {
    method: 'GET',
    path: '/throws',
    respond: () => {
      throw new Error('secret detail');
    },
  },
  { method: 'GET', path: '/rejects', respond: () => Promise.reject(new Error('secret detail')) },
  { method: 'GET', path: '/broken', respond: () => ({ status: 200, body: '', headers: { 'X-Bad': 'a\nb' } }) },
];

const router = new Router(endpoints, ['/connection/websocket'], {
  log,
  refusals: { tell: () => true },
  peerOf: () => '192.0.2.1',
});
const server = createServer(router.handle);
const port = await listening(server);

beforeEach(() => (errors.length = 0));

afterAll(() => closed(server));

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The path goes out as it is: `fetch` would tidy it. */
function send(method: string, path: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('an endpoint', () => {
  test('answers GET with its body, its length in bytes and its headers', async () => {
    const { status, headers, body } = await send('GET', '/hello');
    expect([status, body, headers['content-length'], headers['x-own']]).toEqual([200, 'hellö', '6', '1']);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('answers HEAD with the same headers and nothing behind them', async () => {
    const { status, headers, body } = await send('HEAD', '/hello');
    expect([status, body, headers['content-length']]).toEqual([200, '', '6']);
  });

  test('is found with a query, and may take its time', async () => {
    expect((await send('GET', '/hello?a=/throws')).status).toBe(200);
    expect((await send('GET', '/later')).status).toBe(201);
  });

  const otherMethods = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
  test.each(otherMethods)('B93: refuses %s with 405, and says what it takes', async (method) => {
    const { status, headers } = await send(method, '/hello', method === 'POST' ? 'body' : undefined);
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test.each(['/throws', '/rejects'])('%s: its failure is logged, and the answer tells nothing of it', async (path) => {
    const { status, body } = await send('GET', path);
    expect([status, body]).toEqual([500, 'internal server error\n']);
    expect(errors).toEqual(['HTTP endpoint failed']);
  });

  // It was an unhandled rejection, which ends the process.
  test('headers that HTTP cannot carry cost this connection and nothing else', async () => {
    await expect(send('GET', '/broken')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(errors).toEqual(['HTTP reply failed']);
    expect((await send('GET', '/hello')).status).toBe(200);
  });
});

describe('any other path', () => {
  test.each([
    ...['/', '/hello/', '//hello', '/./hello', '/../hello', '/a/../hello', '/%68ello', '/hello%00'],
    ...['/%2e%2e/hello', '/HELLO', '/hello;a', '/__proto__', '/constructor', '//other.example/hello', '*'],
    ...['http://other.example//hello', 'ftp://other.example/hello'],
  ])('B98: %s is not found', async (path) => expect((await send('GET', path)).status).toBe(404));

  test('a POST to it is not found either, and its body is not waited for', async () => {
    const { status, headers } = await send('POST', '/nothing', 'x'.repeat(1_000_000));
    expect([status, headers.connection]).toEqual([404, 'close']);
  });
});

describe('the WebSocket endpoint', () => {
  test('asked without an upgrade tells what it speaks', async () => {
    const { status, headers } = await send('GET', '/connection/websocket');
    expect([status, headers.upgrade]).toEqual([426, 'websocket']);
  });

  test('B8: refuses POST with 405', async () => {
    expect((await send('POST', '/connection/websocket', '{}')).status).toBe(405);
  });
});
