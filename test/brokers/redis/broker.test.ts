/** The Redis broker against the suite, on a real server. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { brokerSuite, controlChannelSuite } from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RedisServer, redisIsMissing } from '../../support/brokers/redis-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { threeControls } from '../../support/engine/three-controls.js';

const channel = channelName('news');
const text = trustedJsonText('"hello"');
const ports = { clock: systemClock, random: systemRandom, log: silentLogger };

describe.skipIf(redisIsMissing())('redis', () => {
  let server: RedisServer;
  let count = 0;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  function made() {
    return new RedisBroker({ url: server.url, prefix: `test-${++count}` }, ports);
  }

  brokerSuite({
    name: 'redis, one server',
    framework: { describe, test },
    make: async () => {
      const broker = made();
      return { broker, advance: (ms) => server.advance(ms), settle: () => broker.probe() };
    },
  });

  controlChannelSuite({
    name: 'redis, one server',
    framework: { describe, test },
    make: () => {
      const prefix = `test-${++count}`;
      return threeControls(() => new RedisBroker({ url: server.url, prefix }, ports));
    },
  });

  test('G7: what cannot be reached is an error, at the start and later on, and never an acknowledgement', async () => {
    const other = await RedisServer.start();
    const broker = new RedisBroker(other.url, ports);
    await broker.start(new RecordedEvents());
    await other[Symbol.asyncDispose]();
    const failure = { code: 'ERR_BROKER' };
    await expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure);
    await expect(broker.subscribe(channel)).rejects.toMatchObject(failure);
    await expect(broker.history.read(channel, { limit: 1, reverse: false })).rejects.toMatchObject(failure);
    await expect(broker.presence.stats(channel)).rejects.toMatchObject(failure);
    await broker.close();
    await expect(new RedisBroker(other.url, ports).start(new RecordedEvents())).rejects.toMatchObject(failure);
  });

  test('publications of one turn come in the order of the calls, whatever is done with them, and one that fails stops no other', async () => {
    const prefix = `test-${++count}`;
    const broker = new RedisBroker({ url: server.url, prefix }, ports);
    const events = new RecordedEvents();
    await broker.start(events);
    await broker.subscribe(channel);
    await using client = await server.client();
    await client.send(['SET', `${prefix}:place:{broken}`, 'no hash']);
    const stream = { size: 5, ttlMs: 60_000 };
    const outcomes = await Promise.allSettled([
      broker.publish(channel, { data: trustedJsonText('1') }, {}),
      broker.publish(channel, { data: trustedJsonText('2') }, { stream }),
      broker.publish(channelName('broken'), { data: trustedJsonText('0') }, { stream }),
      broker.publish(channel, { data: trustedJsonText('3') }, { stream, idempotencyKey: 'once' }),
      broker.publish(channel, { data: trustedJsonText('4') }, { idempotencyKey: 'once' }),
      broker.publish(channel, { data: trustedJsonText('5') }, {}),
    ]);
    await broker.probe();
    const fulfilled = (offset: number, duplicate = false) => ({ value: { position: { offset }, duplicate } });
    expect(outcomes).toMatchObject([
      fulfilled(0),
      fulfilled(1),
      { status: 'rejected', reason: { code: 'ERR_HISTORY_BROKEN', retryable: false } },
      fulfilled(2),
      fulfilled(2, true),
      fulfilled(0),
    ]);
    expect(events.values(channel)).toEqual([1, 2, 3, 5]);
    await broker.close();
  });

  test('two fleets with different prefixes share a server without seeing each other', async () => {
    const [one, two] = [made(), made()];
    const events = new RecordedEvents();
    await one.start(new RecordedEvents());
    await two.start(events);
    await two.subscribe(channel);
    await one.publish(channel, { data: text }, { stream: { size: 5, ttlMs: 60_000 } });
    await two.probe();
    expect(events.values(channel)).toEqual([]);
    expect((await two.history.read(channel, { limit: 5, reverse: false })).top.offset).toBe(0);
    await Promise.all([one.close(), two.close()]);
  });

  test('a server whose functions were flushed gets them again', async () => {
    const broker = made();
    await broker.start(new RecordedEvents());
    await using client = await server.client();
    await client.send(['SCRIPT', 'FLUSH']);
    const { position } = await broker.publish(channel, { data: text }, { stream: { size: 5, ttlMs: 60_000 } });
    expect(position.offset).toBe(1);
    await broker.close();
  });

  test('G5: a restart from disk begins a new epoch, and keeps what there is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fanfare-redis-'));
    const config = ['appendonly yes', 'appendfsync always'];
    const first = await RedisServer.start({ folder, config });
    const stream = { size: 5, ttlMs: 60_000 };
    const broker = new RedisBroker(first.url, ports);
    await broker.start(new RecordedEvents());
    const before = await broker.publish(channel, { data: text }, { stream });
    await broker.close();
    await first[Symbol.asyncDispose]();
    await using second = await RedisServer.start({ folder, config });
    const later = new RedisBroker(second.url, ports);
    await later.start(new RecordedEvents());
    const page = await later.history.read(channel, { limit: 5, reverse: false, since: before.position });
    expect(page.continuous).toBe(false);
    expect(page.top.epoch).not.toBe(before.position.epoch);
    expect((await later.history.read(channel, { limit: 5, reverse: false })).publications).toHaveLength(1);
    const after = await later.publish(channel, { data: text }, { stream });
    expect(after.position).toEqual({ offset: 2, epoch: page.top.epoch });
    await later.close();
    await rm(folder, { recursive: true });
  });

  test('G5: FLUSHALL begins a new epoch', async () => {
    const broker = made();
    await broker.start(new RecordedEvents());
    const stream = { size: 5, ttlMs: 60_000 };
    const before = await broker.publish(channel, { data: text }, { stream });
    await using client = await server.client();
    await client.send(['FLUSHALL']);
    const after = await broker.publish(channel, { data: text }, { stream });
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    await broker.close();
  });
});
