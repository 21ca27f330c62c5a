/**
 * Nothing of what is secret, and nothing of what users say, is in the log of a whole scenario at its most talkative: each
 * secret and each payload of it is planted, and looked for.
 */

import { Centrifuge } from 'centrifuge';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';
import { postTo } from '../support/servers/api-server.js';
import { HookBackend } from '../support/servers/hook-backend.js';
import { signed } from '../support/servers/signed.js';

/** Each is found again, whatever is before and after it. */
function planted(what: string): string {
  return `PLANTED-${what}-0123456789abcdef0123456789`;
}

const tokenSecret = planted('token-secret');
const apiKey = planted('api-key');
const message = { text: planted('message') };
const headers = { 'X-API-Key': apiKey };

const config = (backendUrl: string) => ({
  port: 0,
  token: { secret: tokenSecret },
  api: { keys: apiKey },
  hooks: {
    url: backendUrl,
    secret: planted('hook-secret'),
    staticHeaders: { 'X-Static': planted('static-header') },
    headers: ['cookie', 'authorization'],
    connect: '/connect',
    publish: '/publish',
    rpc: '/rpc',
  },
  channels: {
    'chat:{room}': { subscribe: 'anyone', publish: 'user', history: { size: 10, ttl: '1m' }, presence: true },
    'asked:{room}': { subscribe: 'anyone', publish: 'hook' },
    'small:{room}': { subscribe: 'anyone', publish: 'user', maxMessageBytes: 8 },
    'closed:{room}': {},
  },
  log: { level: 'debug' },
});

/** A client that stays where it is told to; what it is refused is expected. */
async function client(url: string, options: { readonly token?: string; readonly data?: unknown }): Promise<Centrifuge> {
  class Socket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      const cookie = `session=${planted('cookie')}`;
      super(address, protocols, {
        headers: { origin: url, cookie, authorization: `Bearer ${planted('authorization')}` },
      });
    }
  }
  const made = new Centrifuge(endpoint(url), { websocket: Socket, ...options });
  const settled = new Promise((resolve) => {
    made.on('connected', resolve);
    made.on('disconnected', resolve);
    made.on('error', resolve);
  });
  made.connect();
  await settled;
  return made;
}

test('no secret and no payload is in the log', { timeout: 120_000 }, async () => {
  await using backend = await HookBackend.start();
  backend
    .on('/connect', ({ body }) =>
      JSON.stringify(body).includes('unwelcome')
        ? { error: { code: 1_000, message: planted('hook-error') } }
        : { result: { user: '7', info: { name: planted('info') }, meta: { note: planted('meta') } } },
    )
    .on('/publish', () => ({ result: { data: { text: planted('replaced') }, unknown: planted('hook-field') } }))
    .on('/rpc', () => ({ status: 200, text: `{"result":${planted('not-json')}}` }));
  using folder = new Folder({ 'fanfare.json': JSON.stringify(config(backend.url)) });
  await using server = new FanfareProcess(['serve'], { folder });
  const url = await server.listening();
  const clients: Centrifuge[] = [];
  const connected = async (options: Parameters<typeof client>[1]) => {
    const made = await client(url, options);
    clients.push(made);
    return made;
  };
  const token = await signed(tokenSecret, { sub: '42', info: { name: planted('claim') }, jti: 'one' });
  const tokens = [token, await signed(planted('wrong-secret'), { sub: '1' }), `${planted('no-token')}.a.b`];
  const expired = await signed(tokenSecret, { sub: '1', exp: 1 });
  try {
    const ann = await connected({ token });
    for (const bad of [...tokens.slice(1), expired]) await connected({ token: bad });
    const bob = await connected({ data: { say: planted('connect-data') } });
    await connected({ data: { say: planted('unwelcome') } });
    const chat = ann.newSubscription('chat:lobby', { data: { say: planted('subscribe-data') } });
    chat.subscribe();
    await chat.ready(20_000);
    await chat.publish(message);
    await expect(ann.publish('small:a', message)).rejects.toMatchObject({ code: 107 });
    await expect(ann.publish('nowhere:a', message)).rejects.toMatchObject({ code: 102 });
    await expect(ann.publish('closed:a', message)).rejects.toMatchObject({ code: 103 });
    await bob.publish('asked:a', message);
    await expect(bob.rpc('anything', message)).rejects.toMatchObject({ code: 100 });
    const refused = ann.newSubscription('closed:a', { token: `${planted('subscription-token')}.a.b` });
    const unsubscribed = new Promise((resolve) => refused.on('unsubscribed', resolve));
    refused.subscribe();
    await unsubscribed;
    const api = `${url}/api`;
    await postTo(`${api}/publish`, { channel: 'chat:lobby', data: message }, headers);
    await postTo(`${api}/publish`, { channel: 'nowhere:a', data: message, [planted('field')]: message }, headers);
    await postTo(`${api}/publish`, `{"channel":"chat:lobby","data":${planted('broken')}`, headers);
    await postTo(`${api}/publish`, { channel: 'chat:lobby', data: message, tags: planted('tags') }, headers);
    await postTo(`${api}/batch`, { commands: [{ publish: { channel: 'nowhere:a', data: message } }] }, headers);
    await postTo(`${api}/publish?api_key=${apiKey}`, {}, {});
    await postTo(`${api}/publish`, {}, { 'X-API-Key': planted('wrong-key') });
    await postTo(`${url}/${'nowhere'}?token=${planted('query')}`, {}, { Cookie: planted('other-cookie') });
    const raw = new WebSocket(endpoint(url));
    await new Promise((resolve) => raw.once('open', resolve));
    const closed = new Promise((resolve) => raw.once('close', resolve));
    raw.send(`{"id":1,"connect":{"token":"${planted('raw-token')}"`);
    await closed;
  } finally {
    for (const one of clients) one.disconnect();
  }
  server.signal('SIGTERM');
  const { code, stdout, stderr } = await server.exited;
  expect(code).toBe(0);
  const lines = stderr.trim().split('\n');
  // It had a lot to say.
  const checks = new Set(lines.map((line): unknown => JSON.parse(line).check));
  const expected = ['token signature', 'token form', 'token expiry', 'message', 'channel', 'permission', 'hook answer'];
  for (const check of [...expected, 'procedure answer', 'api', 'path']) expect(checks).toContain(check);
  expect(lines.filter((line) => line.includes('PLANTED'))).toEqual([]);
  expect(stdout).not.toContain('PLANTED');
});
