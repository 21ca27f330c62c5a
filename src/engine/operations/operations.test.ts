/** The operations on channels and clients, as clients observe them. */

import { beforeEach, describe, expect, test } from 'vitest';
import { EngineNode } from '../../../test/support/engine/node.js';
import { trustedJsonText } from '../../model/json-text.js';
import { channel } from '../channels/channel-options.js';
import type { Broker } from '../ports/broker.js';

const iat = 1_600_000_000;
let server: EngineNode;
/** Subscribe calls that wait until they are let through; `undefined` when calls are not delayed. */
let held: (() => void)[] | undefined;

/** Delays subscribing at the broker until {@link letThrough}. */
function heldUp(broker: Broker): Broker {
  const subscribe = broker.subscribe.bind(broker);
  broker.subscribe = async (name) => {
    if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve));
    return subscribe(name);
  };
  return broker;
}

function letThrough(): void {
  const waiting = held ?? [];
  held = undefined;
  for (const resolve of waiting) resolve();
}

beforeEach(async () => {
  held = undefined;
  server = await EngineNode.start({
    channels: {
      'open:{name}': channel({ subscribe: 'anyone', history: { size: 10 }, presence: 'anyone' }),
      'token:{name}': channel({ subscribe: 'token' }),
      'asked:{name}': channel({ subscribe: () => true }),
      plain: channel({ subscribe: 'anyone' }),
    },
    limits: { maxConnectionsPerUser: 3, pingIntervalMs: 0 },
    broker: heldUp,
  });
});

describe('revoking a token', () => {
  test('closes the connection that was made with it, and lets nobody in with it again', async () => {
    const one = await server.connect({ sub: 'ann', jti: 't1' });
    const other = await server.connect({ sub: 'ann', jti: 't2' });
    server.operations.revoke({ kind: 'token', tokenId: 't1' });
    expect([one.closeCode, other.closeCode]).toEqual([3500, undefined]);
    expect((await server.connect({ sub: 'ann', jti: 't1' })).closeCode).toBe(3500);
    expect((await server.connect({ sub: 'ann', jti: 't3' })).closeCode).toBeUndefined();
  });

  test('counts for a refresh', async () => {
    const ann = await server.connect({ sub: 'ann', jti: 't1' });
    server.operations.revoke({ kind: 'token', tokenId: 't2' });
    await ann.command('refresh', { token: JSON.stringify({ sub: 'ann', jti: 't2' }) });
    expect(ann.closeCode).toBe(3500);
  });

  test('that granted a subscription ends it alone (2000), and grants none again (103)', async () => {
    const ann = await server.connect({ sub: 'ann', jti: 't1' });
    const subscribe = (name: string, jti: string) =>
      ann.command('subscribe', { channel: name, token: JSON.stringify({ sub: 'ann', channel: name, jti }) });
    expect(await subscribe('token:a', 's1')).toBeTypeOf('object');
    expect(await subscribe('token:b', 's2')).toBeTypeOf('object');
    server.operations.revoke({ kind: 'token', tokenId: 's1' });
    await server.clock.settle();
    expect(ann.closeCode).toBeUndefined();
    expect(ann.pushes('unsubscribe')).toMatchObject([{ code: 2000 }]);
    expect(ann.session.isSubscribed(server.operations.find('token:b').name)).toBe(true);
    expect(await subscribe('token:a', 's1')).toBe(103);
    expect(await ann.command('sub_refresh', { channel: 'token:b', token: '{"channel":"token:b","jti":"s1"}' })).toBe(
      103,
    );
    expect(await subscribe('token:a', 's3')).toBeTypeOf('object');
  });

  test('is counted by kind', () => {
    server.operations.revoke({ kind: 'token', tokenId: 't1' });
    server.operations.revoke({ kind: 'token', tokenId: 't2' });
    server.operations.revoke({ kind: 'user', user: 'ann' });
    expect([...server.node.ports.counters.revocations]).toEqual([
      ['token', 2],
      ['user', 1],
    ]);
  });
});

describe("revoking a user's tokens", () => {
  test('closes what was made with older ones, and ends subscriptions by older ones on newer connections', async () => {
    const old = await server.connect({ sub: 'ann', iat: iat - 6 });
    const fresh = await server.connect({ sub: 'ann', iat: iat + 10 });
    const bob = await server.connect({ sub: 'bob', iat });
    for (const [name, at] of Object.entries({ 'token:old': iat - 6, 'token:fresh': iat + 10 })) {
      const token = JSON.stringify({ sub: 'ann', channel: name, iat: at });
      await fresh.command('subscribe', { channel: name, token });
    }
    // Granted by the rule, not by a token, so there is nothing to revoke.
    await fresh.command('subscribe', { channel: 'plain' });
    await fresh.command('subscribe', { channel: 'asked:a' });
    server.operations.revoke({ kind: 'userTokens', user: 'ann', beforeMs: (iat + 5) * 1_000 });
    await server.clock.settle();
    expect([old.closeCode, fresh.closeCode, bob.closeCode]).toEqual([3500, undefined, undefined]);
    expect((await server.operations.channels('')).map(({ name }) => name)).toEqual(['token:fresh', 'plain', 'asked:a']);
    expect((await server.connect({ sub: 'ann', iat: iat - 6 })).closeCode).toBe(3500);
    expect((await server.connect({ sub: 'ann' })).closeCode).toBe(3500);
    expect((await server.connect({ sub: 'ann', iat: iat + 5 })).closeCode).toBeUndefined();
  });

  // `iat` has whole seconds of the issuer's clock: the next token may be newer, and 3500 would be final.
  test('closes with advice to reconnect (3005, 2501) what was made a few seconds before, whose next token may be good', async () => {
    const old = await server.connect({ sub: 'ann', iat });
    const fresh = await server.connect({ sub: 'ann', iat: iat + 5 });
    const token = JSON.stringify({ sub: 'ann', channel: 'token:a', iat });
    await fresh.command('subscribe', { channel: 'token:a', token });
    server.operations.revoke({ kind: 'userTokens', user: 'ann', beforeMs: (iat + 5) * 1_000 });
    await server.clock.settle();
    expect([old.closeCode, fresh.closeCode]).toEqual([3005, undefined]);
    expect(fresh.pushes('unsubscribe')).toMatchObject([{ code: 2501 }]);
    const again = await server.connect({ sub: 'ann', iat });
    expect(again.closeCode).toBeUndefined();
    expect(again.messages).toMatchObject([{ error: { code: 109 } }]);
    expect(await fresh.command('subscribe', { channel: 'token:a', token })).toBe(109);
  });
});

test('blocking a user closes all connections for good, until it is unblocked', async () => {
  const one = await server.connect({ sub: 'ann' });
  const two = await server.connect({ sub: 'ann' });
  const bob = await server.connect({ sub: 'bob' });
  server.operations.revoke({ kind: 'user', user: 'ann' });
  expect([one.closeCode, two.closeCode, bob.closeCode]).toEqual([3503, 3503, undefined]);
  expect((await server.connect({ sub: 'ann' })).closeCode).toBe(3503);
  server.operations.unblock('ann');
  expect((await server.connect({ sub: 'ann' })).closeCode).toBeUndefined();
});

// Both were checked before the broker was asked for server-side subscriptions, and not again afterwards.
describe('while a connect waits for the broker', () => {
  test('a revocation is in force for it', async () => {
    held = [];
    const ann = server.open();
    ann.send('connect', { token: JSON.stringify({ sub: 'ann', jti: 't1', channels: ['open:a'] }) });
    await server.clock.settle();
    server.operations.revoke({ kind: 'user', user: 'ann' });
    letThrough();
    await server.clock.settle();
    expect(ann.closeCode).toBe(3503);
    expect(ann.messages).toEqual([]);
    expect(server.node.ports.hub.numSubscriptions).toBe(0);
    expect(await server.operations.presence('open:a')).toEqual([]);
  });

  test("a revocation of its user's tokens is answered with 109 where its token was made a few seconds before", async () => {
    held = [];
    const ann = server.open();
    ann.send('connect', { token: JSON.stringify({ sub: 'ann', iat, channels: ['open:a'] }) });
    await server.clock.settle();
    server.operations.revoke({ kind: 'userTokens', user: 'ann', beforeMs: (iat + 5) * 1_000 });
    letThrough();
    await server.clock.settle();
    expect(ann.closeCode).toBeUndefined();
    expect(ann.messages).toMatchObject([{ error: { code: 109 } }]);
    expect(server.node.ports.hub.numSubscriptions).toBe(0);
    expect(await server.operations.presence('open:a')).toEqual([]);
  });

  test('no more get in than one user may have', async () => {
    held = [];
    const clients = Array.from({ length: 5 }, () => server.open());
    for (const client of clients) client.send('connect', { token: '{"sub":"ann","channels":["open:a"]}' });
    await server.clock.settle();
    letThrough();
    await server.clock.settle();
    const errors = clients.map(({ messages }) => messages.flatMap(({ error }) => error ?? []));
    const full = { code: 106, message: 'limit exceeded', temporary: true };
    expect(errors).toEqual([[], [], [], [full], [full]]);
    expect(server.node.ports.hub.numSubscriptions).toBe(3);
    expect(await server.operations.presenceStats('open:a')).toMatchObject({ numClients: 3 });
  });
});

describe('whose connections are meant', () => {
  test('all of a user, one of them, or one that has no user', async () => {
    const one = await server.connect({ sub: 'ann' });
    const two = await server.connect({ sub: 'ann' });
    const nobody = await server.connect();
    const { operations } = server;
    operations.disconnect({ user: '' });
    operations.disconnect({ user: 'bob', client: one.session.client });
    operations.disconnect({ user: 'bob' });
    expect([one.closeCode, two.closeCode, nobody.closeCode]).toEqual([undefined, undefined, undefined]);
    operations.disconnect({ user: 'ann', client: one.session.client });
    operations.disconnect({ user: '', client: nobody.session.client });
    expect([one.closeCode, two.closeCode, nobody.closeCode]).toEqual([3503, undefined, 3503]);
  });

  test('all but some', async () => {
    const [one, two] = [await server.connect({ sub: 'ann' }), await server.connect({ sub: 'ann' })];
    server.operations.disconnect({ user: 'ann' }, undefined, [two.session.client]);
    expect([one.closeCode, two.closeCode]).toEqual([3503, undefined]);
  });
});

describe('refreshing connections', () => {
  test('puts their end off, and tells the client', async () => {
    const ann = await server.connect({ sub: 'ann', exp: 1_700_000_010 });
    server.operations.refresh({ user: 'ann' }, { expiresAtMs: server.clock.wallMs() + 60_000 });
    await server.clock.advance(50_000);
    expect(ann.closeCode).toBeUndefined();
    expect(ann.pushes('refresh')).toMatchObject([{ expires: true, ttl: 60 }]);
    await server.clock.advance(36_000);
    expect(ann.closeCode).toBe(3005);
  });

  test('without a time, they do not end any more', async () => {
    const ann = await server.connect({ sub: 'ann', exp: 1_700_000_010 });
    server.operations.refresh({ user: 'ann' }, {});
    await server.clock.advance(3_600_000);
    expect(ann.closeCode).toBeUndefined();
    expect(ann.pushes('refresh')).toHaveLength(1);
  });

  test('with info, others see that from the next subscription on, also after a token that has none', async () => {
    const ann = await server.connect({ sub: 'ann', info: 'old', exp: 1_700_000_010 });
    const seen = async (name: string) => {
      await ann.command('subscribe', { channel: name });
      return ann.command('presence', { channel: name });
    };
    const shown = (info: string) => ({ presence: { [ann.session.client]: { user: 'ann', conn_info: info } } });
    expect(await seen('open:a')).toMatchObject(shown('old'));
    server.operations.refresh({ user: 'ann' }, { info: trustedJsonText('"new"') });
    expect(await seen('open:b')).toMatchObject(shown('new'));
    await ann.command('refresh', { token: JSON.stringify({ sub: 'ann', exp: 1_700_000_060 }) });
    expect(await seen('open:c')).toMatchObject(shown('new'));
    await ann.command('refresh', { token: JSON.stringify({ sub: 'ann', info: 'newest', exp: 1_700_000_060 }) });
    expect(await seen('open:d')).toMatchObject(shown('newest'));
  });

  test('as expired ends them now, with the advice to come back', async () => {
    const ann = await server.connect({ sub: 'ann' });
    server.operations.refresh({ user: 'ann' }, { expired: true });
    expect(ann.closeCode).toBe(3005);
  });
});

describe('channels', () => {
  test.each([
    ['', 'ERR_CHANNEL_NAME'],
    ['a\u0000b', 'ERR_CHANNEL_NAME'],
    ['unknown', 'ERR_UNKNOWN_CHANNEL'],
  ])('"%s" is no channel: %s', async (name, code) => {
    const refused = expect.objectContaining({ code });
    const { operations } = server;
    expect(() => operations.find(name)).toThrow(refused);
    expect(() => operations.unsubscribe({ user: 'ann' }, name)).toThrow(refused);
    await expect(operations.subscribe({ user: 'ann' }, name, {})).rejects.toEqual(refused);
    await expect(operations.history(name, { limit: 1, reverse: false })).rejects.toEqual(refused);
  });

  test('that keep nothing have nothing to ask for', async () => {
    const refused = expect.objectContaining({ code: 'ERR_NOT_AVAILABLE' });
    const { operations } = server;
    await expect(operations.presence('plain')).rejects.toEqual(refused);
    await expect(operations.presenceStats('plain')).rejects.toEqual(refused);
    await expect(operations.history('plain', { limit: 1, reverse: false })).rejects.toEqual(refused);
    await expect(operations.removeHistory('plain')).rejects.toEqual(refused);
  });

  test('with subscribers, by a pattern', async () => {
    const ann = await server.connect({ sub: 'ann', channels: ['open:a', 'open:b', 'plain'] });
    await server.connect({ sub: 'bob', channels: ['open:a'] });
    const list = (pattern: string) => server.operations.channels(pattern);
    expect(await list('open:*')).toEqual([
      { name: 'open:a', numClients: 2 },
      { name: 'open:b', numClients: 1 },
    ]);
    expect(await list('')).toHaveLength(3);
    expect(await list('open')).toEqual([]);
    ann.session.connectionClosed();
    expect(await list('')).toEqual([{ name: 'open:a', numClients: 1 }]);
  });

  test('a client that is unsubscribed is told, and stays connected', async () => {
    const ann = await server.connect({ sub: 'ann' });
    await ann.command('subscribe', { channel: 'plain' });
    server.operations.unsubscribe({ user: 'ann' }, 'plain');
    server.operations.unsubscribe({ user: 'ann' }, 'plain');
    await server.clock.settle();
    expect(ann.pushes('unsubscribe')).toMatchObject([{ code: 2000 }]);
    expect(ann.closeCode).toBeUndefined();
  });
});

test('a message outside any channel reaches the connections that are meant', async () => {
  const [ann, bob] = [await server.connect({ sub: 'ann' }), await server.connect({ sub: 'bob' })];
  server.operations.send({ user: 'ann' }, trustedJsonText('{"hello":1}'));
  await server.clock.settle();
  expect(ann.pushes('message')).toEqual([{ data: { hello: 1 } }]);
  expect(bob.pushes('message')).toEqual([]);
});

test('info counts what is there', async () => {
  await server.connect({ sub: 'ann', channels: ['open:a'] });
  await server.connect({ sub: 'ann', channels: ['open:a', 'plain'] });
  await server.clock.advance(2_500);
  expect(await server.operations.info()).toMatchObject([
    { numClients: 2, numUsers: 1, numChannels: 2, numSubscriptions: 3, uptimeSec: 2, version: 'test' },
  ]);
});
