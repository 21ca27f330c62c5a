/** No reply ends for good what a stale token, a clock or a race has brought about: SDKs take most errors for the last word. */

import { describe, expect, test } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import type { Authenticator } from '../../src/engine/ports/authenticator.js';
import { errorCodes } from '../../src/model/codes.js';
import { EngineNode, type EngineNodeOptions } from '../support/engine/node.js';

const expired = { ok: false, error: errorCodes.tokenExpired } as const;

/** Takes the token `stale` for one that has expired; others tell how many seconds they are good. */
const auth: Authenticator = {
  connect: async () => ({ ok: true, identity: { user: 'ann' } }),
  refresh: async () => expired,
  subscribe: async (token) =>
    token === 'stale' ? expired : { ok: true, identity: { expiresAtMs: 1_700_000_000_000 + Number(token) * 1_000 } },
};

async function start(options: Partial<EngineNodeOptions> = {}) {
  const node = await EngineNode.start({ channels: { 'a:{x}': channel({ subscribe: 'token' }) }, auth, ...options });
  return { node, client: await node.connect() };
}

test('refresh with an expired token closes with 3005, after which clients come back', async () => {
  const { client } = await start();
  await client.command('refresh', { token: 'stale' });
  expect(client.closeCode).toBe(3005);
});

test('sub_refresh with an expired token changes nothing, and may be repeated as long as the grace lasts', async () => {
  const { node, client } = await start({ limits: { expiredGraceMs: 25_000, pingIntervalMs: 0 } });
  await client.command('subscribe', { channel: 'a:1', token: '60' });
  await node.clock.advance(60_000);
  const id = client.send('sub_refresh', { channel: 'a:1', token: 'stale' });
  await node.clock.advance(20_000);
  expect(client.messages.find((message) => message.id === id)?.error).toMatchObject({ code: 109, temporary: true });
  expect(await client.command('sub_refresh', { channel: 'a:1', token: '600' })).toMatchObject({ ttl: 520 });
  await node.clock.advance(60_000);
  expect(client.pushes('unsubscribe')).toEqual([]);
});

test('sub_refresh with expired tokens alone ends with 2501, after which clients subscribe again', async () => {
  const { node, client } = await start({ limits: { expiredGraceMs: 25_000, pingIntervalMs: 0 } });
  await client.command('subscribe', { channel: 'a:1', token: '60' });
  await node.clock.advance(60_000);
  await client.command('sub_refresh', { channel: 'a:1', token: 'stale' });
  await node.clock.advance(27_000);
  expect(client.pushes('unsubscribe')).toMatchObject([{ code: 2501 }]);
});

describe('a token that has expired a moment before its client was let in leaves time for another', () => {
  // The clock's leeway lets such tokens pass.
  const expiredBy = (node: EngineNode, ms: number) => Math.floor((node.clock.wallMs() - ms) / 1_000);
  const limits = { expiredGraceMs: 4_000, pingIntervalMs: 0 };

  test('of a connection', async () => {
    const node = await EngineNode.start({ channels: {}, limits });
    const claims = { sub: 'ann', exp: expiredBy(node, 4_000) };
    const [client, silent] = [await node.connect(claims), await node.connect(claims)];
    await node.clock.advance(2_000);
    expect([client.closeCode, silent.closeCode]).toEqual([undefined, undefined]);
    const token = JSON.stringify({ sub: 'ann', exp: expiredBy(node, -600_000) });
    expect(await client.command('refresh', { token })).toMatchObject({ ttl: 600 });
    await node.clock.advance(6_000);
    expect([client.closeCode, silent.closeCode]).toEqual([undefined, 3005]);
  });

  test('of a subscription', async () => {
    const { node, client } = await start({ limits });
    await client.command('subscribe', { channel: 'a:1', token: `${expiredBy(node, 4_000) - 1_700_000_000}` });
    await node.clock.advance(2_000);
    expect(client.pushes('unsubscribe')).toEqual([]);
    expect(await client.command('sub_refresh', { channel: 'a:1', token: '600' })).toMatchObject({ ttl: 598 });
    await node.clock.advance(6_000);
    expect(client.pushes('unsubscribe')).toEqual([]);
  });
});

test('leaving is never refused: not a channel that there is not, nor one of the server, nor beyond the rate', async () => {
  const { client } = await start({ limits: { commandsPerSec: 1, commandBurst: 8 } });
  for (const name of ['nowhere', '', 'a:\n', '@fanfare:x', 'a:1', 'a'.repeat(300), '__proto__'])
    expect(await client.command('unsubscribe', { channel: name })).toEqual({});
  expect(await client.command('subscribe', { channel: 'a:1', token: '60' })).toEqual(expect.anything());
  expect(await client.command('ping', {})).toBe(111);
  expect(await client.command('unsubscribe', { channel: 'a:1' })).toEqual({});
  expect(client.session.subscriptions.size).toBe(0);
});

test('a connect that the server is too slow to answer closes with 3004, one that never came with 3012', async () => {
  const forever = new Promise<never>(() => undefined);
  const { node } = await start({ auth: { ...auth, connect: () => forever }, limits: { connectTimeoutMs: 5_000 } });
  const waiting = node.open();
  const silent = node.open();
  waiting.send('connect', {});
  await node.clock.advance(10_000);
  expect([waiting.closeCode, silent.closeCode]).toEqual([3004, 3012]);
});

test.each([
  [102, 'nowhere'],
  [103, '@fanfare:x'],
  [107, ''],
])('a channel of the connection token that cannot be: %s, and nothing of the others stays', async (code, name) => {
  const { node } = await start({ auth: { connect: async () => ({ ok: true, identity: granting('a:1', name) }) } });
  const client = node.open();
  expect(await client.command('connect', {})).toBe(code);
  expect([client.session.subscriptions.size, node.node.ports.hub.numSubscriptions]).toEqual([0, 0]);
});

test('more channels in the connection token than a connection may have: 106', async () => {
  const { node } = await start({
    auth: { connect: async () => ({ ok: true, identity: granting('a:1', 'a:2', 'a:3') }) },
    limits: { maxChannelsPerConnection: 2 },
  });
  expect(await node.open().command('connect', {})).toBe(106);
});

test('an rpc where there are no procedures at all: 108', async () => {
  const { client } = await start();
  expect(await client.command('rpc', { method: 'add', data: 1 })).toBe(108);
});

function granting(...channels: readonly string[]) {
  return { user: 'ann', subscriptions: new Map(channels.map((name) => [name, {}])) };
}
