import { expect, test } from 'vitest';
import { second } from '../../../test/support/load/second.js';
import { bottlenecks, type Evidence } from './bottleneck.js';

const fine: Evidence = {
  series: [second],
  lateness: { count: 10, meanMs: 1, curve: [{ percentile: 99, ms: 2 }] },
  errors: new Map(),
  published: { due: 100, sent: 100 },
  connections: { wanted: 10, ready: 10 },
};

test('a run that nothing speaks against has no warning', () => expect(bottlenecks(fine)).toEqual([]));

test.each<[string, Partial<Evidence>, string]>([
  ['a busy core', { series: [{ ...second, cpuShare: 0.97 }] }, '97 %'],
  ['a late event loop', { series: [{ ...second, lagMs: 180 }] }, '180 ms'],
  ['late publications', { lateness: { count: 1, meanMs: 1, curve: [{ percentile: 99, ms: 70 }] } }, '70 ms'],
  ['a missed rate', { published: { due: 100, sent: 60 } }, '60 %'],
  ['missing connections', { connections: { wanted: 10, ready: 8 } }, '8 of 10'],
  ['ports that are used up', { errors: new Map([['connect.EADDRNOTAVAIL', 4]]) }, '--source'],
  ['files that are used up', { errors: new Map([['connect.EMFILE', 4]]) }, 'ulimit'],
])('%s is told', (_, change, hint) => {
  expect(bottlenecks({ ...fine, ...change })).toEqual([expect.stringContaining(hint)]);
});

test('the ramp does not count', () => {
  expect(bottlenecks({ ...fine, series: [{ ...second, phase: 'connecting', cpuShare: 1 }, second] })).toEqual([]);
});
