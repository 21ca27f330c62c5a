/** The Redis broker where sentinels say which server is the primary, and over several servers at once. */

import { describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { WatchedRedis } from '../../support/brokers/redis-sentinels.js';
import { RedisServer, redisIsMissing } from '../../support/brokers/redis-server.js';
import { failure, json, ownPrefix, ports, runSuites, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const channel = channelName('news');
const data = json('hello');

describe.skipIf(redisIsMissing())('redis with sentinels', { timeout: 120_000 }, () => {
  const watched = shared(() => WatchedRedis.start());

  runSuites({
    name: 'redis, sentinels',
    make: (prefix, as) => new RedisBroker({ url: watched().url, prefix }, as),
    advance: (ms) => watched().primary.advance(ms),
  });

  test('F3 G5: the primary dies: within 15 s publishing and delivery go on, in a new epoch', async () => {
    const { broker, events } = await started(new RedisBroker(watched().url, ports));
    await broker.subscribe(channel);
    const before = await broker.publish(channel, { data }, { stream });
    await watched().primary.kill();
    const died = performance.now();
    const after = await vi.waitFor(() => broker.publish(channel, { data }, { stream }), 15_000);
    await vi.waitFor(() => expect(events.interruptions).toContainEqual([channel]), 15_000);
    await broker.publish(channel, { data }, { stream });
    await broker.probe();
    expect(performance.now() - died).toBeLessThan(15_000);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    expect(events.publications(channel).at(-1)?.epoch).toBe(after.position.epoch);
  });

  test('F3 G7 G10: a server that has become a replica unnoticed is left, also by those who write nothing', async () => {
    await using demoted = await WatchedRedis.start({ numReplicas: 0 });
    await using other = await RedisServer.start();
    const { broker } = await started(new RedisBroker({ url: demoted.url, timeoutMs: 1_000 }, ports));
    await broker.subscribe(channel);
    await broker.publish(channel, { data }, {});
    await using client = await demoted.primary.client();
    // It would take both, and nobody elsewhere would ever hear of it.
    await client.send(['REPLICAOF', '127.0.0.1', `${other.port}`]);
    await vi.waitFor(async () => {
      await expect(broker.publish(channel, { data }, {})).rejects.toMatchObject(failure);
      await expect(broker.probe()).rejects.toMatchObject(failure);
    });
  });
});

describe.skipIf(redisIsMissing())('redis over several servers', () => {
  const servers = [1, 2, 3].map(() => shared(() => RedisServer.start()));
  const made = (prefix: string, as = ports) =>
    new RedisBroker({ url: servers.map((server) => server().url), prefix }, as);

  runSuites({
    name: 'redis, three servers',
    make: made,
    advance: (ms) => Promise.all(servers.map((server) => server().advance(ms))),
  });

  test('each has its share of the channels', async () => {
    const prefix = ownPrefix();
    const { broker } = await started(made(prefix));
    for (let n = 0; n < 300; n++) await broker.publish(channelName(`c:${n}`), { data }, { stream });
    const shares = await Promise.all(
      servers.map(async (server) => {
        await using client = await server().client();
        const keys = await client.send(['KEYS', `${prefix}:place:*`]);
        return Array.isArray(keys) ? keys.length : 0;
      }),
    );
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(300);
    for (const share of shares) expect(share).toBeGreaterThan(60);
  });
});
