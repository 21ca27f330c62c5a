/** The three ways to sign in, over HTTP and the socket as in a browser, and what a page of another site can do. */

import { type Client, connect } from 'fanfare/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { startTokenExample } from './bearer-token.js';
import type { RunningExample } from './example-server.js';
import { startSessionExample } from './express-session.js';
import { startCookieExample } from './jwt-cookie.js';

let example: RunningExample;
let clients: { close(): void }[];
beforeEach(() => {
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await example.close();
});

const socketUrl = () => `${example.url.replace('http', 'ws')}/connection/websocket`;

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${example.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** Signs in and returns the cookie that a browser would keep. */
async function signIn(user = 'ann', password = 'correct horse'): Promise<string> {
  const response = await post('/sign-in', { user, password });
  expect(response.status).toBe(200);
  const cookie = response.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/HttpOnly/i);
  expect(cookie).toMatch(/SameSite=Lax/i);
  return cookie.split(';')[0] ?? '';
}

/** A socket with the headers that a browser sends from a page of `origin`. */
function socketFrom(origin: string | undefined, cookie: string | undefined) {
  return class extends WebSocket {
    constructor(url: string, protocols?: string | string[], options?: ClientOptions) {
      super(url, protocols, { ...options, headers: { ...(origin && { origin }), ...(cookie && { cookie }) } });
    }
  };
}

/** The HTTP status of the answer to the handshake. */
function statusOf(origin: string | undefined, cookie: string | undefined): Promise<number> {
  const socket = new (socketFrom(origin, cookie))(socketUrl());
  return new Promise((resolve) => {
    socket.on('upgrade', ({ statusCode = 0 }) => {
      resolve(statusCode);
      socket.terminate();
    });
    socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
    socket.on('error', () => undefined);
  });
}

/** The outcome of a connect: a connected client, or the code with which it was closed. */
function outcome(options: Parameters<typeof connect>[1]): Promise<{ client: Client; code: number | undefined }> {
  const client = connect(socketUrl(), { minReconnectDelayMs: 10, ...options });
  clients.push(client);
  return new Promise((resolve) => {
    client.on('connected', () => resolve({ client, code: undefined }));
    client.on('disconnected', ({ code }) => resolve({ client, code }));
  });
}

describe.each([
  ['Express session', startSessionExample],
  ['Auth.js cookie', startCookieExample],
] as const)('%s', (_, start) => {
  beforeEach(async () => {
    example = await start(0);
  });
  const withCookie = (cookie: string | undefined, origin: string | undefined = example.url) =>
    outcome({ websocket: socketFrom(origin, cookie) });

  test('whoever is signed in on the site is signed in on its socket', async () => {
    const { code } = await withCookie(await signIn());
    expect(code).toBeUndefined();
  });

  test('whoever is not is refused (3500)', async () => {
    expect((await post('/sign-in', { user: 'ann', password: 'wrong' })).status).toBe(401);
    expect((await withCookie(undefined)).code).toBe(3500);
  });

  test.each([
    ['turned', (cookie: string) => cookie.replace(/.(?=.{20}$)/, (char) => (char === 'A' ? 'B' : 'A'))],
    ['cut', (cookie: string) => cookie.slice(0, -5)],
    ['emptied', (cookie: string) => cookie.replace(/=.*/, '=')],
    ['made up', (cookie: string) => cookie.replace(/=.*/, '=s%3Aann')],
  ])('a cookie that was %s is refused (3500)', async (__, tamper) => {
    expect((await withCookie(tamper(await signIn()))).code).toBe(3500);
  });

  test('cross-site WebSocket hijacking: 403 for pages of strangers, whatever cookie the browser adds', async () => {
    const cookie = await signIn();
    const { host } = new URL(example.url);
    for (const origin of ['https://evil.example', 'null', `http://evil.${host}`, `http://${host}.evil.example`]) {
      expect(await statusOf(origin, cookie), origin).toBe(403);
    }
    expect(await statusOf(undefined, cookie)).toBe(403);
    expect(await statusOf(example.url, cookie)).toBe(101);
  });

  test('each has a channel of its own, and no other', async () => {
    const { client } = await withCookie(await signIn('bob', 'battery staple'));
    const own = client.channel('inbox:bob');
    await own.ready();
    await expect(client.channel('inbox:ann').ready()).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
  });
});

test('Express session: signing out ends what is open', async () => {
  example = await startSessionExample(0);
  const cookie = await signIn();
  const { client } = await outcome({ websocket: socketFrom(example.url, cookie) });
  const ended = new Promise<number>((resolve) => client.on('disconnected', ({ code }) => resolve(code)));
  expect((await post('/sign-out', {}, { cookie })).status).toBe(204);
  expect(await ended).toBe(3500);
});

describe('bearer token', () => {
  beforeEach(async () => {
    example = await startTokenExample(0);
  });
  const token = async (user: string, password: string) => {
    const response = await post('/token', { user, password });
    if (response.status === 401) return null;
    const body: unknown = await response.json();
    // safe: the example answers with this
    return (body as { readonly token: string }).token;
  };

  test('the client asks for its token and gets in', async () => {
    const { client, code } = await outcome({ websocket: WebSocket, token: () => token('ann', 'correct horse') });
    expect(code).toBeUndefined();
    await client.channel('inbox:ann').ready();
    await expect(client.channel('inbox:bob').ready()).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
  });

  test('without one, or with one of its own making, it is refused (3500)', async () => {
    expect((await outcome({ websocket: WebSocket })).code).toBe(3500);
    const genuine = (await token('ann', 'correct horse')) ?? '';
    const [header, , signature] = genuine.split('.');
    const forged = [header, Buffer.from('{"sub":"bob"}').toString('base64url'), signature].join('.');
    expect((await outcome({ websocket: WebSocket, token: forged })).code).toBe(3500);
  });

  test('a wrong password gets none, and the client stays away', async () => {
    const { code } = await outcome({ websocket: WebSocket, token: () => token('ann', 'wrong') });
    expect(code).toBeTypeOf('number');
  });
});
