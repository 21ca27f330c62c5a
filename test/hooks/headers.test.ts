/** What a backend gets to know of a client's headers, whose word they are, and how it knows that it is us who call. */

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { subscribed } from '../support/centrifuge/context.js';
import { RawClient } from '../support/clients/raw-client.js';
import { HookedServer, lettingIn } from './hooked-server.js';

const secret = 'signs-the-calls-of-hooks-in-tests-5d1e';
const olderSecret = 'signed-the-calls-of-hooks-before-91c2';

describe('real headers', () => {
  test('are passed on by each hook, as far as it asks for them', async () => {
    await using server = await HookedServer.start({
      channels: { room: { subscribe: 'hook' } },
      hooks: {
        headers: ['Cookie', 'User-Agent', 'X-Request-Id'],
        staticHeaders: { 'X-Api-Key': 'for the backend' },
        connect: '/connect',
        subscribe: { url: '/subscribe', headers: ['Cookie'], staticHeaders: {} },
      },
    });
    server.backend
      .on('/connect', ({ headers }) =>
        headers.cookie === 'sid=abc' ? { result: { user: '42' } } : { disconnect: { code: 4_501, reason: '' } },
      )
      .on('/subscribe', () => ({ result: {} }));
    const client = await server.connected({
      realHeaders: {
        Origin: `http://127.0.0.1:${server.port}`,
        Cookie: 'sid=abc',
        'User-Agent': 'browser/1',
        'X-Request-Id': 'r1',
        'X-Private': 'not asked for',
      },
    });
    await subscribed(client, 'room');
    const [connect, subscribe] = server.backend.calls;
    expect(connect?.headers).toMatchObject({
      cookie: 'sid=abc',
      'user-agent': 'browser/1',
      'x-request-id': 'r1',
      'x-api-key': 'for the backend',
      'content-type': 'application/json',
    });
    expect(connect?.headers).not.toHaveProperty('x-private');
    expect(connect?.headers).not.toHaveProperty('origin');
    expect(subscribe?.headers.cookie).toBe('sid=abc');
    expect(subscribe?.headers).not.toHaveProperty('x-request-id');
    expect(subscribe?.headers).not.toHaveProperty('x-api-key');
  });

  test('B18: the address of a client is not its own word', async () => {
    await using server = await HookedServer.start({
      hooks: { headers: ['X-Forwarded-For', 'X-Real-IP'], connect: '/connect' },
    });
    server.backend.on('/connect', () => ({ result: { user: '42' } }));
    await server.connected({ realHeaders: { 'X-Forwarded-For': '6.6.6.6', 'X-Real-IP': '6.6.6.6' } });
    const [call] = server.backend.calls;
    expect(call?.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' });
  });

  test('B13: where cookies decide, a request with cookies has to say which page it comes from', async () => {
    await using server = lettingIn(await HookedServer.start({ hooks: { headers: ['Cookie'], connect: '/connect' } }));
    const refused = RawClient.open(server.port, { headers: { Cookie: 'sid=abc' } });
    await expect(refused).rejects.toThrow('403');
    expect(server.backend.calls).toEqual([]);
  });
});

describe('headers that a client claims', () => {
  test('are passed on where they are asked for, by later hooks too, and named as claims', async () => {
    await using server = await HookedServer.start({
      hooks: { emulatedHeaders: ['Authorization'], connect: '/connect', rpc: '/rpc' },
    });
    server.backend.on('/connect', () => ({ result: { user: '42' } })).on('/rpc', () => ({ result: {} }));
    const client = await server.connected({ headers: { Authorization: 'Bearer t', 'X-Other': 'o' } });
    await client.rpc('m', 1);
    for (const { headers } of server.backend.calls) {
      expect(headers).toMatchObject({ authorization: 'Bearer t', 'x-fanfare-emulated': 'authorization' });
      expect(headers).not.toHaveProperty('x-other');
    }
    expect(server.backend.calls).toHaveLength(2);
  });

  test('do not masquerade as real ones: not where those are asked for, not beside those, not under our names', async () => {
    await using server = await HookedServer.start({
      hooks: {
        headers: ['X-User-Id', 'Authorization'],
        emulatedHeaders: ['Authorization'],
        connect: '/connect',
        secret,
      },
    });
    server.backend.on('/connect', () => ({ result: { user: '42' } }));
    await server.connected({
      realHeaders: { Authorization: 'Bearer real' },
      headers: {
        'X-User-Id': 'admin',
        Authorization: 'Bearer claimed',
        'X-Fanfare-Signature': 'v1=00',
        'Content-Type': 'text/html',
        Host: 'evil.example',
      },
    });
    const [call] = server.backend.calls;
    expect(call?.headers).toMatchObject({
      authorization: 'Bearer real',
      'content-type': 'application/json',
      host: `127.0.0.1:${server.backend.port}`,
    });
    expect(call?.headers['x-fanfare-signature']).not.toBe('v1=00');
    expect(call?.headers).not.toHaveProperty('x-user-id');
    expect(call?.headers).not.toHaveProperty('x-fanfare-emulated');
  });

  test('B96: that cannot be headers are left out, and the client is asked about without them', async () => {
    await using server = lettingIn(
      await HookedServer.start({ hooks: { emulatedHeaders: ['X-Claim'], connect: '/connect' } }),
    );
    await server.connected({ headers: { 'X-Claim': 'a\r\nX-User-Id: admin' } });
    const [call] = server.backend.calls;
    expect(call?.headers).not.toHaveProperty('x-claim');
    expect(call?.headers).not.toHaveProperty('x-user-id');
  });

  test('are kept for those who come with a token as well', async () => {
    await using server = await HookedServer.start({
      anonymous: true,
      hooks: { emulatedHeaders: ['X-Claim'], rpc: '/rpc' },
    });
    server.backend.on('/rpc', () => ({ result: {} }));
    await (await server.connected({ headers: { 'X-Claim': 'c' } })).rpc('m', 1);
    expect(server.backend.calls[0]?.headers['x-claim']).toBe('c');
  });
});

/** What a backend does, as docs/guide/hooks.md shows it. */
function isOurs(text: string, timestamp: string, signature: string, key: string): boolean {
  const expected = `v1=${createHmac('sha256', key).update(`${timestamp}.${text}`).digest('hex')}`;
  return signature.split(',').includes(expected) && Math.abs(Date.now() / 1_000 - Number(timestamp)) < 300;
}

test('each call is signed by every secret, and the backend that knows one of them can tell', async () => {
  await using server = await HookedServer.start({
    hooks: { connect: '/connect', rpc: '/rpc', events: '/events', secret: [secret, olderSecret] },
  });
  server.backend
    .on('/connect', () => ({ result: { user: 'Zoë' } }))
    .on('/rpc', () => ({ result: {} }))
    .on('/events', () => ({}));
  await (await server.connected()).rpc('m', { text: '€' });
  await server.backend.waitFor('/events', 1);
  for (const { text, headers } of server.backend.calls) {
    const timestamp = String(headers['x-fanfare-timestamp']);
    const signature = String(headers['x-fanfare-signature']);
    for (const key of [secret, olderSecret]) expect(isOurs(text, timestamp, signature, key)).toBe(true);
    expect(isOurs(`${text} `, timestamp, signature, secret)).toBe(false);
    expect(isOurs(text, String(Number(timestamp) + 1), signature, secret)).toBe(false);
    expect(isOurs(text, timestamp, signature, 'another')).toBe(false);
  }
});
