/** The Redis broker where sentinels say which server is the primary, and over several servers at once. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { brokerSuite } from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { WatchedRedis } from '../../support/brokers/redis-sentinels.js';
import { RedisServer, redisIsMissing } from '../../support/brokers/redis-server.js';
import { channelName } from '../../support/engine/channel-name.js';

const ports = { clock: systemClock, random: systemRandom, log: silentLogger };
const stream = { size: 100, ttlMs: 60_000 };
const channel = channelName('news');
const data = trustedJsonText('"hello"');

describe.skipIf(redisIsMissing())('redis with sentinels', () => {
  let watched: WatchedRedis;
  let count = 0;
  beforeAll(async () => {
    watched = await WatchedRedis.start();
  });
  afterAll(() => watched[Symbol.asyncDispose]());

  brokerSuite({
    name: 'redis, sentinels',
    framework: { describe, test },
    make: async () => {
      const broker = new RedisBroker({ url: watched.url, prefix: `test-${++count}` }, ports);
      return { broker, advance: (ms) => watched.primary.advance(ms), settle: () => broker.probe() };
    },
  });

  test('F3 G5: the primary dies: within 15 s publishing and delivery go on, in a new epoch', {
    timeout: 60_000,
  }, async () => {
    const events = new RecordedEvents();
    const broker = new RedisBroker(watched.url, ports);
    await broker.start(events);
    await broker.subscribe(channel);
    const before = await broker.publish(channel, { data }, { stream });
    await watched.primary.kill();
    const died = performance.now();
    const after = await vi.waitFor(() => broker.publish(channel, { data }, { stream }), {
      timeout: 15_000,
      interval: 200,
    });
    await vi.waitFor(() => expect(events.interruptions).toContainEqual([channel]), { timeout: 15_000 });
    await broker.publish(channel, { data }, { stream });
    await broker.probe();
    expect(performance.now() - died).toBeLessThan(15_000);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    expect(events.publications(channel).at(-1)?.epoch).toBe(after.position.epoch);
    await broker.close();
  });

  test('F3 G7 G10: a server that has become a replica unnoticed is left, also by those who write nothing', {
    timeout: 60_000,
  }, async () => {
    await using demoted = await WatchedRedis.start({ numReplicas: 0 });
    await using other = await RedisServer.start();
    const broker = new RedisBroker({ url: demoted.url, timeoutMs: 1_000 }, ports);
    await broker.start(new RecordedEvents());
    await broker.subscribe(channel);
    await broker.publish(channel, { data }, {});
    await using client = await demoted.primary.client();
    // It would take both, and nobody elsewhere would ever hear of it.
    await client.send(['REPLICAOF', '127.0.0.1', `${other.port}`]);
    await vi.waitFor(
      async () => {
        await expect(broker.publish(channel, { data }, {})).rejects.toMatchObject({ code: 'ERR_BROKER' });
        await expect(broker.probe()).rejects.toMatchObject({ code: 'ERR_BROKER' });
      },
      { timeout: 10_000, interval: 100 },
    );
    await broker.close();
  });
});

describe.skipIf(redisIsMissing())('redis over several servers', () => {
  let servers: RedisServer[];
  let count = 0;
  beforeAll(async () => {
    servers = await Promise.all([RedisServer.start(), RedisServer.start(), RedisServer.start()]);
  });
  afterAll(() => Promise.all(servers.map((server) => server[Symbol.asyncDispose]())));

  function made() {
    return new RedisBroker({ url: servers.map(({ url }) => url), prefix: `test-${++count}` }, ports);
  }

  brokerSuite({
    name: 'redis, three servers',
    framework: { describe, test },
    make: async () => {
      const broker = made();
      const advance = async (ms: number) => void (await Promise.all(servers.map((server) => server.advance(ms))));
      return { broker, advance, settle: () => broker.probe() };
    },
  });

  test('each has its share of the channels', async () => {
    const broker = made();
    await broker.start(new RecordedEvents());
    for (let n = 0; n < 300; n++) await broker.publish(channelName(`c:${n}`), { data }, { stream });
    const shares = await Promise.all(
      servers.map(async (server) => {
        await using client = await server.client();
        const keys = await client.send(['KEYS', `test-${count}:place:*`]);
        return Array.isArray(keys) ? keys.length : 0;
      }),
    );
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(300);
    for (const share of shares) expect(share).toBeGreaterThan(60);
    await broker.close();
  });
});
