/** Letting go of clients at a pace. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countingRandom, FakeClock } from '../../test/support/engine/fake-clock.js';
import type { Clock, Random } from '../engine/ports/clock.js';
import type { Session } from '../engine/sessions/session.js';
import { closePaced, type Pace } from './shutdown.js';

interface Closed {
  readonly client: number;
  readonly code: number;
  readonly atMs: number;
}

async function closeAll(count: number, pace: Pace, random: Random = countingRandom()): Promise<readonly Closed[]> {
  const clock = new FakeClock();
  const closed: Closed[] = [];
  const sessions = Array.from({ length: count }, (_, client) => {
    const close = ({ code }: { readonly code: number }) => closed.push({ client, code, atMs: clock.nowMs() });
    // safe: closing is all that is done to them
    return { close } as unknown as Session;
  });
  const done = closePaced(sessions, { clock, random }, pace);
  await clock.advance(pace.withinMs);
  await done;
  expect(clock.numTimers).toBe(0);
  return closed;
}

/** Values of a generator with a seed: the same from run to run. */
function seededRandom(seed: number): Random {
  let state = seed;
  return {
    id: () => String(state),
    unit: () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state / 2_147_483_648;
    },
  };
}

/** The most that are closed in any second, wherever it begins. */
function mostPerSec(closed: readonly Closed[]): number {
  return Math.max(
    0,
    ...closed.map(({ atMs }) => closed.filter((one) => one.atMs >= atMs && one.atMs < atMs + 1_000).length),
  );
}

test('F12: without a rate it closes all with 3001, spread evenly over the time given', async () => {
  const closed = await closeAll(1_000, { withinMs: 10_000 });
  expect(closed).toHaveLength(1_000);
  expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([3001]));
  const perSecond = Array.from({ length: 10 }, (_, second) => {
    return closed.filter(({ atMs }) => atMs >= second * 1_000 && atMs < (second + 1) * 1_000).length;
  });
  for (const count of perSecond) expect(count).toBe(100);
});

test('F12: with a rate it is done as early as that allows', async () => {
  const closed = await closeAll(1_000, { withinMs: 10_000, clientsPerSec: 500 }, seededRandom(1));
  expect(mostPerSec(closed)).toBeLessThanOrEqual(502);
  expect(closed.at(-1)?.atMs).toBeGreaterThan(1_900);
  expect(closed.at(-1)?.atMs).toBeLessThanOrEqual(2_000);
});

test('the deadline wins over a rate that is too slow for it', async () => {
  const closed = await closeAll(1_000, { withinMs: 2_000, clientsPerSec: 10 }, seededRandom(2));
  expect(closed).toHaveLength(1_000);
  expect(mostPerSec(closed)).toBeLessThanOrEqual(502);
});

test('any number, rate and time: all in time, and no second has more than the rate that this needs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(400),
      fc.integer({ min: 500, max: 20_000 }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      async (count, withinMs, clientsPerSec, seed) => {
        const closed = await closeAll(count, { withinMs, clientsPerSec }, seededRandom(seed));
        expect(closed.map(({ client }) => client).sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
        // A second begins and ends within slots: one more at each end.
        expect(mostPerSec(closed)).toBeLessThanOrEqual(Math.max(clientsPerSec, (count * 1_000) / withinMs) + 2);
      },
    ),
    { numRuns: 50 },
  );
});

// On a node that the machine had left waiting for seconds, all that were overdue were closed in one turn: a storm.
test('F12: what was held up is not made up for in a burst, and all is done in time', async () => {
  const clock = new FakeClock();
  let stalledMs = 0;
  const nowMs = () => clock.nowMs() + stalledMs;
  const closed: Closed[] = [];
  const sessions = Array.from({ length: 1_000 }, (_, client) => {
    const close = ({ code }: { readonly code: number }) => {
      closed.push({ client, code, atMs: nowMs() });
      // Three times the process stands still for two seconds.
      if (closed.length % 250 === 0 && closed.length < 1_000) stalledMs += 2_000;
    };
    // safe: closing is all that is done to them
    return { close } as unknown as Session;
  });
  const stalling = { ...clock, nowMs, schedule: clock.schedule.bind(clock) } as unknown as Clock;
  const done = closePaced(
    sessions,
    { clock: stalling, random: seededRandom(5) },
    { withinMs: 18_000, clientsPerSec: 100 },
  );
  await clock.advance(18_000);
  await done;
  expect(closed).toHaveLength(1_000);
  expect(closed.at(-1)?.atMs).toBeLessThanOrEqual(18_100);
  expect(mostPerSec(closed)).toBeLessThanOrEqual(130);
});

test('nobody can tell when its turn is: neither the order of arrival nor the beat', async () => {
  const first = await closeAll(200, { withinMs: 20_000, clientsPerSec: 20 }, seededRandom(3));
  const second = await closeAll(200, { withinMs: 20_000, clientsPerSec: 20 }, seededRandom(4));
  const order = first.map(({ client }) => client);
  expect(order).not.toEqual([...order].sort((a, b) => a - b));
  expect(second.map(({ client }) => client)).not.toEqual(order);
  const gapsMs = first.slice(1).map(({ atMs }, n) => Math.round(atMs - (first[n]?.atMs ?? 0)));
  expect(new Set(gapsMs).size).toBeGreaterThan(20);
});

test.each([0, 1])('in %i ms there is no time to spread: all go at once', async (withinMs) => {
  const closed = await closeAll(100, { withinMs });
  expect(closed.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 100 }, () => 0));
});

test('a few clients do not wait for one another longer than they have to', async () => {
  const closed = await closeAll(3, { withinMs: 10_000 });
  expect(closed.map(({ atMs }) => atMs)).toEqual([25, 75, 125]);
});

test('without clients it is done at once', async () => {
  expect(await closeAll(0, { withinMs: 10_000 })).toEqual([]);
});
