/** A session that is written out on one node and read back on another: its client notices nothing. */

import { beforeEach, describe, expect, test, vi } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { limitsWithDefaults } from '../../src/engine/ports/limits.js';
import { readSession, writeSession } from '../../src/engine/sessions/session-record.js';
import { disconnectCodes } from '../../src/model/codes.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { DeltaReader } from '../support/centrifuge/delta-reader.js';
import { EngineCluster } from '../support/engine/cluster.js';
import { EngineClient, type EngineNode } from '../support/engine/node.js';
import { RecordedConnection } from '../support/engine/recorded-connection.js';

let cluster: EngineCluster;
/** Of a permission that takes its time. */
let allowed = Promise.resolve(true);
let one: EngineNode;
let other: EngineNode;

beforeEach(async () => {
  cluster = await EngineCluster.start(2, {
    channels: {
      'kept:{name}': channel({ subscribe: 'anyone', publish: 'subscriber', history: { size: 4 }, joinLeave: true }),
      'plain:{name}': channel({ subscribe: 'anyone', presence: true }),
      'rated:{name}': channel({ subscribe: 'anyone', history: { size: 4 }, maxRate: { default: 1 } }),
      'tagged:{name}': channel({ subscribe: 'anyone', history: { size: 9 }, filterTags: 'any' }),
      'cache:{name}': channel({ subscribe: 'anyone', history: { size: 4 }, recovery: 'cache' }),
      'bare:{name}': channel({ subscribe: 'anyone', history: { size: 4 }, recovery: 'off' }),
      'slow:{name}': channel({ subscribe: () => allowed }),
      'recover:{name}': channel({ subscribe: 'anyone', history: { size: 4 }, slow: 'recover' }),
      'latest:{name}': channel({ subscribe: 'anyone', history: { size: 4 }, slow: 'latest' }),
      'window:{name}': channel({ subscribe: 'anyone', history: { size: 4 }, slow: { dropOldest: 2 } }),
      'delta:{name}': channel({ subscribe: 'anyone', history: { size: 4 }, delta: true, compaction: true }),
    },
    limits: { pingIntervalMs: 0, maxQueueBytes: 65_536 },
  });
  const [first, second] = cluster.nodes;
  if (first === undefined || second === undefined) throw new Error('two nodes were asked for');
  [one, other] = [first, second];
});

/** Takes the session out of its node, as text. */
function writeOut({ session }: EngineClient): string {
  const record = writeSession(one.node.ports, session);
  session.connectionClosed();
  return JSON.stringify(record);
}

/** What a transport of the other node would do. */
async function readBack(text: string): Promise<EngineClient> {
  const record = JSON.parse(text);
  const connection = new RecordedConnection();
  const handshake = { headers: new Map(), url: '/', remoteAddress: '192.0.2.1' };
  const session = other.node.ports.open(connection, handshake, record.client);
  const done = readSession(other.node.ports, session, record);
  await cluster.clock.settle();
  await done;
  return new EngineClient(cluster.clock, connection, session);
}

const publish = (node: EngineNode, name: string, value: number) =>
  node.operations.publish(name, trustedJsonText(`${value}`), {});
const dataOf = (client: EngineClient) => client.pushes('pub').map((pub) => (pub as { readonly data: unknown }).data);

describe('a session that moves', () => {
  test('goes on at the rate that it has asked for, with what has been waiting, and nothing twice', async () => {
    const before = await one.connect({ sub: 'ann' });
    await before.command('subscribe', { channel: 'rated:a', data: { maxRate: 10 } });
    for (const value of [1, 2, 3]) {
      await publish(one, 'rated:a', value);
      await cluster.clock.settle();
    }
    const text = writeOut(before);
    expect(dataOf(before)).toEqual([1, 3]);
    const after = await readBack(text);
    await publish(other, 'rated:a', 4);
    await cluster.clock.settle();
    await publish(other, 'rated:a', 5);
    await cluster.clock.advance(99);
    expect(dataOf(after)).toEqual([4]);
    await cluster.clock.advance(1);
    expect(dataOf(after)).toEqual([4, 5]);
  });

  test('goes on with deltas, whole at first, and by the name of the channel, since its number was the other node’s', async () => {
    const before = await one.connect({ sub: 'ann' });
    const asked = { channel: 'delta:a', delta: 'fossil', flag: 1 };
    expect(await before.command('subscribe', asked)).toMatchObject({ delta: true, id: 1 });
    const texts = [1, 2, 3, 4].map((n) => JSON.stringify({ title: 'the same in all of them', n }));
    const publishText = async (node: EngineNode, text = '') => {
      await node.operations.publish('delta:a', trustedJsonText(text), {});
      await cluster.clock.settle();
    };
    await publishText(one, texts[0]);
    const reader = new DeltaReader();
    for (const pub of before.pushes('pub')) reader.read(pub as object);
    const text = writeOut(before);
    await publishText(one, texts[1]);
    const after = await readBack(text);
    for (const later of texts.slice(2)) await publishText(other, later);
    const values = after.pushes('pub').map((pub) => reader.read(pub as object));
    expect(values.map((value) => JSON.stringify(value))).toEqual(texts.slice(1));
    expect(after.pushes('pub').map((pub) => (pub as { readonly delta?: boolean }).delta === true)).toEqual([
      false,
      false,
      true,
    ]);
    expect(after.messages.filter(({ push }) => push !== undefined)).toMatchObject(
      Array(3).fill({ push: { channel: 'delta:a' } }),
    );
  });

  test('gets each publication once, those of before, in between and after', async () => {
    const before = await one.connect({ sub: 'ann' });
    await before.command('subscribe', { channel: 'kept:a' });
    await before.command('subscribe', { channel: 'plain:a' });
    for (const value of [1, 2]) await publish(one, 'kept:a', value);
    await cluster.clock.settle();
    // Delivered in the turn in which the session is written out.
    await publish(one, 'kept:a', 3);
    const text = writeOut(before);
    for (const value of [4, 5]) await publish(one, 'kept:a', value);
    const moving = readBack(text);
    await publish(one, 'kept:a', 6);
    const after = await moving;
    await publish(one, 'kept:a', 7);
    await publish(one, 'plain:a', 8);
    await cluster.clock.settle();
    expect(dataOf(before)).toEqual([1, 2, 3]);
    expect(dataOf(after)).toEqual([4, 5, 6, 7, 8]);
    expect(after.pushes('unsubscribe')).toEqual([]);
  });

  test.each(['recover', 'latest', 'window'])('gets what waits since its line is slow: %s', async (policy) => {
    const name = `${policy}:a`;
    const before = await one.connect({ sub: 'ann' });
    await before.command('subscribe', { channel: name });
    for (const value of [1, 2, 3, 4]) {
      await publish(one, name, value);
      await cluster.clock.settle();
      // From now on it takes no more, and there is hardly room for anything.
      before.connection.bufferedBytes = 60_000;
    }
    const after = await readBack(writeOut(before));
    await publish(other, name, 5);
    await cluster.clock.settle();
    expect(dataOf(before)).toEqual([1]);
    expect(dataOf(after)).toEqual([2, 3, 4, 5]);
  });

  test('stays who it is, may what it may, and ends when it would have ended', async () => {
    const caps = [{ channels: ['other:*'], match: 'wildcard', allow: ['hst'] }];
    const exp = Math.floor(cluster.clock.wallMs() / 1_000) + 60;
    const before = await one.connect({ sub: 'ann', exp, info: { name: 'Ann' }, meta: { role: 'host' }, caps });
    await before.command('subscribe', { channel: 'kept:a', join_leave: true });
    const after = await readBack(writeOut(before));
    const { client, user, meta, clientInfo, capabilities } = before.session;
    expect(after.session).toMatchObject({ client, user, meta, clientInfo, capabilities });
    expect(await after.command('publish', { channel: 'kept:a', data: 1 })).toEqual({});
    expect(dataOf(after)).toEqual([1]);
    await (await other.connect({ sub: 'bob' })).command('subscribe', { channel: 'kept:a' });
    expect(after.pushes('join')).toContainEqual(
      expect.objectContaining({ info: expect.objectContaining({ user: 'bob' }) }),
    );
    await cluster.clock.advance(100_000);
    expect(after.closeCode).toBe(3005);
  });

  test('has no more time for another token than if it had stayed', async () => {
    const exp = cluster.clock.wallMs() / 1_000 + 60;
    const before = await one.connect({ sub: 'ann', exp });
    await cluster.clock.advance(60_000 + limitsWithDefaults({}).expiredGraceMs - 1_000);
    const after = await readBack(writeOut(before));
    expect(after.closeCode).toBeUndefined();
    await cluster.clock.advance(2_000);
    expect(after.closeCode).toBe(3005);
  });

  test('is told where it has missed what is kept no more', async () => {
    const before = await one.connect();
    await before.command('subscribe', { channel: 'kept:a' });
    const text = writeOut(before);
    for (const value of [1, 2, 3, 4, 5]) await publish(one, 'kept:a', value);
    const after = await readBack(text);
    expect(after.pushes('unsubscribe')).toEqual([expect.objectContaining({ code: 2500 })]);
    expect(dataOf(after)).toEqual([]);
  });

  test('is told where a channel has another rule by now', async () => {
    const before = await one.connect();
    await before.command('subscribe', { channel: 'plain:a' });
    const record = JSON.parse(writeOut(before));
    record.subscriptions[0].rule = 'plain:{id}';
    const after = await readBack(JSON.stringify(record));
    expect(after.messages).toEqual([
      { push: { channel: 'plain:a', unsubscribe: expect.objectContaining({ code: 2502 }) } },
    ]);
  });

  test('goes on with its filter, also in what has been published meanwhile', async () => {
    const before = await one.connect();
    await before.command('subscribe', { channel: 'tagged:a', tf: { key: 'kind', cmp: 'eq', val: 'goal' } });
    const text = writeOut(before);
    const tagged = (value: number, kind: string) =>
      other.operations.publish('tagged:a', trustedJsonText(`${value}`), { tags: { kind } });
    await tagged(1, 'foul');
    await tagged(2, 'goal');
    const after = await readBack(text);
    await tagged(3, 'foul');
    await tagged(4, 'goal');
    await cluster.clock.settle();
    expect(dataOf(after)).toEqual([2, 4]);
    expect(after.pushes('unsubscribe')).toEqual([]);
  });

  test.each(['cache:a', 'bare:a'])(
    'misses nothing in %s, whatever a client that comes back would get',
    async (name) => {
      const before = await one.connect();
      await before.command('subscribe', { channel: name });
      const text = writeOut(before);
      for (const value of [1, 2, 3]) await publish(one, name, value);
      const after = await readBack(text);
      await publish(one, name, 4);
      await cluster.clock.settle();
      expect(dataOf(after)).toEqual([1, 2, 3, 4]);
      expect(after.pushes('unsubscribe')).toEqual([]);
    },
  );

  test('is closed when its user was blocked meanwhile', async () => {
    const before = await one.connect({ sub: 'ann' });
    const text = writeOut(before);
    const revoked = other.operations.revoke({ kind: 'user', user: 'ann' });
    await cluster.clock.advance(1);
    await revoked;
    expect((await readBack(text)).closeCode).toBeGreaterThanOrEqual(3500);
  });
});

test('is idle when its commands have been answered, or when it is closed', async () => {
  const client = await one.connect();
  await client.session.whenIdle();
  let allow = (_: boolean): void => undefined;
  allowed = new Promise((resolve) => {
    allow = resolve;
  });
  const isIdle = vi.fn();
  const subscribing = client.command('subscribe', { channel: 'slow:a' });
  void client.session.whenIdle().then(isIdle);
  await cluster.clock.settle();
  expect(isIdle).not.toHaveBeenCalled();
  allow(true);
  await subscribing;
  await cluster.clock.settle();
  expect(isIdle).toHaveBeenCalledOnce();
  allowed = new Promise(() => undefined);
  const other = await one.connect();
  void other.command('subscribe', { channel: 'slow:b' });
  void other.session.whenIdle().then(isIdle);
  await cluster.clock.settle();
  other.session.close(disconnectCodes.forceReconnect);
  await cluster.clock.settle();
  expect(isIdle).toHaveBeenCalledTimes(2);
  await other.session.whenIdle();
});

test('only a session that is connected can be written out', async () => {
  expect(writeSession(one.node.ports, one.open().session)).toBeUndefined();
});

test('what nobody has written out is refused', async () => {
  const session = other.open().session;
  await expect(readSession(other.node.ports, session, { client: 'c' })).rejects.toThrow();
  expect(session.state).toBe('new');
});
