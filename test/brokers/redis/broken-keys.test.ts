/** Keys of channels that somebody else has written, or taken away, in a real Redis. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import type { Position } from '../../../src/model/position.js';
import { RedisServer, redis8, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import { json, ownPrefix, ports, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const [news, other, victim] = [channelName('news'), channelName('other'), channelName('victim')];

describe.skipIf(redisIsMissing())('redis, keys that are not what they should be', () => {
  const server = shared(RedisServer.start);

  async function begun() {
    const prefix = ownPrefix();
    const { broker, events } = await started(new RedisBroker({ url: server().url, prefix }, ports));
    const client = await server().client();
    onTestFinished(() => client[Symbol.asyncDispose]());
    const fill = async (n: number) => {
      let last: Position = { offset: 0, epoch: '' };
      for (let i = 1; i <= n; i++) last = (await broker.publish(news, { data: json(i) }, { stream })).position;
      return last;
    };
    return { broker, events, client, prefix, fill };
  }

  const breakages: Readonly<Record<string, (prefix: string) => string[][]>> = {
    'a place that is a text': (prefix) => [['SET', `${prefix}:place:{victim}`, 'x']],
    'a place without a number': (prefix) => [['HSET', `${prefix}:place:{victim}`, 'o', 'x', 'e', 'epoch']],
    'a stream that is a list': (prefix) => [['RPUSH', `${prefix}:stream:{victim}`, 'x']],
    'a stream ahead of its place': (prefix) => [['XADD', `${prefix}:stream:{victim}`, '9-0', 'p', '0:9']],
    'an idempotency key that is a list': (prefix) => [['RPUSH', `${prefix}:once:{victim}:k`, 'x']],
    'an idempotency key that names no place': (prefix) => [['SET', `${prefix}:once:{victim}:k`, 'x']],
  };

  test.each(Object.entries(breakages))(
    'B91 G7: %s fails its own channel alone, uses up no offset, and is mended by removing its history',
    async (_, commandsOf) => {
      const { broker, client, prefix, events } = await begun();
      await broker.subscribe(news);
      await broker.subscribe(victim);
      const before = await broker.publish(victim, { data: json(1) }, { stream });
      if (!commandsOf(prefix).some(([, key = '']) => key.includes(':once:')))
        await client.send(['DEL', `${prefix}:stream:{victim}`]);
      for (const command of commandsOf(prefix)) await client.send(command);
      const publish = (channel: typeof news, n: number, idempotencyKey?: string) =>
        broker.publish(channel, { data: json(n) }, { stream, ...(idempotencyKey && { idempotencyKey }) });
      const outcomes = await Promise.allSettled([
        publish(news, 1),
        publish(victim, 2, 'k'),
        publish(other, 3, 'k'),
        broker.publish(other, { data: json(4) }, {}),
        publish(news, 5),
        publish(other, 6, 'k'),
      ]);
      const fulfilled = (offset: number, duplicate = false) => ({ value: { position: { offset }, duplicate } });
      expect(outcomes).toMatchObject([
        fulfilled(1),
        { reason: { code: 'ERR_HISTORY_BROKEN', retryable: false, replyCode: 108 } },
        fulfilled(1),
        fulfilled(0),
        fulfilled(2),
        fulfilled(1, true),
      ]);
      await broker.history.remove(victim);
      await client.send(['DEL', `${prefix}:once:{victim}:k`]);
      const after = await publish(victim, 7, 'k');
      const expected = after.position.epoch === before.position.epoch ? before.position.offset + 1 : 1;
      expect(after.position.offset).toBe(expected);
      await broker.probe();
      expect(events.values(news)).toEqual([1, 5]);
      expect(events.values(victim)).toEqual([1, 7]);
    },
  );

  test('G7: a publication that one of its commands is forbidden for leaves nothing behind', async () => {
    const at = await begun();
    const { prefix, client } = at;
    const top = await at.fill(2);
    for (const forbidden of ['hset', 'pexpire', 'set', 'spublish']) {
      const user = ['ACL', 'SETUSER', 'narrow', 'reset', 'on', '>secret', '~*', '&*', '+@all', `-${forbidden}`];
      await client.send(user);
      const { broker } = await started(
        new RedisBroker({ url: server().url.replace('//', '//narrow:secret@'), prefix }, ports),
      );
      const failing = broker.publish(news, { data: json(3) }, { stream, idempotencyKey: 'k' });
      await expect(failing, forbidden).rejects.toMatchObject({ code: 'ERR_BROKER' });
      const page = await at.broker.history.read(news, { limit: 10, reverse: false, since: { ...top, offset: 0 } });
      expect([page.top, page.publications.map(({ data }) => data), page.continuous], forbidden).toEqual([
        top,
        ['1', '2'],
        true,
      ]);
    }
    const next = await at.broker.publish(news, { data: json(4) }, { stream, idempotencyKey: 'k' });
    expect(next).toEqual({ position: { ...top, offset: 3 }, duplicate: false });
  });

  test.each([redis8, valkey])(
    'G7: $kind takes no offset back: then the history goes, and the channel goes on',
    async (kind) => {
      if (redisIsMissing(kind)) return;
      await using other = await RedisServer.start(kind);
      await using client = await other.client();
      const { broker, events } = await started(new RedisBroker(other.url, ports));
      await broker.subscribe(news);
      const { position } = await broker.publish(news, { data: json(1) }, { stream });
      await client.send(['ACL', 'SETUSER', 'narrow', 'reset', 'on', '>secret', '~*', '&*', '+@all', '-spublish']);
      const narrow = await started(new RedisBroker(other.url.replace('//', '//narrow:secret@'), ports));
      for (let n = 0; n < 2; n++) {
        const failing = narrow.broker.publish(news, { data: json(2) }, { stream });
        await expect(failing).rejects.toMatchObject({ code: 'ERR_BROKER' });
      }
      const page = await broker.history.read(news, { limit: 10, reverse: false, since: { ...position, offset: 0 } });
      expect([page.top, page.continuous]).toEqual([position, false]);
      const next = await broker.publish(news, { data: json(3) }, { stream });
      expect(next).toEqual({ position: { ...position, offset: 2 }, duplicate: false });
      await broker.probe();
      expect(events.offsets(news)).toEqual([1, 2]);
    },
  );

  test.each([
    { gone: [8], from: 6, limit: 100, continuous: false },
    { gone: [7], from: 6, limit: 100, continuous: false },
    { gone: [9], from: 6, limit: 100, continuous: false },
    { gone: [7, 8, 9], from: 6, limit: 100, continuous: false },
    { gone: [7, 8, 9], from: 9, limit: 100, continuous: true },
    { gone: [5], from: 6, limit: 100, continuous: true },
    { gone: [9], from: 6, limit: 2, continuous: true },
    { gone: [8], from: 6, limit: 2, continuous: false },
  ])(
    'G4: deleted in the middle, $gone: from $from, at most $limit, continuous: $continuous',
    async ({ gone, from, limit, continuous }) => {
      const at = await begun();
      const top = await at.fill(9);
      await at.client.send(['XDEL', `${at.prefix}:stream:{news}`, ...gone.map((offset) => `${offset}-0`)]);
      const page = await at.broker.history.read(news, { limit, reverse: false, since: { ...top, offset: from } });
      expect(page.continuous).toBe(continuous);
    },
  );

  test('G4: backwards, what was deleted is missed as well', async () => {
    const at = await begun();
    const top = await at.fill(5);
    await at.client.send(['XDEL', `${at.prefix}:stream:{news}`, '3-0']);
    const read = async (offset: number) =>
      (await at.broker.history.read(news, { limit: 2, reverse: true, since: { ...top, offset } })).continuous;
    expect([await read(6), await read(5), await read(3)]).toEqual([true, false, true]);
  });

  test.each([
    ['cut off', ['p', '0:']],
    ['no JSON', ['p', '0:{"half":']],
    ['of another maker', ['field', 'value']],
    ['empty', ['p', '']],
    ['with a length that is none', ['p', 'x:1']],
  ])(
    'B91: an entry that is %s is told as a loss to those who come back, and as an error to those who read',
    async (_, fields) => {
      const at = await begun();
      const top = await at.fill(2);
      await at.client.send(['XADD', `${at.prefix}:stream:{news}`, '3-0', ...fields]);
      await at.client.send(['HSET', `${at.prefix}:place:{news}`, 'o', '3']);
      const page = await at.broker.history.read(news, { limit: 10, reverse: false, since: { ...top, offset: 1 } });
      expect([page.continuous, page.publications.map(({ data }) => data)]).toEqual([false, ['2']]);
      const reading = at.broker.history.read(news, { limit: 10, reverse: false });
      await expect(reading).rejects.toMatchObject({ code: 'ERR_HISTORY_BROKEN', retryable: false });
      expect((await at.broker.publish(news, { data: json(4) }, { stream })).position.offset).toBe(4);
    },
  );
});
