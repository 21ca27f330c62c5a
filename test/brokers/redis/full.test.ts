/** A Redis whose memory is full and that evicts nothing: what takes room is refused, what takes none goes on. */

import { describe, expect, test } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RedisServer, redis7, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import { failure, json, ownPrefix, ports, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const data = json('hello');
const news = channelName('news');
const young = channelName('young');
const plain = channelName('plain');
const info = (client: string) => ({ client, user: 'ada' });
const refused = { ...failure, retryable: true };

describe.each([redis7, valkey])('$kind that is full', (kind) => {
  if (redisIsMissing(kind)) return test.skip('its program is missing');
  const server = shared(() => RedisServer.start({ ...kind, config: ['maxmemory-policy noeviction'] }));

  test('F15 G7: nothing that has to be kept is acknowledged, delivered or counted; what is there can be read', async () => {
    const { broker, events } = await started(new RedisBroker({ url: server().url, prefix: ownPrefix() }, ports));
    await using client = await server().client();
    await broker.subscribe(news);
    const before = await broker.publish(news, { data }, { stream, idempotencyKey: 'first' });
    await broker.presence.add(news, info('known'), 60_000);
    await client.send(['CONFIG', 'SET', 'maxmemory', '1mb']);

    const attempts = await Promise.allSettled([
      broker.publish(plain, { data }, {}),
      broker.publish(news, { data }, { stream }),
      broker.publish(news, { data }, { stream, idempotencyKey: 'first' }),
      broker.publish(news, { data }, { stream, idempotencyKey: 'second' }),
      broker.publish(plain, { data }, { idempotencyKey: 'third' }),
      broker.publish(young, { data }, { stream }),
      broker.publish(plain, { data }, {}),
    ]);
    expect(attempts).toMatchObject([
      { status: 'fulfilled' },
      { reason: refused },
      { value: { ...before, duplicate: true } },
      { reason: refused },
      { reason: refused },
      { reason: refused },
      { status: 'fulfilled' },
    ]);
    for (let i = 0; i < 6; i++) await expect(broker.publish(news, { data }, { stream })).rejects.toMatchObject(refused);
    await expect(broker.history.read(young, { limit: 0, reverse: false })).rejects.toMatchObject(refused);
    await expect(broker.presence.add(news, info('another'), 60_000)).rejects.toMatchObject(refused);
    await broker.presence.add(news, info('known'), 60_000);
    const page = await broker.history.read(news, { limit: 10, reverse: false });
    expect([page.top, page.publications.length]).toEqual([before.position, 1]);
    expect(await broker.presence.stats(news)).toEqual({ numClients: 1, numUsers: 1 });

    await client.send(['CONFIG', 'SET', 'maxmemory', '0']);
    const after = await broker.publish(news, { data }, { stream, idempotencyKey: 'second' });
    expect(after).toEqual({ position: { ...before.position, offset: 2 }, duplicate: false });
    await broker.probe();
    expect(events.offsets(news)).toEqual([1, 2]);
  });
});
