import { createHistogram } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { Histogram } from './histogram.js';
import { SeededRandom } from './random.js';

const percentiles = [1, 25, 50, 90, 99, 99.9, 100];

/** Times as servers have them: most are short, a few are long. */
function times(count: number, seed: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => 1 + Math.floor(random.exponential(2_000) ** 1.3));
}

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a histogram', () => {
  test('is exact to a thousandth, as that of Node is', () => {
    const values = times(20_000, 1);
    const [ours, nodes] = [of(values), createHistogram({ figures: 3 })];
    for (const value of values) nodes.record(value);
    const sorted = values.toSorted((a, b) => a - b);
    for (const percentile of percentiles) {
      // In whole numbers: 0.999 × 20,000 is a hair above 19,980.
      const exact = sorted[Math.ceil((percentile * 10 * sorted.length) / 1_000) - 1] ?? 0;
      expect(Math.abs(ours.percentile(percentile) - exact)).toBeLessThanOrEqual(exact / 1_000);
      expect(Math.abs(ours.percentile(percentile) - nodes.percentile(percentile))).toBeLessThanOrEqual(exact / 500);
    }
    expect(ours.max).toBe(sorted.at(-1));
    expect(ours.min).toBe(sorted[0]);
    expect(ours.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
  });

  test('of two workers is that of all values', () => {
    const [first, second] = [times(5_000, 1), times(3_000, 2)];
    const merged = new Histogram();
    merged.add(JSON.parse(JSON.stringify(of(first).data())));
    merged.add(of(second).data());
    expect(merged.data()).toEqual(of([...first, ...second]).data());
    expect(merged.count).toBe(8_000);
  });

  test('is empty after it was taken, and nothing is added by an empty one', () => {
    const histogram = of([5, 7]);
    const taken = histogram.take();
    expect([histogram.count, histogram.max, histogram.min, histogram.mean, histogram.percentile(99)]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    histogram.add(histogram.data());
    histogram.add(taken);
    expect([histogram.count, histogram.min, histogram.max]).toEqual([2, 5, 7]);
  });

  test('keeps what is out of its range at its ends', () => {
    const histogram = of([-3, 0, 1e12]);
    expect([histogram.count, histogram.min, histogram.max]).toEqual([3, 0, 2 ** 31 - 1]);
    expect(histogram.percentile(100)).toBe(2 ** 31 - 1);
  });

  test.each([0, 1, 1_023, 1_024, 2_047, 2_048, 4_096, 65_535, 2 ** 30])('finds %i again', (value) => {
    const found = of([value]).percentile(50);
    expect(found).toBe(value);
    const beside = of([value, 2 ** 31 - 1]).percentile(50);
    expect(beside).toBeGreaterThanOrEqual(value);
    expect(beside).toBeLessThanOrEqual(value * 1.001);
  });
});
