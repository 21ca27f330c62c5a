/** Medians and paired ratios on figures small enough to check by hand. */
import { expect, it } from 'vitest';
import { FULL_PLAN } from '../end-to-end/scenarios.mjs';
import { median, medianFigures, ratiosOf } from './figures.mjs';

const cpu = (cpuUsPerDelivery: number, ms = 1) => ({
  values: { cpuUsPerDelivery },
  latency: [{ percentile: 99, ms }],
});

it('takes the middle value, or the mean of the middle two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 9, 1, 5])).toBe(7);
  expect(median([])).toBeNaN();
});

it('takes the median of each figure and of each percentile', () => {
  expect(medianFigures([cpu(4, 30), cpu(8, 10), cpu(6, 20)])).toEqual(cpu(6, 20));
});

it('compares servers within a round, so that a slow round cancels out', () => {
  const rounds = [
    { fanfare: cpu(2), ws: cpu(10) },
    { fanfare: cpu(30), ws: cpu(100) },
    { fanfare: cpu(3), ws: cpu(30) },
  ];
  expect(ratiosOf(FULL_PLAN.scenarios, { burst: rounds })).toEqual([
    {
      scenario: 'burst',
      metric: 'cpuUsPerDelivery',
      versus: 'ws',
      atMost: 0.2,
      median: 0.2,
      least: 0.1,
      most: 0.3,
      met: true,
    },
  ]);
});

it('compares nothing that was not measured', () => {
  expect(ratiosOf(FULL_PLAN.scenarios, { single: [{ ws: cpu(1), socketio: cpu(1) }] })).toEqual([]);
});
