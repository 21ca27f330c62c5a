/** The Redis broker over Valkey: one server, a cluster, and sentinels. */

import { describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RedisCluster } from '../../support/brokers/redis-cluster.js';
import { WatchedRedis } from '../../support/brokers/redis-sentinels.js';
import { RedisServer, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import { json, ownPrefix, ports, runSuites, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const data = json('hello');

describe.skipIf(redisIsMissing(valkey))('valkey', { timeout: 120_000 }, () => {
  const server = shared(() => RedisServer.start(valkey));
  const cluster = shared(() => RedisCluster.start(valkey));

  test('it is Valkey', async () => {
    await using client = await server().client();
    expect(String(await client.send(['INFO', 'server']))).toMatch(/^server_name:valkey/m);
  });

  runSuites({
    name: 'valkey, one server',
    make: (prefix, as) => new RedisBroker({ url: server().url.replace('redis', 'valkey'), prefix }, as),
    advance: (ms) => server().advance(ms),
  });

  runSuites({
    name: 'valkey cluster',
    make: (prefix, as) => new RedisBroker({ url: cluster().url.replace('redis', 'valkey'), prefix }, as),
    advance: (ms) => cluster().advance(ms),
  });

  test('G2 G5: a slot that is moved begins a new epoch, and its channel is named', async () => {
    const { broker, events } = await started(new RedisBroker({ url: cluster().url, prefix: ownPrefix() }, ports));
    const [from, to] = cluster().primaries;
    if (from === undefined || to === undefined) throw new Error('there are three');
    const channel = channelName(cluster().nameOn(from, 'm'));
    await broker.subscribe(channel);
    const before = await broker.publish(channel, { data }, { stream });
    await cluster().moveSlot(channel, from, to);
    await vi.waitFor(() => expect(events.interruptions).toEqual([[channel]]), 15_000);
    const after = await broker.publish(channel, { data }, { stream });
    expect(after.position.offset).toBe(2);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    await broker.probe();
    expect(events.offsets(channel)).toEqual([1, 2]);
  });

  test('F3 G5: sentinels name another primary when it dies', async () => {
    await using watched = await WatchedRedis.start(valkey);
    const channel = channelName('news');
    const { broker } = await started(new RedisBroker(watched.url.replace('redis', 'valkey'), ports));
    const before = await broker.publish(channel, { data }, { stream });
    await watched.primary.kill();
    const after = await vi.waitFor(() => broker.publish(channel, { data }, { stream }), 15_000);
    expect(after.position.epoch).not.toBe(before.position.epoch);
  });
});
