/** G8: keys of presence that somebody else has written, deleted or let be evicted: right again with the next renewal. */

import { describe, expect, test } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RedisServer, redis7, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import { ports, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const news = channelName('news');
const all = [
  { client: 'a1', user: 'ada' },
  { client: 'a2', user: 'ada' },
  { client: 'b1', user: 'bob' },
];

const key = (kind: string) => `fanfare:${kind}:{news}`;
const breakages: Readonly<Record<string, string[]>> = {
  'the times are gone': ['DEL', key('clients')],
  'the clients are gone': ['DEL', key('members')],
  'the users are gone': ['DEL', key('users')],
  'one client is gone': ['HDEL', key('members'), 'a1'],
  'one time is gone': ['ZREM', key('clients'), 'b1'],
  'the times are a text': ['SET', key('clients'), 'x'],
  'the clients are a list': ['RESTORE', key('members'), '0', '', 'REPLACE'],
  'the users are a text': ['SET', key('users'), 'x'],
  'a client was never there': ['HSET', key('members'), 'ghost', 'boo'],
  'a client has a length that is none': ['HSET', key('members'), 'ghost', '9999999:x'],
  'a time was never there': ['ZADD', key('clients'), '99999999999999', 'ghost'],
  'everything is gone': ['FLUSHALL'],
};

describe.each([redis7, valkey])('presence in $kind', (kind) => {
  if (redisIsMissing(kind)) return test.skip('its program is missing');
  const server = shared(() => RedisServer.start(kind));

  test.each(Object.entries(breakages))('%s', async (_, command) => {
    await using client = await server().client();
    await client.send(['FLUSHALL']);
    const { presence } = (await started(new RedisBroker(server().url, ports))).broker;
    const renew = async () => {
      for (const info of all) await presence.add(news, info, 60_000);
    };
    await renew();
    if (command[0] === 'RESTORE') {
      await client.send(['DEL', key('members')]);
      await client.send(['RPUSH', key('members'), 'x']);
    } else await client.send(command);
    await presence.list(news, 10);
    await renew();
    const listed = (await presence.list(news, 10)).map((info) => info.client).sort();
    const stats = await presence.stats(news);
    // What has the form of an entry, and is none, goes when its time is over.
    const numGhosts = command.includes('9999999:x') ? 1 : 0;
    expect([listed, stats.numClients - numGhosts]).toEqual([['a1', 'a2', 'b1'], 3]);
    if (numGhosts === 0) expect(stats.numUsers).toBe(2);
    for (const info of all) await presence.remove(news, info.client);
    if (numGhosts === 0) expect(await client.send(['KEYS', 'fanfare:*{news}*'])).toEqual([]);
  });
});
