/** What falls into which bucket. */

import { describe, expect, test } from 'vitest';
import { Histogram, HistogramFamily } from './histogram.js';

describe('a histogram', () => {
  test('counts a value in the first bucket whose bound it does not exceed', () => {
    const histogram = new Histogram([1, 5]);
    for (const value of [0, 1, 1.1, 5, 5.1]) histogram.observe(value);
    expect([...histogram.counts]).toEqual([2, 2, 1]);
    expect(histogram.count).toBe(5);
    expect(histogram.sum).toBeCloseTo(12.2);
  });

  test('counts what is no number above all bounds', () => {
    const histogram = new Histogram([1]);
    histogram.observe(Number.NaN);
    expect([...histogram.counts]).toEqual([0, 1]);
  });

  test('keeps the latest traced value of each bucket', () => {
    const histogram = new Histogram([1, 5]);
    histogram.observeTraced(0.5, undefined, 1);
    expect(histogram.exemplars).toBeUndefined();
    histogram.observeTraced(0.4, 'a', 2);
    histogram.observeTraced(0.6, 'b', 3);
    histogram.observeTraced(7, 'c', 4);
    expect(histogram.exemplars?.[0]).toEqual({ traceId: 'b', value: 0.6, atMs: 3 });
    expect(histogram.exemplars?.[1]).toBeUndefined();
    expect(histogram.exemplars?.[2]).toEqual({ traceId: 'c', value: 7, atMs: 4 });
    expect(histogram.count).toBe(4);
  });
});

test('a family has one histogram for each label', () => {
  const family = new HistogramFamily([1]);
  family.of('a').observe(1);
  family.of('a').observe(2);
  family.of('b').observe(3);
  expect([...family].map(([label, { count }]) => [label, count])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});
