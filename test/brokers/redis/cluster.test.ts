/** The Redis broker over a Redis Cluster: the suites, slots that are moved, a primary that dies. */

import { describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { slotOf } from '../../../src/brokers/redis/slots.js';
import type { MapSetOptions } from '../../../src/engine/ports/map-store.js';
import { RedisCluster } from '../../support/brokers/redis-cluster.js';
import { redisIsMissing } from '../../support/brokers/redis-server.js';
import { json, ownPrefix, ports, runSuites, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const data = json('hello');

describe.skipIf(redisIsMissing())('redis cluster', () => {
  const cluster = shared(() => RedisCluster.start());
  const made = (prefix = ownPrefix(), as = ports) => new RedisBroker({ url: cluster().url, prefix }, as);

  runSuites({ name: 'redis cluster', make: made, advance: (ms) => cluster().advance(ms) });

  test('its servers put names into the slots in which they are looked for', async () => {
    await using client = await cluster().primaryOf('a').client();
    for (const name of ['a', '{a}b', 'x{}y{z}', '{ä:🎺}', 'fanfare:bus:{chat:lobby}', '}{', '{{a}}'])
      expect(await client.send(['CLUSTER', 'KEYSLOT', name])).toBe(slotOf(name));
  });

  test('each server has its share of the channels', async () => {
    const prefix = ownPrefix();
    const { broker } = await started(made(prefix));
    for (let n = 0; n < 150; n++) await broker.publish(channelName(`c:${n}`), { data }, { stream });
    const shares = await Promise.all(
      cluster().primaries.map(async (server) => {
        await using client = await server.client();
        // safe: what the command answers with
        return ((await client.send(['KEYS', `${prefix}:place:*`])) as string[]).length;
      }),
    );
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(150);
    for (const share of shares) expect(share).toBeGreaterThan(25);
  });

  test('G2 G5: a slot is moved while publications flow: its channels are named as interrupted, others notice nothing', {
    timeout: 120_000,
  }, async () => {
    const [one, two] = [await started(made('moving')), await started(made('moving'))];
    const [from, to, third] = cluster().primaries;
    if (from === undefined || to === undefined || third === undefined) throw new Error('there are three');
    const [moved, stays] = [channelName(cluster().nameOn(from, 'm')), channelName(cluster().nameOn(third, 's'))];
    for (const channel of [moved, stays]) await two.broker.subscribe(channel);
    const acknowledged: Record<string, string[]> = { [moved]: [], [stays]: [] };
    const publish = async (channel: typeof moved, value: string) => {
      await one.broker.publish(channel, { data: json(value) }, { stream });
      acknowledged[channel]?.push(value);
    };
    const stop = new AbortController();
    const flowing = [moved, stays].map(async (channel) => {
      for (let n = 0; !stop.signal.aborted; n++) await publish(channel, `${n}`);
    });
    const isFlowing = (channel: typeof moved, length: number) =>
      vi.waitFor(() => expect(acknowledged[channel]?.length).toBeGreaterThan(length));
    await isFlowing(moved, 20);
    await cluster().moveSlot(moved, from, to, () => isFlowing(stays, (acknowledged[stays]?.length ?? 0) + 20));
    const before = acknowledged[moved]?.length ?? 0;
    await isFlowing(moved, before + 20);
    await vi.waitFor(() => expect(two.events.interruptions).toEqual([[moved]]), { timeout: 15_000 });
    // Once named, nothing is missing any more.
    const since = acknowledged[moved]?.length ?? 0;
    await isFlowing(moved, since + 20);
    stop.abort();
    await Promise.all(flowing);
    await two.broker.probe();
    expect(two.events.values(stays)).toEqual(acknowledged[stays]);
    const values = two.events.values(moved);
    expect(acknowledged[moved]?.slice(since).every((value) => values.includes(value))).toBe(true);
    expect(new Set(values).size).toBe(values.length);
    const epochs = new Set(two.events.publications(moved).map(({ epoch }) => epoch));
    expect(epochs.size).toBeLessThanOrEqual(2);
  });

  test('G5: a slot is moved with its maps, which begin a new epoch and keep their keys', {
    timeout: 120_000,
  }, async () => {
    const { broker, events } = await started(made());
    const [from, to] = cluster().primaries;
    if (from === undefined || to === undefined) throw new Error('there are three');
    const channel = channelName(cluster().nameOn(from, 'map'));
    const set = (key: string, options: Partial<MapSetOptions> = {}) =>
      broker.maps.set(channel, { key, data }, { limits: { stream, maxKeys: 100 }, ...options });
    await broker.subscribe(channel);
    for (let n = 0; n < 20; n++) await set(`k${n}`, n % 2 === 0 ? {} : { ttlMs: 600_000 });
    const before = await set('last');
    const version = { version: before.position.offset, epoch: before.position.epoch };
    await cluster().moveSlot(channel, from, to);
    await vi.waitFor(() => expect(events.interruptions).toEqual([[channel]]), 15_000);
    const page = await broker.maps.page(channel, { after: 0, limit: 100 });
    expect(page.state.entries).toHaveLength(21);
    expect(page.top).toMatchObject({ offset: 21 });
    expect(page.top.epoch).not.toBe(before.position.epoch);
    expect(await set('last', { expected: version })).toMatchObject({ ok: false, why: 'version' });
    expect(await set('last', { expected: { ...version, epoch: page.top.epoch } })).toMatchObject({ ok: true });
    await broker.probe();
    expect(events.offsets(channel).at(-1)).toBe(22);
  });
});
