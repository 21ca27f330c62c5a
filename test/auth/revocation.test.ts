/** G9 on one node: revoked tokens and blocked users are out at once, and stay out. */

import { channel } from 'fanfare';
import { describe, expect, test } from 'vitest';
import { gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { sign, subscribe, TestApplication } from './application.js';

const start = () => TestApplication.start({ 'room:{id}': channel({ subscribe: 'token', history: { size: 10 } }) });
const nowSec = () => Math.floor(Date.now() / 1_000);

/** At once; what has been revoked and goes on does so until its token expires. */
const soonMs = 5_000;

async function withinSoon<T>(revoke: () => void, outcome: Promise<T>): Promise<T> {
  const beganMs = performance.now();
  revoke();
  const result = await outcome;
  expect(performance.now() - beganMs).toBeLessThan(soonMs);
  return result;
}

describe('a revoked token', () => {
  test('ends its connection for good (3500), and opens none', async () => {
    await using server = await start();
    const [stolen, other] = [
      await server.connected({ sub: 'ann', jti: 't1' }),
      await server.connected({ sub: 'ann', jti: 't2' }),
    ];
    const ended = nextEvent(stolen, 'disconnected');
    expect(await withinSoon(() => server.app.revokeToken('t1'), ended)).toEqual({
      code: 3500,
      reason: 'invalid token',
    });
    expect(other.state).toBe('connected');
    expect(await server.attempt({ sub: 'ann', jti: 't1' })).toBe(3500);
    expect(await server.attempt({ sub: 'ann', jti: 't3' })).toBeUndefined();
    expect(await server.metric('fanfare_revocations_total{kind="token"}')).toBe(1);
    expect(await server.metric('fanfare_revocations_kept')).toBe(1);
    expect(await server.metric('fanfare_disconnects_total{code="3500"}')).toBe(2);
  });

  test('is let in again after the time that was given', async () => {
    await using server = await start();
    server.app.revokeToken('t1', nowSec() - 1);
    server.app.revokeToken('t2', nowSec() + 600);
    expect(await server.attempt({ sub: 'ann', jti: 't1' })).toBeUndefined();
    expect(await server.attempt({ sub: 'ann', jti: 't2' })).toBe(3500);
  });

  test('renews no connection', async () => {
    await using server = await start();
    const ann = await server.connected(
      { sub: 'ann', jti: 't1', expiresInSec: 1 },
      { getToken: () => sign({ sub: 'ann', jti: 't2', expiresInSec: 600 }) },
    );
    const ended = nextEvent(ann, 'disconnected');
    server.app.revokeToken('t2');
    expect((await ended).code).toBe(3500);
  });

  test('that opened a channel closes that channel alone (2000)', async () => {
    await using server = await start();
    const ann = await server.connected({ sub: 'ann' });
    for (const id of ['1', '2']) {
      const token = await sign({ sub: 'ann', channel: `room:${id}`, jti: `s${id}` });
      expect(await subscribe(ann, `room:${id}`, { token })).toBeUndefined();
    }
    const room = ann.getSubscription('room:1');
    if (room === null) throw new Error('no subscription');
    const received = gather(room, 'publication', ({ data }) => data);
    const ended = nextEvent(room, 'unsubscribed');
    expect((await withinSoon(() => server.app.revokeToken('s1'), ended)).code).toBe(2000);
    await server.app.publish('room:1', 'secret');
    expect([ann.state, ann.getSubscription('room:2')?.state]).toEqual(['connected', 'subscribed']);
    expect(await subscribe(ann, 'room:1')).toBe(103);
    expect(received.items).toEqual([]);
  });
});

test("a user's older tokens: out everywhere, and a token made afterwards gets in", async () => {
  await using server = await start();
  const old = nowSec() - 60;
  const clients = [
    await server.connected({ sub: 'ann', iat: old }),
    await server.connected({ sub: 'ann', iat: old - 600 }),
    await server.connected({ sub: 'ann' }),
  ];
  const bob = await server.connected({ sub: 'bob', iat: old });
  const ended = Promise.all(clients.map((client) => nextEvent(client, 'disconnected')));
  const codes = (await withinSoon(() => server.app.revokeUserTokens('ann'), ended)).map(({ code }) => code);
  expect(codes).toEqual([3500, 3500, 3500]);
  expect(bob.state).toBe('connected');
  expect(await server.attempt({ sub: 'ann', iat: old })).toBe(3500);
  expect(await server.attempt({ sub: 'ann' })).toBe(3500);
  // Perhaps made by a clock that is behind: told to bring another one, this client gives up by itself (1), having no way to.
  expect(await server.attempt({ sub: 'ann', iat: nowSec() - 2 })).toBe(1);
  // To the second: tokens have no finer time.
  expect(await server.attempt({ sub: 'ann', iat: nowSec() + 1 })).toBeUndefined();
});

test('a blocked user: out everywhere (3503), and in again when unblocked', async () => {
  await using server = await start();
  const clients = [await server.connected({ sub: 'ann' }), await server.connected({ sub: 'ann', iat: nowSec() })];
  const bob = await server.connected({ sub: 'bob' });
  const ended = Promise.all(clients.map((client) => nextEvent(client, 'disconnected')));
  const codes = (await withinSoon(() => server.app.blockUser('ann'), ended)).map(({ code }) => code);
  expect(codes).toEqual([3503, 3503]);
  for (const iat of [nowSec() - 60, nowSec() + 60]) expect(await server.attempt({ sub: 'ann', iat })).toBe(3503);
  expect(bob.state).toBe('connected');
  server.app.unblockUser('ann');
  expect(await server.attempt({ sub: 'ann' })).toBeUndefined();
});

test('who was away while it was blocked does not come back', async () => {
  await using server = await start();
  const ann = await server.connected({ sub: 'ann' });
  const ended = nextEvent(ann, 'disconnected');
  server.app.disconnect('ann', { reconnect: true });
  server.app.blockUser('ann');
  expect((await ended).code).toBe(3503);
});
