/** A Redis whose memory is full and that evicts nothing: what takes room is refused, what takes none goes on. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RedisServer, redisIsMissing } from '../../support/brokers/redis-server.js';
import { valkeyIsMissing, valkeyProgram } from '../../support/brokers/valkey.js';
import { channelName } from '../../support/engine/channel-name.js';

const ports = { clock: systemClock, random: systemRandom, log: silentLogger };
const stream = { size: 100, ttlMs: 60_000 };
const data = trustedJsonText('"hello"');
const news = channelName('news');
const young = channelName('young');
const plain = channelName('plain');
const info = (client: string) => ({ client, user: 'ada' });
const refused = { code: 'ERR_BROKER', retryable: true };

describe.each([
  { name: 'redis', program: undefined, isMissing: redisIsMissing },
  { name: 'valkey', program: valkeyProgram, isMissing: valkeyIsMissing },
])('$name that is full', ({ program, isMissing }) => {
  if (isMissing()) return;
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({
      ...(program !== undefined && { program }),
      config: ['maxmemory-policy noeviction'],
    });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('F15 G7: nothing that has to be kept is acknowledged, delivered or counted; what is there can be read', async () => {
    const events = new RecordedEvents();
    const broker = new RedisBroker({ url: server.url }, ports);
    await using client = await server.client();
    await broker.start(events);
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
    expect(events.publications(news).map(({ publication }) => publication.offset)).toEqual([1, 2]);
    await broker.close();
  });
});
