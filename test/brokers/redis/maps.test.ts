/** Maps in a real Redis: keys that end, keys that somebody else has written or taken away, and a memory that is full. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import type { MapOutcome, MapSetOptions } from '../../../src/engine/ports/map-store.js';
import { payloadValue } from '../../../src/model/payload.js';
import { RedisServer, redis7, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import { failure, json, ownPrefix, ports, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const room = channelName('room');
const limits = { stream: { size: 1_000, ttlMs: 600_000 }, maxKeys: 1_000 };
const inTime = { timeout: 15_000 };

function set(broker: RedisBroker, key: string, value: unknown, options: Partial<MapSetOptions> = {}) {
  return broker.maps.set(room, { key, data: json(value) }, { limits, ...options });
}

function remove(broker: RedisBroker, key: string): Promise<MapOutcome> {
  return broker.maps.remove(room, { key, data: json(null) }, { limits });
}

async function stateOf(broker: RedisBroker): Promise<Record<string, unknown>> {
  const state: [string, unknown][] = [];
  for (let after = 0; ; ) {
    const page = await broker.maps.page(room, { after, limit: 50 });
    for (const { key = '', data } of page.state.entries) state.push([key, payloadValue(data)]);
    if (page.next === 0) return Object.fromEntries(state);
    after = page.next;
  }
}

describe.each([redis7, valkey])('maps in $kind', (kind) => {
  if (redisIsMissing(kind)) return test.skip('its program is missing');
  const server = shared(() => RedisServer.start({ ...kind, config: ['maxmemory-policy noeviction'] }));

  async function begun(options: Partial<ConstructorParameters<typeof RedisBroker>[0] & object> = {}) {
    const prefix = ownPrefix();
    const made = (url = server().url) => started(new RedisBroker({ url, prefix, ...options }, ports));
    const client = await server().client();
    onTestFinished(() => client[Symbol.asyncDispose]());
    const key = (name: string) => `${prefix}:${name}:{room}`;
    return { ...(await made()), made, client, key };
  }

  test('a key of a node that is gone is removed by another one that has subscribers, once', async () => {
    const { broker, made } = await begun();
    const others = [await made(), await made()];
    for (const other of others) await other.broker.subscribe(room);
    for (let n = 0; n < 20; n++) await set(broker, `k${n}`, n, { ttlMs: 1_500 });
    await broker.close();
    for (const { events } of others) {
      await events.until(() => events.publications(room).length === 40);
      expect(events.offsets(room)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
      const removed = events.publications(room).flatMap(({ publication: { key, removed } }) => (removed ? [key] : []));
      expect(new Set(removed).size).toBe(20);
    }
  });

  test('a node that has subscribers and has only read the history removes what ends', async () => {
    const { broker, made } = await begun();
    await set(broker, 'short', 1, { ttlMs: 1_000 });
    await broker.close();
    const { broker: late, events } = await made();
    await late.subscribe(room);
    await late.mapChanges.read(room, { limit: 0, reverse: false });
    await events.until(() => events.publications(room).length === 1);
    expect(events.publications(room)[0]?.publication).toMatchObject({ key: 'short', removed: true, offset: 2 });
  });

  test('a map that nobody uses goes as a whole when its time is over, and begins a new epoch', async () => {
    const { broker, client, key } = await begun({ mapIdleMs: 60_000 });
    const { position } = await set(broker, 'a', 1);
    await set(broker, 'b', 1, { ttlMs: 50_000 });
    await server().advance(40_000);
    expect((await stateOf(broker)).a).toBe(1);
    await server().advance(40_000);
    await broker.mapChanges.read(room, { limit: 0, reverse: false });
    expect(await stateOf(broker)).toEqual({ a: 1 });
    await server().advance(61_000);
    expect(await client.send(['EXISTS', key('place'), key('order'), key('values'), key('ends')])).toBe(0);
    const { top, entry } = await broker.maps.get(room, 'a');
    expect([entry, top.offset, top.epoch === position.epoch]).toEqual([undefined, 0, false]);
  });

  test('a map without keys has none in the server', async () => {
    const { broker, client, key } = await begun();
    await set(broker, 'a', 1, { ttlMs: 60_000 });
    await remove(broker, 'a');
    expect(await client.send(['EXISTS', key('order'), key('values'), key('ends')])).toBe(0);
    expect((await set(broker, 'a', 2, { expected: { version: 0 } })).ok).toBe(true);
  });

  const breakages: Readonly<Record<string, (key: (name: string) => string) => string[][]>> = {
    'the order is gone': (key) => [['DEL', key('order')]],
    'the values are gone': (key) => [['DEL', key('values')]],
    'the ends are gone': (key) => [['DEL', key('ends')]],
    'all of them are gone': (key) => [['DEL', key('order'), key('values'), key('ends')]],
    'one value is gone': (key) => [['HDEL', key('values'), 'a']],
    'one key is gone from the order': (key) => [['ZREM', key('order'), 'a']],
    'the order is a text': (key) => [['SET', key('order'), 'x']],
    'the values are a text': (key) => [['SET', key('values'), 'x']],
    'the ends are a text': (key) => [['SET', key('ends'), 'x']],
    'there is a key more': (key) => [['HSET', key('values'), 'ghost', '0:1']],
    'the place is gone': (key) => [['DEL', key('place')]],
    'the place is gone, and was made anew by somebody who read the history': (key) => [['DEL', key('place')], []],
    'everything is gone': () => [['FLUSHALL']],
  };

  test.each(Object.entries(breakages))('G5 B91: %s: the map begins again, in a new epoch', async (_, commandsOf) => {
    const { broker, client, key } = await begun();
    for (const name of ['a', 'b', 'c']) await set(broker, name, 1);
    const before = await set(broker, 'd', 1, { ttlMs: 60_000 });
    for (const command of commandsOf(key)) {
      if (command.length > 0) await client.send(command);
      else await broker.mapChanges.read(room, { limit: 0, reverse: false });
    }
    const page = await broker.maps.page(room, { after: 0, limit: 10 });
    expect([page.state.entries, page.next]).toEqual([[], 0]);
    expect(page.top.epoch).not.toBe(before.position.epoch);
    expect((await broker.mapChanges.read(room, { limit: 0, reverse: false })).top).toEqual(page.top);
    const after = await set(broker, 'a', 2, { expected: { version: 0 }, ttlMs: 60_000 });
    expect(after).toEqual({
      ok: true,
      duplicate: false,
      position: { epoch: page.top.epoch, offset: page.top.offset + 1 },
    });
    expect(await stateOf(broker)).toEqual({ a: 2 });
  });

  test.each([
    ['no length', 'x'],
    ['no JSON', '0:{"half":'],
    ['empty', ''],
  ])('B91: a value that no node has written (%s) is an error until its key is set again', async (_, text) => {
    const { broker, client, key } = await begun();
    await set(broker, 'a', 1);
    await set(broker, 'b', 1);
    await client.send(['HSET', key('values'), 'a', text]);
    const broken = { code: 'ERR_HISTORY_BROKEN', retryable: false };
    await expect(stateOf(broker)).rejects.toMatchObject(broken);
    await expect(broker.maps.get(room, 'a')).rejects.toMatchObject(broken);
    await set(broker, 'a', 2);
    expect(await stateOf(broker)).toEqual({ b: 1, a: 2 });
  });

  test('B39: a message with a time that is none is not taken', async () => {
    const { broker, client, events, key } = await begun();
    await broker.subscribe(room);
    for (const text of ['t', 't1', 'tx:p1:e:0:1', 't:', 't5:', 't5:x'])
      await client.send(['SPUBLISH', key('bus'), text]);
    await set(broker, 'a', 1);
    await events.until(() => events.publications(room).length === 1);
    expect(events.values(room)).toEqual([1]);
  });

  test('F15 G7: while the memory is full a key is not set, and can be read, removed and end', async () => {
    const { broker, client, events } = await begun();
    await broker.subscribe(room);
    await set(broker, 'a', 1);
    await set(broker, 'b', 1);
    await set(broker, 'short', 1, { ttlMs: 30_000 });
    await client.send(['CONFIG', 'SET', 'maxmemory', '1mb']);
    onTestFinished(async () => {
      await using other = await server().client();
      await other.send(['CONFIG', 'SET', 'maxmemory', '0']);
    });
    const refused = { ...failure, retryable: true };
    for (let n = 0; n < 3; n++) {
      await expect(set(broker, 'a', 2)).rejects.toMatchObject(refused);
      await expect(set(broker, 'c', 2, { idempotencyKey: 'k' })).rejects.toMatchObject(refused);
    }
    expect(await stateOf(broker)).toEqual({ a: 1, b: 1, short: 1 });
    expect((await remove(broker, 'a')).ok).toBe(true);
    await server().advance(31_000);
    expect(await stateOf(broker)).toEqual({ b: 1 });
    await client.send(['CONFIG', 'SET', 'maxmemory', '0']);
    expect(await set(broker, 'c', 2, { idempotencyKey: 'k' })).toMatchObject({
      duplicate: false,
      position: { offset: 6 },
    });
    await broker.probe();
    expect(events.offsets(room)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('G7: a change that one of its commands is forbidden for leaves nothing behind', async () => {
    const { broker, client, events, made } = await begun();
    await broker.subscribe(room);
    for (const name of ['a', 'b']) await set(broker, name, 1);
    await set(broker, 'c', 1, { ttlMs: 60_000 });
    const { top } = await broker.maps.get(room, 'a');
    for (const forbidden of ['hset', 'zadd', 'zrem', 'hdel', 'pexpire', 'set', 'spublish']) {
      await client.send(['ACL', 'SETUSER', 'narrow', 'reset', 'on', '>secret', '~*', '&*', '+@all', `-${forbidden}`]);
      const { broker: narrow } = await made(server().url.replace('//', '//narrow:secret@'));
      const once = { idempotencyKey: 'k' };
      const attempts = {
        zadd: () => set(narrow, 'new', 2, once),
        zrem: () => set(narrow, 'c', 2, once),
        hdel: () => narrow.maps.remove(room, { key: 'a', data: json(null) }, { limits, ...once }),
      };
      const attempt = Object.entries(attempts).find(([name]) => name === forbidden)?.[1] ?? attempts.zadd;
      await expect(attempt(), forbidden).rejects.toMatchObject({ code: 'ERR_BROKER' });
      await narrow.close();
      expect(await stateOf(broker), forbidden).toEqual({ a: 1, b: 1, c: 1 });
      const { entry, top: later } = await broker.maps.get(room, 'a');
      expect([entry?.offset, later], forbidden).toEqual([1, top]);
    }
    const next = await set(broker, 'a', 2, { idempotencyKey: 'k' });
    expect(next).toEqual({ ok: true, duplicate: false, position: { ...top, offset: top.offset + 1 } });
    await broker.probe();
    expect(events.offsets(room)).toEqual([1, 2, 3, 4]);
  });

  test('G5: a restart from disk keeps the keys, in a new epoch, in which versions of the old one do not count', async () => {
    await using other = await RedisServer.start({ ...kind, config: ['appendonly yes', 'appendfsync always'] });
    const { broker } = await started(new RedisBroker(other.url, ports));
    await set(broker, 'a', 1);
    const { position } = await set(broker, 'b', 1, { ttlMs: 60_000 });
    await broker.close();
    await other.startAgain();
    const { broker: later } = await started(new RedisBroker(other.url, ports));
    const old = { version: position.offset, epoch: position.epoch };
    const refused = await set(later, 'b', 2, { expected: old });
    expect(refused).toMatchObject({ ok: false, why: 'version', version: position.offset });
    expect(refused.position.epoch).not.toBe(position.epoch);
    expect((await set(later, 'b', 2, { expected: { ...old, epoch: refused.position.epoch } })).ok).toBe(true);
    expect(await stateOf(later)).toEqual({ a: 1, b: 2 });
  });

  test('the functions of the server are loaded again when it has lost them', async () => {
    const { broker, client } = await begun();
    await client.send(['SCRIPT', 'FLUSH']);
    const outcomes = await Promise.all(['a', 'b', 'c'].map((key) => set(broker, key, key)));
    expect(outcomes.map(({ position }) => position.offset)).toEqual([1, 2, 3]);
    await client.send(['SCRIPT', 'FLUSH']);
    expect(await stateOf(broker)).toEqual({ a: 'a', b: 'b', c: 'c' });
  });

  test('while it cannot be reached nothing is acknowledged, and what ends meanwhile is removed later', async () => {
    await using other = await RedisServer.start({ ...kind, config: ['appendonly yes', 'appendfsync always'] });
    const { broker, events } = await started(new RedisBroker(other.url, ports));
    await broker.subscribe(room);
    await set(broker, 'short', 1, { ttlMs: 1_500 });
    await other.kill();
    await expect(set(broker, 'a', 1)).rejects.toMatchObject(failure);
    await expect(broker.maps.page(room, { after: 0, limit: 1 })).rejects.toMatchObject(failure);
    await other.startAgain();
    await vi.waitFor(() => set(broker, 'a', 1), inTime);
    await vi.waitFor(() => expect(events.publications(room).at(-1)?.publication.removed).toBe(true), inTime);
    expect(await stateOf(broker)).toEqual({ a: 1 });
  });
});
