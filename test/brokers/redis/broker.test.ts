/** The Redis broker against the suite, on a real server. */

import { describe, expect, test } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RedisServer, redisIsMissing } from '../../support/brokers/redis-server.js';
import { failure, json, ownPrefix, ports, runSuites, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const channel = channelName('news');
const text = json('hello');

describe.skipIf(redisIsMissing())('redis', () => {
  const server = shared(RedisServer.start);
  const made = (prefix = ownPrefix(), as = ports) => new RedisBroker({ url: server().url, prefix }, as);

  runSuites({ name: 'redis, one server', make: made, advance: (ms) => server().advance(ms) });

  test('G7: what cannot be reached is an error, at the start and later on, and never an acknowledgement', async () => {
    const other = await RedisServer.start();
    const { broker } = await started(new RedisBroker(other.url, ports));
    await other[Symbol.asyncDispose]();
    await expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure);
    await expect(broker.subscribe(channel)).rejects.toMatchObject(failure);
    await expect(broker.history.read(channel, { limit: 1, reverse: false })).rejects.toMatchObject(failure);
    await expect(broker.presence.stats(channel)).rejects.toMatchObject(failure);
    await expect(started(new RedisBroker(other.url, ports))).rejects.toMatchObject(failure);
  });

  test('publications of one turn come in the order of the calls, whatever is done with them, and one that fails stops no other', async () => {
    const prefix = ownPrefix();
    const { broker, events } = await started(made(prefix));
    await broker.subscribe(channel);
    await using client = await server().client();
    await client.send(['SET', `${prefix}:place:{broken}`, 'no hash']);
    const outcomes = await Promise.allSettled([
      broker.publish(channel, { data: json(1) }, {}),
      broker.publish(channel, { data: json(2) }, { stream }),
      broker.publish(channelName('broken'), { data: json(0) }, { stream }),
      broker.publish(channel, { data: json(3) }, { stream, idempotencyKey: 'once' }),
      broker.publish(channel, { data: json(4) }, { idempotencyKey: 'once' }),
      broker.publish(channel, { data: json(5) }, {}),
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
  });

  test('two fleets with different prefixes share a server without seeing each other', async () => {
    const { broker: one } = await started(made());
    const { broker: two, events } = await started(made());
    await two.subscribe(channel);
    await one.publish(channel, { data: text }, { stream });
    await two.probe();
    expect(events.values(channel)).toEqual([]);
    expect((await two.history.read(channel, { limit: 5, reverse: false })).top.offset).toBe(0);
  });

  test('a server whose functions were flushed gets them again', async () => {
    const { broker } = await started(made());
    await using client = await server().client();
    await client.send(['SCRIPT', 'FLUSH']);
    const { position } = await broker.publish(channel, { data: text }, { stream });
    expect(position.offset).toBe(1);
  });

  test('G5: a restart from disk begins a new epoch, and keeps what there is', async () => {
    await using other = await RedisServer.start({ config: ['appendonly yes', 'appendfsync always'] });
    const { broker } = await started(new RedisBroker(other.url, ports));
    const before = await broker.publish(channel, { data: text }, { stream });
    await broker.close();
    await other.startAgain();
    const { broker: later } = await started(new RedisBroker(other.url, ports));
    const page = await later.history.read(channel, { limit: 5, reverse: false, since: before.position });
    expect(page.continuous).toBe(false);
    expect(page.top.epoch).not.toBe(before.position.epoch);
    expect((await later.history.read(channel, { limit: 5, reverse: false })).publications).toHaveLength(1);
    const after = await later.publish(channel, { data: text }, { stream });
    expect(after.position).toEqual({ offset: 2, epoch: page.top.epoch });
  });

  test('G5: FLUSHALL begins a new epoch', async () => {
    const { broker } = await started(made());
    const before = await broker.publish(channel, { data: text }, { stream });
    await using client = await server().client();
    await client.send(['FLUSHALL']);
    const after = await broker.publish(channel, { data: text }, { stream });
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(before.position.epoch);
  });
});
