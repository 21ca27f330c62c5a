/** The rates of one connection and of one user. */

import { beforeEach, describe, expect, test } from 'vitest';
import { Counters } from '../ports/counters.js';
import { defaultLimits, type EngineLimits } from '../ports/limits.js';
import { type Excess, hasLimits, isSamePlan, Rates, ratesOfConnection, ratesOfUser } from './rates.js';

const unlimited: EngineLimits = {
  ...defaultLimits,
  commandsPerSec: 0,
  publicationsPerSec: 0,
  subscribesPerSec: 0,
  commandsPerSecPerUser: 0,
  publicationsPerSecPerUser: 0,
  subscribesPerSecPerUser: 0,
};

function outcomeOf(excess: Excess | undefined): 'ok' | 'over' | 'flood' {
  if (excess === undefined) return 'ok';
  return excess.isFlood ? 'flood' : 'over';
}

function takeMany(rates: Rates, kind: 'publish' | 'subscribe' | 'ping', count: number, nowMs = 0) {
  const counts = { ok: 0, over: 0, flood: 0 };
  for (let i = 0; i < count; i++) counts[outcomeOf(rates.take(kind, nowMs))]++;
  return counts;
}

let counters: Counters;
beforeEach(() => (counters = new Counters()));

describe('rates', () => {
  test('of 0 limit nothing', () => {
    for (const rates of [
      new Rates(ratesOfConnection(unlimited, counters)),
      new Rates(ratesOfUser(unlimited, counters)),
    ]) {
      expect(takeMany(rates, 'publish', 10_000).ok).toBe(10_000);
      expect(takeMany(rates, 'subscribe', 10_000).ok).toBe(10_000);
      expect(rates.takeControl(0)).toBeUndefined();
    }
  });

  test('B49: of commands: refuse beyond the burst, and call as much again a flood', () => {
    const rates = new Rates(ratesOfConnection({ ...unlimited, commandsPerSec: 10, commandBurst: 20 }, counters));
    expect(takeMany(rates, 'ping', 60)).toEqual({ ok: 20, over: 19, flood: 21 });
    expect([...counters.rateLimited]).toEqual([['commandsPerSec', 40]]);
  });

  test('B36: control frames and commands are in one budget', () => {
    const rates = new Rates(ratesOfConnection({ ...unlimited, commandsPerSec: 10, commandBurst: 2 }, counters));
    const taken = [rates.takeControl(0), rates.take('ping', 0), rates.takeControl(0)];
    expect(taken.map(outcomeOf)).toEqual(['ok', 'ok', 'over']);
  });

  test.each([
    ['publish', { publicationsPerSec: 10 }, 50],
    ['subscribe', { subscribesPerSec: 10, maxChannelsPerConnection: 7 }, 57],
  ] as const)(
    'of %s: refuse what is too much, never as a flood, and leave other commands alone',
    (kind, limits, burst) => {
      const rates = new Rates(ratesOfConnection({ ...unlimited, ...limits }, counters));
      expect(takeMany(rates, kind, 500)).toEqual({ ok: burst, over: 500 - burst, flood: 0 });
      expect(rates.take('ping', 0)).toBeUndefined();
      const [limit] = Object.keys(limits);
      expect([...counters.rateLimited]).toEqual([[limit, 500 - burst]]);
    },
  );

  // Refused publications once counted too: a client that stayed slightly too fast never published again.
  test('a client that publishes at twice its rate gets half of it through, for as long as it goes on', () => {
    const rates = new Rates(ratesOfConnection({ ...unlimited, publicationsPerSec: 10 }, counters));
    let accepted = 0;
    for (let ms = 0; ms < 60_000; ms += 50) if (rates.take('publish', ms) === undefined) accepted++;
    expect(accepted).toBeGreaterThanOrEqual(600);
    expect(accepted).toBeLessThanOrEqual(650);
  });

  test('of a user are others than those of its connections', () => {
    const limits = { ...unlimited, commandsPerSecPerUser: 1, publicationsPerSecPerUser: 2, subscribesPerSecPerUser: 3 };
    // Beyond the burst they are refused, and no connection is closed for what the user's others do.
    expect(takeMany(new Rates(ratesOfUser(limits, counters)), 'ping', 20)).toEqual({ ok: 5, over: 15, flood: 0 });
    const only = (more: Partial<EngineLimits>) => new Rates(ratesOfUser({ ...unlimited, ...more }, counters));
    expect(takeMany(only({ publicationsPerSecPerUser: 2 }), 'publish', 20)).toEqual({ ok: 10, over: 10, flood: 0 });
    expect(takeMany(only({ subscribesPerSecPerUser: 3 }), 'subscribe', 20)).toEqual({ ok: 15, over: 5, flood: 0 });
    expect([...counters.rateLimited]).toEqual([
      ['commandsPerSecPerUser', 15],
      ['publicationsPerSecPerUser', 10],
      ['subscribesPerSecPerUser', 5],
    ]);
  });

  test.each([
    [{}, false],
    [{ commandsPerSecPerUser: 1 }, true],
    [{ publicationsPerSecPerUser: 1 }, true],
    [{ subscribesPerSecPerUser: 1 }, true],
  ])('of a user that are %o: there is something to count: %s', (limits, expected) => {
    expect(hasLimits(ratesOfUser({ ...unlimited, ...limits }, counters))).toBe(expected);
  });
});

test('what was exceeded is named', () => {
  const limits = {
    ...unlimited,
    commandsPerSec: 1,
    commandBurst: 3,
    publicationsPerSec: 0.2,
    subscribesPerSec: 0.2,
    maxChannelsPerConnection: 0,
  };
  const rates = new Rates(ratesOfConnection(limits, counters));
  const kinds = ['publish', 'publish', 'subscribe', 'subscribe', 'ping', 'ping'] as const;
  const names = kinds.map((kind, i) => rates.take(kind, i < 2 ? 0 : 2_000)?.limit.name);
  expect(names).toEqual([undefined, 'publicationsPerSec', undefined, 'subscribesPerSec', undefined, 'commandsPerSec']);
  expect(rates.takeControl(2_000)?.limit).toEqual({ name: 'commandsPerSec', perSec: 1, burst: 3 });
});

describe('two plans', () => {
  const some: EngineLimits = { ...unlimited, commandsPerSec: 10, publicationsPerSec: 10, subscribesPerSec: 10 };
  const plan = (more: Partial<EngineLimits> = {}) => ratesOfConnection({ ...some, ...more }, counters);

  test('are the same with the same rates and bursts', () => {
    expect(isSamePlan(plan(), plan({ commandsPerSecPerUser: 1 }))).toBe(true);
    expect(isSamePlan(ratesOfUser(unlimited, counters), ratesOfUser(unlimited, counters))).toBe(true);
  });

  test.each([
    { commandsPerSec: 11 },
    { commandBurst: some.commandBurst + 1 },
    { publicationsPerSec: 11 },
    { subscribesPerSec: 11 },
    { maxChannelsPerConnection: some.maxChannelsPerConnection + 1 },
    { commandsPerSec: 0 },
    { publicationsPerSec: 0 },
    { subscribesPerSec: 0 },
  ])('are not with %o', (more) => {
    expect(isSamePlan(plan(), plan(more))).toBe(false);
    expect(isSamePlan(plan(more), plan())).toBe(false);
  });
});
