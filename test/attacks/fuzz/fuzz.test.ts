/** B39, B43–B45, B55: inputs that are nearly right, from a fixed seed: the short form of `npm run test:fuzz`. */

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../chaos/seeded-random.js';
import { redisIsMissing } from '../../support/brokers/redis-server.js';
import { anyTarget, type FuzzTarget, fuzz } from './fuzzing.js';
import { mutatedJson } from './mutate-json.js';
import { PollingServer } from './polling.js';
import { commandsOf, TamperedRedis } from './redis.js';
import { targets } from './targets.js';

const seed = 1;

test.each(targets)('$name: $about', (target) => target.fuzz(seed, 4_000));

test('B39: a server that is polled answers whatever comes', async () => {
  await using server = await PollingServer.start();
  await anyTarget(server.target).fuzz(seed, 500);
});

test.skipIf(redisIsMissing())(
  'B39: what somebody has changed in Redis is told from what nodes have written',
  async () => {
    await using redis = await TamperedRedis.start();
    await anyTarget(redis.target).fuzz(seed, 300);
  },
);

describe('the fuzzing itself', () => {
  const numbers: FuzzTarget<string> = {
    name: 'numbers',
    about: '',
    corpus: ['{"a":1}'],
    mutate: mutatedJson,
    attack(text) {
      const value: unknown = text.includes('__proto__') ? 'found' : undefined;
      if (value !== undefined) throw new Error('it is there');
    },
  };

  test('finds what breaks, and says with which input', async () => {
    await expect(fuzz(numbers, seed, 10_000)).rejects.toMatchObject({
      target: 'numbers',
      input: expect.stringContaining('__proto__'),
    });
  });

  test('makes the same inputs of the same seed, and others of another', async () => {
    const inputsOf = async (from: number) => {
      const seen: string[] = [];
      await fuzz({ ...numbers, attack: (text: string) => seen.push(text) }, from, 500);
      return seen;
    };
    expect(await inputsOf(3)).toEqual(await inputsOf(3));
    expect(await inputsOf(3)).not.toEqual(await inputsOf(4));
  });

  // Chance made an object of the name of a command, of which no text could be made: the fuzzing broke, not what it fuzzed.
  test('takes whatever a list of commands has become', () => {
    expect(commandsOf('[[{"toString":"SET"},1,null,"x"],2,"GET",{}]')).toEqual([
      ['{"toString":"SET"}', '1', 'null', 'x'],
    ]);
    expect(commandsOf('[["SET"')).toEqual([]);
  });

  test('reaches deep: a change of a change is not lost', async () => {
    const depths: number[] = [];
    await fuzz({ ...numbers, attack: (text: string) => depths.push(text.split('{').length) }, seed, 5_000);
    expect(Math.max(...depths)).toBeGreaterThan(4);
    expect(new SeededRandom(seed).below(10)).toBe(new SeededRandom(seed).below(10));
  });
});
