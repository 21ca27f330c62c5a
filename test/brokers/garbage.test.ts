/** What somebody else publishes where nodes speak with each other: passed over, and told once, not each time. */

import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { LocalBroker } from '../../src/brokers/local/broker.js';
import { LocalBrokerHost } from '../../src/brokers/local/host.js';
import { NatsBroker } from '../../src/brokers/nats/broker.js';
import { RabbitmqBroker } from '../../src/brokers/rabbitmq/broker.js';
import { RedisBroker } from '../../src/brokers/redis/broker.js';
import { RecordedEvents } from '../../src/conformance/recorded-events.js';
import { Cluster } from '../../src/engine/cluster/cluster.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../src/server/system-ports.js';
import { NatsServer, natsIsMissing } from '../support/brokers/nats-server.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../support/brokers/rabbitmq-server.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { channelName } from '../support/engine/channel-name.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { testFolder } from '../support/programs/test-folder.js';

const news = channelName('news');
const numTimes = 50;
/** Of them, those with a space could come from a node that calls itself so. */
const texts = [
  '',
  'garbage',
  '{"format":1}',
  'p1:x',
  ' hello',
  'somebody {"format":1,"kind":"beat"}',
  'somebody hello',
];

type Say = (place: 'data' | 'control', text: string) => Promise<unknown>;

const brokers = {
  redis: {
    isMissing: redisIsMissing,
    async start(log: RecordedLog) {
      const server = await RedisServer.start();
      const client = await server.client();
      const broker = new RedisBroker(server.url, { clock: systemClock, random: systemRandom, log });
      const say: Say = (place, text) =>
        client.send(['SPUBLISH', place === 'data' ? 'fanfare:bus:{news}' : 'fanfare:control:{control}:', text]);
      return { server, broker, say, end: () => client[Symbol.asyncDispose]() };
    },
  },
  nats: {
    isMissing: natsIsMissing,
    async start(log: RecordedLog) {
      const server = await NatsServer.start();
      const connection = await server.connection();
      const broker = new NatsBroker(server.url, { clock: systemClock, random: systemRandom, log });
      const say: Say = async (place, text) => {
        connection.publish(place === 'data' ? 'fanfare.p.news' : 'fanfare.c.all', text);
        await connection.flush();
      };
      return { server, broker, say, end: () => connection.close() };
    },
  },
  rabbitmq: {
    isMissing: rabbitmqIsMissing,
    async start(log: RecordedLog) {
      const server = await RabbitmqServer.start();
      const client = await server.client();
      const broker = new RabbitmqBroker(server.url, { clock: systemClock, random: systemRandom, log });
      const say: Say = async (place, text) => {
        const [exchange, key] = place === 'data' ? ['fanfare.publications', 'news'] : ['fanfare.nodes', 'all'];
        client.channel.publish(exchange, key, Buffer.from(text));
      };
      return { server, broker, say, end: () => client[Symbol.asyncDispose]() };
    },
  },
} as const;

describe.each(Object.entries(brokers))('%s', (_, { isMissing, start }) => {
  if (isMissing()) return test.skip('its program is missing');

  test('garbage in a channel and between nodes is one line each, and disturbs nothing', {
    timeout: 180_000,
  }, async () => {
    const log = new RecordedLog();
    const { server, broker, say, end } = await start(log);
    const events = new RecordedEvents();
    await broker.start(events);
    await broker.subscribe(news);
    const cluster = new Cluster({
      ...{ nodeId: 'node', clock: systemClock, random: systemRandom, log, control: broker.control },
      summary: () => ({
        ...{ id: 'node', version: '1', numClients: 0, numUsers: 0, numSubscriptions: 0, numChannels: 0, uptimeSec: 0 },
      }),
      silenceWithin: () => 0,
    });
    await cluster.start();
    for (const place of ['data', 'control'] as const)
      for (let n = 0; n < numTimes; n++) for (const text of texts) await say(place, text);
    await vi.waitFor(async () => {
      await broker.publish(news, { data: trustedJsonText('1') }, {});
      expect(events.values(news)).toContain(1);
    });
    await vi.waitFor(() => {
      const told = log.lines.filter(({ message }) => message.includes('make no sense'));
      expect(told.map(({ fields }) => fields.count)).toEqual(broker instanceof RabbitmqBroker ? [1] : [1, 1]);
    });
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(cluster.size).toBe(0);
    await cluster.close(1_000);
    await broker.close();
    await end();
    await server[Symbol.asyncDispose]();
  });
});

test('who sends garbage to the broker of one machine is cut off with a line, and nobody else notices', async () => {
  const path = join(testFolder(), 'broker.sock');
  const log = new RecordedLog();
  const host = new LocalBrokerHost({ clock: systemClock, random: systemRandom }, log);
  await host.listen(path);
  const broker = new LocalBroker({ path, clock: systemClock });
  await broker.start(new RecordedEvents());
  for (const text of ['garbage\n', 'null\n', '17\n', '{"id":1\n']) {
    const stranger = createConnection(path);
    stranger.on('error', () => undefined);
    const closed = once(stranger, 'close');
    stranger.write(text);
    await closed;
  }
  await broker.probe();
  expect(log.errors).toHaveLength(4);
  await broker.close(1_000);
  await host.close();
});
