/** The Redis broker over Valkey: one server, a cluster, and sentinels. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { brokerSuite, controlChannelSuite } from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RedisCluster } from '../../support/brokers/redis-cluster.js';
import { WatchedRedis } from '../../support/brokers/redis-sentinels.js';
import { RedisServer } from '../../support/brokers/redis-server.js';
import { valkeyProgram as program, valkeyIsMissing } from '../../support/brokers/valkey.js';
import { channelName } from '../../support/engine/channel-name.js';
import { threeControls } from '../../support/engine/three-controls.js';

const ports = { clock: systemClock, random: systemRandom, log: silentLogger };
const stream = { size: 100, ttlMs: 60_000 };
const data = trustedJsonText('"hello"');
const framework = { describe, test };

describe.skipIf(valkeyIsMissing())('valkey', () => {
  let server: RedisServer;
  let cluster: RedisCluster;
  let count = 0;
  beforeAll(async () => {
    server = await RedisServer.start({ program });
    cluster = await RedisCluster.start({ program });
  }, 60_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  test('it is Valkey', async () => {
    await using client = await server.client();
    expect(String(await client.send(['INFO', 'server']))).toMatch(/^server_name:valkey/m);
  });

  brokerSuite({
    name: 'valkey, one server',
    framework,
    make: async () => {
      const broker = new RedisBroker({ url: server.url.replace('redis', 'valkey'), prefix: `test-${++count}` }, ports);
      return { broker, advance: (ms) => server.advance(ms), settle: () => broker.probe() };
    },
  });

  brokerSuite({
    name: 'valkey cluster',
    framework,
    make: async () => {
      const broker = new RedisBroker({ url: cluster.url.replace('redis', 'valkey'), prefix: `test-${++count}` }, ports);
      return { broker, advance: (ms) => cluster.advance(ms), settle: () => broker.probe() };
    },
  });

  controlChannelSuite({
    name: 'valkey cluster',
    framework,
    make: () => {
      const options = { url: cluster.url, prefix: `test-${++count}` };
      return threeControls(() => new RedisBroker(options, ports));
    },
  });

  test('G2 G5: a slot that is moved begins a new epoch, and its channel is named', async () => {
    const events = new RecordedEvents();
    const broker = new RedisBroker({ url: cluster.url, prefix: `test-${++count}` }, ports);
    await broker.start(events);
    const [from, to] = cluster.primaries;
    if (from === undefined || to === undefined) throw new Error('there are three');
    const channel = channelName(cluster.nameOn(from, 'm'));
    await broker.subscribe(channel);
    const before = await broker.publish(channel, { data }, { stream });
    await cluster.moveSlot(channel, from, to);
    await vi.waitFor(() => expect(events.interruptions).toEqual([[channel]]), { timeout: 15_000 });
    const after = await broker.publish(channel, { data }, { stream });
    expect(after.position.offset).toBe(2);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    await broker.probe();
    expect(events.publications(channel).map(({ publication }) => publication.offset)).toEqual([1, 2]);
    await broker.close();
  });

  test('F3 G5: sentinels name another primary when it dies', { timeout: 60_000 }, async () => {
    await using watched = await WatchedRedis.start({ program });
    const channel = channelName('news');
    const broker = new RedisBroker(watched.url.replace('redis', 'valkey'), ports);
    await broker.start(new RecordedEvents());
    const before = await broker.publish(channel, { data }, { stream });
    await watched.primary.kill();
    const after = await vi.waitFor(() => broker.publish(channel, { data }, { stream }), {
      timeout: 15_000,
      interval: 200,
    });
    expect(after.position.epoch).not.toBe(before.position.epoch);
    await broker.close();
  });
});
