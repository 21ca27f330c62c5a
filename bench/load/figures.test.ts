/** Agreement of the bench and `fanfare load` on figures small enough to check by hand. */
import { expect, it } from 'vitest';
import { agreementOf, fromBench, fromLoad } from './figures.mjs';

const figures = (cpu: number, p99 = 10) => ({ cpu, rate: 1_000, p50: 5, p99 });

it('takes the median of ratios within a round, and allows a tenth', () => {
  const rounds = [
    { bench: figures(1), load: figures(1.05, 12) },
    { bench: figures(10), load: figures(10.9, 20) },
    { bench: figures(2), load: figures(4, 11) },
  ];
  expect(agreementOf(rounds).map(({ name, median, agrees }) => [name, Number(median.toFixed(2)), agrees])).toEqual([
    ['cpu', 1.09, true],
    ['rate', 1, true],
    ['p50', 1, true],
    ['p99', 1.2, false],
  ]);
});

it('has no agreement without a figure', () => {
  const [cpu] = agreementOf([{ bench: figures(Number.NaN), load: figures(1) }]);
  expect(cpu?.agrees).toBe(false);
});

it('reads the same figures of both', () => {
  const curve = [
    { percentile: 50, ms: 5 },
    { percentile: 99, ms: 10 },
  ];
  const values = { cpuUsPerDelivery: 3, deliveriesPerSec: 1_000 };
  const latency = { delivery: { count: 1, meanMs: 1, curve } };
  const result = { serverCpu: { usPerDelivery: 3, share: 1 }, deliveriesPerSec: 1_000, latency };
  expect(fromLoad(result)).toEqual(fromBench({ values, latency: curve }));
});
