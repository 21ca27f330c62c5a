/** Who may do what with a stream, and what the others are told: by rules, tokens, capabilities and keys. */

import { bytes, channel, fanfare, jwt } from 'fanfare';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { quickClient, until } from '../client/chat-server.js';
import { served } from '../support/servers/served.js';
import { signed } from '../support/servers/signed.js';

const secret = 'the secret of the tests, 32 bytes or more';
const key = 'the-key-of-the-backend-32-bytes-or-more';
const json = { 'Content-Type': 'application/json' };
const patience = { timeout: 20_000, interval: 20 };

async function start(writersMayDelete = false) {
  const history = { size: 100, ttl: '5m' } as const;
  const refusals: object[] = [];
  const { app, url } = await served(
    fanfare({
      anonymous: true,
      auth: jwt({ secret }),
      origins: ['https://example.com'],
      channels: {
        'open:{id}': channel({ subscribe: 'anyone', publish: 'anyone', history }),
        'users:{id}': channel({ subscribe: 'user', publish: 'user', history, message: z.object({ n: z.number() }) }),
        'token:{id}': channel({ subscribe: 'token', history }),
        'asked:{id}': channel({
          subscribe: ({ params }) => params.id === 'yes',
          publish: ({ data, params }) => params.id === 'yes' && data !== 'no',
          history,
        }),
        'last:{id}': channel({ subscribe: 'anyone', recovery: 'cache', history: { ...history, read: 'nobody' } }),
        'bytes:{id}': channel({ subscribe: 'anyone', publish: 'anyone', history, message: bytes({ base64: true }) }),
        'plain:{id}': channel({ subscribe: 'anyone', publish: 'anyone' }),
      },
      durableStreams: { path: '/streams', keys: [key], writersMayDelete, maxBodyBytes: 2_000 },
      log: {
        debug() {},
        info: (line) => void refusals.push(line),
        warn: (line) => void refusals.push(line),
        error() {},
      },
    }),
  );
  const call = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
    const response = await fetch(`${url}/streams/${path}`, { method, headers, ...(body !== undefined && { body }) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { app, url, call, refusals };
}

const bearer = async (claims: object) => ({ Authorization: `Bearer ${await signed(secret, { ...claims })}` });
const codeIn = (text: string): number => JSON.parse(text).error.code;

describe('reading', () => {
  test('takes the permission to subscribe', async () => {
    const { app, call } = await start();
    for (const name of ['open:a', 'users:a', 'token:a', 'asked:yes', 'asked:no', 'last:a']) {
      await app.publish(name as 'open:a', { n: 1 });
    }
    const ann = await bearer({ sub: 'ann' });
    const capable = await bearer({ sub: 'ann', caps: [{ channels: ['token:a', 'last:a'], allow: ['sub', 'hst'] }] });
    const status = async (name: string, headers = {}) => (await call('GET', name, headers)).status;
    expect([await status('open:a'), await status('users:a'), await status('users:a', ann)]).toEqual([200, 403, 200]);
    expect([await status('token:a', ann), await status('token:a', capable)]).toEqual([403, 200]);
    expect([await status('asked:yes'), await status('asked:no')]).toEqual([200, 403]);
    // The last value is less than the history.
    expect([await status('last:a', ann), await status('last:a', capable)]).toEqual([403, 200]);
    expect(await status('users:a', { 'X-API-Key': key })).toBe(200);
    expect(await status('users:a', { Authorization: `apikey ${key}` })).toBe(200);
  });

  test.each([
    ['an unknown channel', 'nothing:a', 404, 102],
    ['a channel without a history', 'plain:a', 404, 108],
    ['the state of a stream', '@fanfare:stream:open:a', 403, 103],
    ['a name that is none', '%00', 400, 107],
    ['a path that is not encoded well', '%zz', 400, 107],
    ['no name', '', 400, 107],
    ['subscriptions of the protocol', '__ds/subscriptions/a', 404, 108],
    ['a token in the address', 'open:a?token=x', 400, 107],
    ['a stream that is not there', 'open:never', 404, 102],
    ['a wrong kind of live read', 'open:a?offset=-1&live=maybe', 400, 107],
  ])('%s is refused with a code', async (_, path, status, code) => {
    const { app, call } = await start();
    await app.publish('open:a', 1);
    const answer = await call('GET', path);
    expect([answer.status, codeIn(answer.text)]).toEqual([status, code]);
  });

  test('a wrong key and a wrong token are refused, and the log says why', async () => {
    const { app, call, refusals } = await start();
    await app.publish('open:a', 1);
    expect((await call('GET', 'open:a', { 'X-API-Key': 'wrong' })).status).toBe(401);
    expect((await call('GET', 'open:a', { Authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await call('GET', 'open:a', { Authorization: 'Basic x' })).status).toBe(401);
    expect(refusals.length).toBeGreaterThan(0);
  });

  test('is for pages of allowed origins, which see the headers of the protocol', async () => {
    const { app, call } = await start();
    await app.publish('open:a', 1);
    const allowed = await call('GET', 'open:a', { Origin: 'https://example.com' });
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'https://example.com']);
    expect(allowed.headers.get('access-control-expose-headers')).toContain('Stream-Next-Offset');
    expect((await call('GET', 'open:a', { Origin: 'https://example.org' })).status).toBe(403);
    const asked = { Origin: 'https://example.com', 'Access-Control-Request-Method': 'PUT' };
    const preflight = await call('OPTIONS', 'open:a', asked);
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, HEAD, POST, PUT, DELETE',
    ]);
  });

  test('is cached for all only where all may read and nobody says who asks', async () => {
    const { app, call } = await start();
    await app.publish('open:a', 1);
    await app.publish('users:a', { n: 1 });
    const cacheOf = async (path: string, headers = {}) =>
      (await call('GET', path, headers)).headers.get('cache-control');
    const ann = await bearer({ sub: 'ann' });
    // There may be more at any time.
    expect(await cacheOf('open:a')).toBe('public, no-cache');
    expect(await cacheOf('open:a', ann)).toBe('private, no-cache');
    expect(await cacheOf('users:a', ann)).toBe('private, no-cache');
    const offset = (await call('HEAD', 'open:a')).headers.get('stream-next-offset');
    const live = 'live=long-poll';
    const waiting = Promise.all(['now', offset].map((from) => cacheOf(`open:a?offset=${from}&${live}`)));
    const answered = vi.fn();
    void waiting.then(answered);
    await vi.waitUntil(async () => {
      // What waits for the end has to be there first.
      await app.publish('open:a', 2);
      return answered.mock.calls.length > 0;
    }, patience);
    expect(await waiting).toEqual(['no-store', 'public, max-age=60, stale-while-revalidate=300']);
    expect(await cacheOf(`open:a?offset=-1&${live}`)).toBe('public, max-age=5');
    await call('POST', 'open:a', { 'X-API-Key': key, 'Stream-Closed': 'true' });
    expect(await cacheOf('open:a')).toBe('public, max-age=5');
    expect(await cacheOf(`open:a?offset=${offset}`)).toBe('public, max-age=60, stale-while-revalidate=300');
    expect(await cacheOf(`open:a?offset=${offset}`, ann)).toBe('private, max-age=60, stale-while-revalidate=300');
    expect(await cacheOf('open:a?offset=now')).toBe('no-store');
  });

  test('G9: a request that waits ends when its token is revoked', async () => {
    const { app, url } = await start();
    await app.publish('users:a', { n: 1 });
    const headers = await bearer({ sub: 'ann', jti: 'one' });
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const live = async (kind: string) =>
      fetch(`${url}/streams/users:a?offset=now&live=${kind}`, { headers, signal: controller.signal });
    const poll = live('long-poll');
    const events = await live('sse');
    const reader = events.body?.getReader();
    await reader?.read();
    await app.revokeToken('one');
    for (let isDone = false; !isDone; ) isDone = (await reader?.read())?.done !== false;
    expect((await poll).status).toBe(401);
  });
});

describe('writing', () => {
  test('takes the permission to publish, and what is written has passed the rule', async () => {
    const { app, url, call } = await start();
    const ann = await bearer({ sub: 'ann' });
    const post = (name: string, body: unknown, headers = {}) =>
      call('POST', name, { ...json, ...headers }, JSON.stringify(body));
    expect((await call('PUT', 'users:a', json)).status).toBe(403);
    expect((await call('PUT', 'users:a', { ...json, ...ann })).status).toBe(201);
    const users = quickClient(url, { token: await signed(secret, { sub: 'bob' }) }).channel('users:a');
    const seen: unknown[] = [];
    users.on('message', ({ data, info }) => seen.push([data, info?.user]));
    await users.ready();
    expect((await post('users:a', { n: 1 }, ann)).status).toBe(204);
    expect((await post('users:a', { n: 2 }, { 'X-API-Key': key })).status).toBe(204);
    const refused = await post('users:a', [{ n: 3 }, { n: 'four' }], ann);
    expect([refused.status, codeIn(refused.text)]).toEqual([400, 107]);
    await until(() => seen.length >= 2);
    expect(seen).toEqual([
      [{ n: 1 }, 'ann'],
      [{ n: 2 }, undefined],
    ]);
    await app.publish('asked:yes', 'begin');
    await app.publish('asked:no', 'begin');
    await app.publish('token:a', 'begin');
    expect((await post('asked:yes', 'yes')).status).toBe(204);
    expect((await post('asked:yes', ['yes', 'no'])).status).toBe(403);
    expect((await post('asked:no', 'yes')).status).toBe(403);
    expect((await call('GET', 'asked:yes')).text).toBe('["begin","yes"]');
    expect((await post('token:a', 1, ann)).status).toBe(403);
  });

  test('who may not write is not told whether there is a stream', async () => {
    const { app, call } = await start();
    await call('PUT', 'asked:no', { ...json, 'X-API-Key': key }, '1');
    await app.publish('users:a', { n: 1 });
    const both = async (method: string, headers: Record<string, string>, body?: string) => {
      const names = ['asked:no', 'asked:none', 'users:a', 'users:b'];
      const answers = await Promise.all(names.map((name) => call(method, name, headers, body)));
      return answers.map(({ status, headers: told, text }) => [status, told.get('stream-next-offset'), codeIn(text)]);
    };
    const denied = Array.from({ length: 4 }, () => [403, null, 103]);
    const text = { 'Content-Type': 'text/plain' };
    const producer = { 'Producer-Id': 'a', 'Producer-Epoch': '0', 'Producer-Seq': '7' };
    expect(await both('POST', json, '1')).toEqual(denied);
    expect(await both('POST', json, '{')).toEqual(denied);
    expect(await both('POST', text, 'one')).toEqual(denied);
    expect(await both('POST', { ...json, ...producer }, '1')).toEqual(denied);
    expect(await both('POST', json)).toEqual(denied);
    expect(await both('POST', { 'Stream-Closed': 'true' })).toEqual(denied);
    expect(await both('PUT', json)).toEqual(denied);
    expect(await both('PUT', text, 'one')).toEqual(denied);
    expect(await both('DELETE', {})).toEqual(denied);
    // Who may write is told; what decides is the message.
    expect((await call('POST', 'asked:yes', json, '"yes"')).status).toBe(404);
    expect((await call('POST', 'asked:yes', json, '"no"')).status).toBe(403);
  });

  test('a body that is too large is refused with a code', async () => {
    const { app, call } = await start();
    await app.publish('open:a', 1);
    const answer = await call('POST', 'open:a', json, JSON.stringify('x'.repeat(3_000)));
    expect([answer.status, codeIn(answer.text)]).toEqual([413, 106]);
  });

  test.each([
    ['a fork', 'PUT', { 'Stream-Forked-From': '/streams/open:a' }, 501, 108],
    ['another method', 'PATCH', {}, 405, 107],
    ['a number that is none', 'POST', { 'Producer-Id': 'a', 'Producer-Epoch': '0', 'Producer-Seq': '-1' }, 400, 107],
  ])('%s is refused with a code', async (_, method, headers, status, code) => {
    const { app, call } = await start();
    await app.publish('open:a', 1);
    const answer = await call(method, 'open:a', { ...json, ...(headers as Record<string, string>) }, '1');
    expect([answer.status, codeIn(answer.text)]).toEqual([status, code]);
  });

  test('in a channel of bytes, data of every type is bytes', async () => {
    const { app, call } = await start();
    await call('PUT', 'bytes:a', { 'Content-Type': 'text/plain' }, 'one ');
    await call('POST', 'bytes:a', { 'Content-Type': 'text/plain' }, 'two');
    await call('PUT', 'bytes:b', json, '[{"n":1},2]');
    expect((await call('GET', 'bytes:a')).text).toBe('one two');
    expect((await call('GET', 'bytes:b')).text).toBe('[{"n":1},2]');
    const { publications } = await app.history('bytes:a');
    expect(publications.map(({ data }) => Buffer.from(data).toString())).toEqual(['one ', 'two']);
  });
});

describe('deleting', () => {
  test('takes a key, unless writers may', async () => {
    const ann = await bearer({ sub: 'ann' });
    const [strict, mild] = [await start(), await start(true)];
    for (const { call } of [strict, mild]) await call('PUT', 'users:a', { ...json, ...ann });
    expect((await strict.call('DELETE', 'users:a', ann)).status).toBe(403);
    expect((await strict.call('DELETE', 'users:a', { 'X-API-Key': key })).status).toBe(204);
    expect((await mild.call('DELETE', 'users:a')).status).toBe(403);
    expect((await mild.call('DELETE', 'users:a', ann)).status).toBe(204);
    expect((await mild.call('GET', 'users:a', ann)).status).toBe(404);
  });
});

test('clients can neither see nor change the state of a stream', async () => {
  const { url, call } = await start();
  await call('PUT', 'open:a', json);
  const client = quickClient(url);
  const state = client.channel('@fanfare:stream:open:a');
  await expect(state.ready()).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
});
