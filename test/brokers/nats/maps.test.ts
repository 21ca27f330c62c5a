/** Maps over a real NATS server: several nodes, restarts, and what somebody has deleted. */

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { channel as declared, fanfare } from 'fanfare';
import { nats } from 'fanfare/nats';
import { describe, expect, test, vi } from 'vitest';
import { encodePublication } from '../../../src/brokers/bus-message.js';
import { removalOf } from '../../../src/brokers/map-removal.js';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import { decodeTop, encodeOpenTop } from '../../../src/brokers/nats/journal/maps/map-records.js';
import { MapRound } from '../../../src/brokers/nats/journal/maps/map-round.js';
import { MapSubjects } from '../../../src/brokers/nats/journal/maps/map-subjects.js';
import type { Broker } from '../../../src/engine/ports/broker.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import type { MapSetOptions } from '../../../src/engine/ports/map-store.js';
import { payloadValue } from '../../../src/model/payload.js';
import type { Publication } from '../../../src/model/publication.js';
import { NatsServer, natsIsMissing, oldNatsProgram } from '../../support/brokers/nats-server.js';
import { json, ownPrefix, ports, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const channel = channelName('map:1');
const limits = { stream: { size: 1_000, ttlMs: 600_000 }, maxKeys: 10_000 };

type Maps = Required<Pick<Broker, 'maps'>>;

function set({ maps }: Maps, key: string, value: unknown, options: Partial<MapSetOptions> = {}) {
  return maps.set(channel, { key, data: json(value) }, { limits, ...options });
}

async function entriesOf({ maps }: Maps, limit = 1_000): Promise<Publication[]> {
  const entries: Publication[] = [];
  for (let after = 0; ; ) {
    const page = await maps.page(channel, { after, limit });
    entries.push(...page.state.entries);
    if (page.next === 0) return entries;
    after = page.next;
  }
}

async function stateOf(broker: Maps): Promise<Record<string, unknown>> {
  return Object.fromEntries((await entriesOf(broker)).map(({ key, data }) => [key, payloadValue(data)]));
}

describe.skipIf(natsIsMissing())('maps over nats', () => {
  const server = shared(NatsServer.start);
  const begun = (prefix: string, aheadMs = 0) => {
    const clock = { ...ports.clock, nowMs: () => ports.clock.nowMs() + ahead.ms };
    const ahead = { ms: aheadMs };
    return started(new NatsBroker({ url: server().url, prefix }, { ...ports, clock })).then((one) => ({
      ...one,
      ahead,
    }));
  };

  test('a server that cannot store a change as a whole is refused at the start, with its version', async () => {
    await using old = await NatsServer.start({ program: oldNatsProgram });
    const refusal = {
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/^maps over NATS need nats-server 2\.12\.2 or newer; this one is 2\.9\.\d+$/),
    };
    const options = { broker: nats(old.url), log: silentLogger, anonymous: true };
    const app = fanfare({ ...options, channels: { 'map:{id}': declared({ map: {} }) } });
    await expect(app.listen(0)).rejects.toMatchObject(refusal);
    await app.close(100);
    // Nothing else is refused.
    const other = fanfare({ ...options, channels: { 'news:{id}': declared({ history: { size: 5 } }) } });
    await other.listen(0);
    await other.close(100);
  });

  test('a state of many pages is whole, also for a node that begins in the middle', async () => {
    const prefix = ownPrefix();
    const [one, two] = [await begun(prefix), await begun(prefix)];
    const keys = Array.from({ length: 2_500 }, (_, n) => `k${n}`);
    await Promise.all(keys.map((key, n) => set(one.broker, key, n)));
    await set(one.broker, 'k7', 'again');
    await one.broker.maps.remove(channel, { key: 'k8', data: json(null) }, { limits });
    const entries = await entriesOf(one.broker);
    expect(entries.map(({ key }) => key)).toEqual([...keys.filter((key) => key !== 'k7' && key !== 'k8'), 'k7']);
    const first = await one.broker.maps.page(channel, { after: 0, limit: 1_000 });
    const rest = await two.broker.maps.page(channel, { after: first.next, limit: 1_000 });
    expect(rest.state.entries).toEqual(entries.slice(1_000, 2_000));
  });

  test('large values make short pages, and the longest that NATS takes is kept', async () => {
    const { broker } = await begun(ownPrefix());
    const long = 'x'.repeat(60_000);
    await Promise.all(Array.from({ length: 5 }, (_, n) => set(broker, `k${n}`, long)));
    const page = await broker.maps.page(channel, { after: 0, limit: 1_000 });
    expect(page.state.entries.map(({ key }) => key)).toEqual(['k0', 'k1']);
    expect((await entriesOf(broker)).map(({ key }) => key)).toEqual(['k0', 'k1', 'k2', 'k3', 'k4']);
    await set(broker, 'longest', 'x'.repeat(900_000));
    expect((await entriesOf(broker)).at(-1)).toMatchObject({ key: 'longest' });
    await expect(set(broker, 'longer', 'x'.repeat(1_100_000))).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' });
    expect(await entriesOf(broker)).toHaveLength(6);
  });

  test('keys end once, though every node looks at them, and although the one that set them is gone', async () => {
    const prefix = ownPrefix();
    const [one, two, three] = [await begun(prefix), await begun(prefix), await begun(prefix)];
    const nodes = [two, three];
    for (const { broker } of nodes) {
      await broker.subscribe(channel);
      await broker.maps.prepare();
    }
    await Promise.all(Array.from({ length: 100 }, (_, n) => set(one.broker, `k${n}`, n, { ttlMs: 500 + n })));
    await set(one.broker, 'stays', 1);
    await one.broker.close();
    for (const { events } of nodes) await events.until(() => events.publications(channel).length >= 201);
    expect(await stateOf(two.broker)).toEqual({ stays: 1 });
    await two.broker.probe();
    for (const { events } of nodes) {
      const removed = events.publications(channel).filter(({ publication }) => publication.removed === true);
      expect(new Set(removed.map(({ publication }) => publication.key)).size).toBe(100);
      expect(events.offsets(channel)).toEqual(Array.from({ length: 201 }, (_, n) => n + 1));
    }
  });

  test.each([
    ['some seconds', 20_000],
    ['an hour', 3_600_000],
  ])('keys that ended while no node was there for %s are removed when one is', async (_, awayMs) => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    await set(broker, 'short', 1, { ttlMs: 1_000 });
    await set(broker, 'long', 2, { ttlMs: 36_000_000 });
    await broker.close();
    const next = await begun(prefix);
    next.ahead.ms = awayMs;
    expect(await stateOf(next.broker)).toEqual({ short: 1, long: 2 });
    await vi.waitFor(async () => expect(await stateOf(next.broker)).toEqual({ long: 2 }));
  });

  test('a key that is set again and again ends after the last time', async () => {
    const { broker, ahead } = await begun(ownPrefix());
    for (let n = 0; n < 5; n++) {
      await set(broker, 'a', n, { ttlMs: 10_000 });
      ahead.ms += 8_000;
    }
    // Its end was looked at meanwhile, and found to be another.
    await vi.waitFor(async () => {
      ahead.ms += 100;
      expect(await stateOf(broker)).toEqual({});
    });
    expect((await broker.maps.get(channel, 'a')).top.offset).toBe(6);
  });

  test('changes that a node has begun when it died are made, and put in their places by the next one', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    for (const [n, key] of ['a', 'b', 'c'].entries()) await set(broker, key, n);
    const { epoch } = (await broker.maps.get(channel, 'a')).top;
    await broker.close();
    const connection = await server().connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const names = new MapSubjects(prefix);
    const [stream = ''] = await streams.names(names.all).next();
    const last = await streams.getMessage(stream, { last_by_subj: names.top(channel) });
    const top = decodeTop(last?.string() ?? '', last?.seq ?? 0);
    const { birth } = top.place;
    const stateOfKey = (offset: number) => ({ offset, birth, endsAtMs: 0, lookedAtSec: 0, text: '0:0' });
    const states = new Map([...'abc'].map((key, n) => [key, stateOfKey(n + 1)]));
    const terms = { nowMs: Date.now(), life: epoch.slice(birth.length + 1), birth };
    const round = new MapRound({ top, states, known: new Map() }, terms);
    const change = (key: string, value: unknown) => ({
      ...{ do: 'set' as const, key, text: encodePublication({ key, data: json(value) }), id: `id-${key}` },
      ...{ expected: undefined, stream: limits.stream, ttlMs: undefined, mustExist: false, maxKeys: 10 },
    });
    for (const [key, value] of Object.entries({ a: 10, d: 11, c: 12 })) round.apply(change(key, value));
    const removal = encodePublication(removalOf({ key: 'b', data: json(null) }));
    round.apply({ do: 'remove', key: 'b', text: removal, id: undefined, expected: undefined, stream: limits.stream });
    await jetstream(connection).publish(names.top(channel), encodeOpenTop(round.made()));
    await connection.close();

    const { broker: next, events } = await begun(prefix);
    await next.subscribe(channel);
    const whole = { a: 10, d: 11, c: 12 };
    expect(Object.entries(await stateOf(next))).toEqual(Object.entries(whole));
    expect((await next.maps.get(channel, 'a')).entry).toMatchObject({ offset: 4 });
    expect((await next.maps.get(channel, 'b')).entry).toBeUndefined();
    const missed = await next.mapChanges.read(channel, { limit: 10, reverse: false, since: { offset: 3 } });
    expect(missed.publications.map(({ key, offset }) => [key, offset])).toEqual([
      ['a', 4],
      ['d', 5],
      ['c', 6],
      ['b', 7],
    ]);
    expect(await set(next, 'e', 13)).toMatchObject({ ok: true, position: { offset: 8, epoch } });
    await next.probe();
    expect(events.offsets(channel)).toEqual([4, 5, 6, 7, 8]);
    expect(Object.entries(await stateOf(next))).toEqual(Object.entries({ ...whole, e: 13 }));
    const page = await next.maps.page(channel, { after: 4, upTo: 7, limit: 10 });
    expect([page.state.entries.map(({ key }) => key), page.size]).toEqual([['d', 'c'], 4]);
    const all = await next.mapChanges.read(channel, { limit: 10, reverse: false, since: { offset: 0 } });
    expect([all.continuous, all.publications.length]).toEqual([true, 8]);
  });

  test('G5: a restart from disk begins a new epoch, and keeps the keys and their number', async () => {
    await using other = await NatsServer.start();
    const { broker, events } = await started(new NatsBroker(other.url, ports));
    await broker.subscribe(channel);
    const few = { ...limits, maxKeys: 3 };
    for (const key of ['a', 'b', 'c']) await set(broker, key, key, { limits: few });
    const before = (await broker.maps.get(channel, 'a')).top;
    await other.startAgain();
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), 15_000);
    const { entry, top } = await broker.maps.get(channel, 'a');
    expect([entry?.offset, top.offset]).toEqual([1, 3]);
    expect(top.epoch).not.toBe(before.epoch);
    expect(await set(broker, 'd', 1, { limits: few })).toMatchObject({ ok: false, why: 'full' });
    const late = await set(broker, 'a', 2, { expected: { version: 1, epoch: before.epoch } });
    expect(late).toMatchObject({ ok: false, why: 'version', version: 1 });
    expect(await set(broker, 'a', 2, { expected: { version: 1, epoch: top.epoch } })).toMatchObject({ ok: true });
    const page = await broker.mapChanges.read(channel, { limit: 10, reverse: false, since: before });
    expect(page.continuous).toBe(false);
  });

  // What replaces a message of JetStream has to be there as long, or the message is again when the server is killed: of ten
  // keys, nine of them removed, there were ten some seconds later.
  test.each(['file', 'memory'] as const)(
    'F2 G5: keys that were removed stay so when the server is killed, and so does a map that is forgotten; stored in: %s',
    async (storage) => {
      await using other = await NatsServer.start();
      const { broker, events } = await started(new NatsBroker({ url: other.url, storage }, ports));
      await broker.subscribe(channel);
      const keys = Array.from({ length: 10 }, (_, n) => `k${n}`);
      for (const value of [1, 2, 3])
        await Promise.all(keys.map((key) => set(broker, key, value, { idempotencyKey: `${key} ${value}` })));
      const empty = channelName('map:2');
      await broker.maps.set(empty, { key: 'a', data: json(1) }, { limits });
      await broker.maps.remove(empty, { key: 'a', data: json(null) }, { limits });
      for (const key of keys.slice(1)) await broker.maps.remove(channel, { key, data: json(null) }, { limits });
      const before = (await broker.maps.get(channel, 'k0')).top;
      const connection = await other.connection();
      const { streams } = await jetstreamManager(connection, { checkAPI: false });
      const names = new MapSubjects('fanfare');
      const [name = ''] = await streams.names(names.all).next();
      // As they do by themselves, some seconds or a week later.
      for (const key of keys.slice(1)) await streams.purge(name, { filter: names.state(channel, key) });
      await streams.purge(name, { filter: names.states(empty) });
      await connection.close();
      await other.startAgain();
      await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), 15_000);
      const isKept = storage === 'file';
      expect(await stateOf(broker)).toEqual(isKept ? { k0: 3 } : {});
      const { top, entry } = await broker.maps.get(channel, 'k1');
      expect([entry, top.offset, top.epoch === before.epoch]).toEqual([undefined, isKept ? 39 : 0, false]);
      expect(await broker.maps.page(empty, { after: 0, limit: 10 })).toMatchObject({ size: 0, top: { offset: 0 } });
      // What was done before the kill is known.
      expect(await set(broker, 'k0', 3, { idempotencyKey: 'k0 3' })).toMatchObject({ duplicate: isKept });
      const full = { ...limits, maxKeys: 2 };
      expect(await set(broker, 'new', 1, { limits: full })).toMatchObject({ ok: true });
      expect(await set(broker, 'more', 1, { limits: full })).toMatchObject({ ok: false, why: 'full' });
    },
  );

  test('a stream that an earlier version has made is changed', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    await set(broker, 'a', 1);
    await broker.close();
    const connection = await server().connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const [name = ''] = await streams.names(new MapSubjects(prefix).all).next();
    await streams.update(name, { max_msgs_per_subject: 1, allow_rollup_hdrs: false });
    const { broker: next } = await begun(prefix);
    await set(next, 'a', 2);
    expect((await streams.info(name)).config).toMatchObject({ max_msgs_per_subject: 16, allow_rollup_hdrs: true });
    const { state } = await streams.info(name, { subjects_filter: '>' });
    expect(Object.values(state.subjects ?? {}).filter((count) => count !== 1)).toEqual([]);
    await connection.close();
  });

  test('G5: a stream that somebody deletes is made again, empty and in a new epoch', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    await set(broker, 'a', 1);
    const before = (await broker.maps.get(channel, 'a')).top;
    const connection = await server().connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const [name = ''] = await streams.names(new MapSubjects(prefix).all).next();
    await streams.delete(name);
    await connection.close();
    await vi.waitFor(async () => expect(await stateOf(broker)).toEqual({}), 15_000);
    expect((await broker.maps.get(channel, 'a')).top.epoch).not.toBe(before.epoch);
    expect(await set(broker, 'b', 2)).toMatchObject({ ok: true });
    expect(await stateOf(broker)).toEqual({ b: 2 });
  });

  test('G5: without its top a map begins again, and what is left of its keys does not count', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    for (const key of ['a', 'b', 'c']) await set(broker, key, 1);
    const connection = await server().connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const names = new MapSubjects(prefix);
    const [name = ''] = await streams.names(names.all).next();
    await streams.purge(name, { filter: names.top(channel) });
    await connection.close();
    expect((await broker.maps.get(channel, 'a')).entry).toBeUndefined();
    expect(await stateOf(broker)).toEqual({});
    expect(await set(broker, 'b', 2, { expected: { version: 0 } })).toMatchObject({
      ok: true,
      position: { offset: 1 },
    });
    expect(await stateOf(broker)).toEqual({ b: 2 });
  });

  test('history can be removed, and the state stays', async () => {
    const { broker } = await begun(ownPrefix());
    await set(broker, 'a', 1);
    const { position } = await set(broker, 'b', 2);
    await broker.mapChanges.remove(channel);
    const page = await broker.mapChanges.read(channel, { limit: 10, reverse: false, since: { offset: 1 } });
    expect(page).toMatchObject({ publications: [], continuous: false, top: position });
    expect(await set(broker, 'c', 3)).toMatchObject({ position: { offset: 3 } });
    expect(await stateOf(broker)).toEqual({ a: 1, b: 2, c: 3 });
    const next = await broker.mapChanges.read(channel, { limit: 10, reverse: false, since: position });
    expect(next).toMatchObject({ continuous: true, publications: [{ key: 'c' }] });
  });

  test('the history is as long as the rule says, also when it is another one', async () => {
    const { broker } = await begun(ownPrefix());
    const short = { ...limits, stream: { size: 10, ttlMs: 600_000 } };
    for (let n = 0; n < 60; n++) await set(broker, `k${n % 7}`, n, { limits: n < 30 ? short : limits });
    const read = (offset: number) =>
      broker.mapChanges.read(channel, { limit: 1_000, reverse: false, since: { offset } });
    const page = await read(30);
    expect(page).toMatchObject({ continuous: true, top: { offset: 60 } });
    expect(page.publications.map(({ offset }) => offset)).toEqual(Array.from({ length: 30 }, (_, n) => n + 31));
    await set(broker, 'k0', 'last', { limits: short });
    expect((await read(50)).continuous).toBe(false);
    expect((await read(51)).publications).toHaveLength(10);
  });
});
