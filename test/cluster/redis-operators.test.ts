/**
 * G2, G4, G5: what people do to a Redis by hand, under two nodes with 200 publications a second: what is lost by it is told
 * to those who are there and to those who come back, and the rest goes on.
 */

import { describe, expect, test, vi } from 'vitest';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { underLoad } from './under-load.js';

const channels = ['chat:a', 'chat:b', 'chat:c', 'chat:d'];
const [stream, place] = ['fanfare:stream:{chat:a}', 'fanfare:place:{chat:a}'];

interface Deed {
  readonly commands: readonly (readonly string[])[];
  /** Those who are there are told, since the epoch has changed. Default: nobody notices. */
  readonly isTold?: boolean;
}

const deeds: Readonly<Record<string, Deed>> = {
  'the functions are forgotten (SCRIPT FLUSH)': { commands: [['SCRIPT', 'FLUSH']] },
  'the log is written anew': { commands: [['BGREWRITEAOF']] },
  'the statistics are reset': { commands: [['CONFIG', 'RESETSTAT']] },
  'the history is told to expire': { commands: [['PEXPIRE', stream, '1']] },
  'the history is renamed': { commands: [['RENAME', stream, 'elsewhere']] },
  'the history is cut': { commands: [['XTRIM', stream, 'MAXLEN', '1']] },
  'its newest entries are deleted': {
    commands: [
      [
        'EVAL',
        `for _, e in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 3)) do redis.call('XDEL', KEYS[1], e[1]) end`,
        '1',
        stream,
      ],
    ],
  },
  'the place is deleted': { commands: [['DEL', place]], isTold: true },
  'the place is evicted with all else that fits (allkeys-lru)': {
    commands: [
      ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'],
      ['CONFIG', 'SET', 'maxmemory', '1'],
      ['PING'],
      ['CONFIG', 'SET', 'maxmemory', '0'],
    ],
    isTold: true,
  },
  'everything is deleted': { commands: [['FLUSHALL']], isTold: true },
  'connections are killed': { commands: [['CLIENT', 'KILL', 'TYPE', 'pubsub']] },
};

describe.skipIf(redisIsMissing())('two nodes over a Redis whose operator', () => {
  test('does one thing after the other', { timeout: 180_000 }, async () => {
    await using redis = await RedisServer.start({ config: ['appendonly yes'] });
    await using client = await redis.client();
    const { fleet, goOn, judged } = await underLoad(redis.url, channels);
    for (const [name, { commands, isTold = false }] of Object.entries(deeds)) {
      const before = fleet.signals('chat:a');
      await fleet.during(name, { losesHistory: 'all' }, async () => {
        // In one turn: a publication that comes between finds no room, or the place made anew.
        await Promise.all(commands.map((command) => client.send(command)));
        await goOn();
        if (isTold) {
          await vi.waitFor(() => {
            for (const [n, signals] of fleet.signals('chat:a').entries())
              expect(signals, name).toBeGreaterThan(before[n] ?? 0);
          }, 20_000);
        } else if (!name.startsWith('connections')) expect(fleet.signals('chat:a'), name).toEqual(before);
      });
      await goOn();
      // Whoever reads has what was published since, in order and without a hole.
      // safe: the API's own answer
      const { result } = (await fleet.call(0, 'history', { channel: 'chat:a', limit: 5, reverse: true })) as {
        result: { offset: number; publications: { offset: number }[] };
      };
      const offsets = result.publications.map(({ offset }) => offset);
      expect(offsets, name).toEqual([0, 1, 2, 3, 4].map((n) => result.offset - n));
    }
    await judged();
  });
});
