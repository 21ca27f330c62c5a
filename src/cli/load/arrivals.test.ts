import { expect, test } from 'vitest';
import { Arrivals } from './arrivals.js';
import { SeededRandom } from './random.js';

function due(arrivals: Arrivals, count: number): number[] {
  return Array.from({ length: count }, () => {
    const { dueUs } = arrivals;
    arrivals.advance();
    return dueUs;
  });
}

test('constant arrivals are evenly spaced, without a drift', () => {
  const arrivals = new Arrivals({ ratePerSec: 3, burst: 1, arrivals: 'constant' }, 1_000, new SeededRandom(1));
  const times = due(arrivals, 3_001);
  expect(times.slice(0, 4)).toEqual([1_000, 334_333, 667_666, 1_001_000]);
  expect(times[3_000]).toBe(1_000 + 1_000 * 1e6);
});

test('a burst is due at once, and the rate stays', () => {
  const arrivals = new Arrivals({ ratePerSec: 100, burst: 10, arrivals: 'constant' }, 0, new SeededRandom(1));
  const times = due(arrivals, 30);
  expect(new Set(times)).toEqual(new Set([0, 100_000, 200_000]));
});

test('independent arrivals have the rate on average, and gaps as of chance', () => {
  const arrivals = new Arrivals({ ratePerSec: 1_000, burst: 1, arrivals: 'poisson' }, 0, new SeededRandom(1));
  const times = due(arrivals, 50_000);
  expect((times.at(-1) ?? 0) / 50_000).toBeCloseTo(1_000, -2);
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  // Of exponentially distributed gaps, a share of 1/e is longer than the mean.
  expect(gaps.filter((gap) => gap > 1_000).length / gaps.length).toBeCloseTo(Math.exp(-1), 1);
});
