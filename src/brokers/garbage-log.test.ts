import { expect, test } from 'vitest';
import { countingRandom, FakeClock } from '../../test/support/engine/fake-clock.js';
import { type Logger, silentLogger } from '../engine/ports/logger.js';
import { GarbageLog } from './garbage-log.js';

test('a flood of garbage is one line at once and one a minute, with how often it came', async () => {
  const clock = new FakeClock();
  const counts: unknown[] = [];
  const warn: Logger['warn'] = (fields: unknown) => {
    if (typeof fields === 'object' && fields !== null && 'count' in fields) counts.push(fields.count);
  };
  const garbage = new GarbageLog('redis', { clock, random: countingRandom(), log: { ...silentLogger, warn } });
  for (let i = 0; i < 1_000; i++) {
    garbage.found(new Error('not a message of a node'), 'news');
    await clock.advance(100);
  }
  expect(counts).toEqual([1, 599]);
  await clock.advance(600_000);
  expect(counts).toEqual([1, 599, 400]);
  garbage.found(new Error('again'), 'news');
  expect(counts).toHaveLength(4);
  garbage.close();
});
