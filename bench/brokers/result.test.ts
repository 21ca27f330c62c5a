/** The comparison of brokers, on figures small enough to check by hand, and which channels get which publications. */

import { expect, it } from 'vitest';
import { placeOf } from '../servers/pace.mjs';
import { describeMachine } from '../shared/machine.mjs';
import { QUICK_PLAN } from './plan.mjs';
import { makeResult } from './result.mjs';
import { renderTables } from './table.mjs';

const row = (nodesCpuUs: number, serviceCpuUs: number, reached = [0, 1]) => ({
  figures: { values: { nodesCpuUs, serviceCpuUs, publisherCpuUs: 1, idleCpuUs: 0 }, latency: [] },
  reached,
});
const run = { startedAt: '2026-11-24T12:00:00.000Z', machine: describeMachine(), plan: QUICK_PLAN, versions: {} };

it('compares within a round: how many times as many publications a second of CPU carries', () => {
  const rounds = [
    { redis: row(10, 2), 'socketio-redis': row(40, 2) },
    { redis: row(20, 2), 'socketio-redis': row(42, 2) },
    { redis: row(10, 5), 'socketio-redis': row(30, 5) },
  ];
  const { comparisons } = makeResult(run, { spread: rounds }, {});
  expect(comparisons).toEqual([
    {
      load: 'spread',
      contender: 'redis',
      versus: 'socketio-redis',
      nodes: 3,
      least: 2.1,
      most: 4,
      all: 35 / 15,
      atLeast: 3,
    },
  ]);
});

it('has no aim for another load, nor a ratio to what was not measured', () => {
  const { comparisons } = makeResult(run, { single: [{ redis: row(1, 1), 'socketio-sharded': row(2, 1) }] }, {});
  expect(comparisons).toMatchObject([{ versus: 'socketio-sharded', nodes: 2, atLeast: null }]);
  expect(makeResult(run, { single: [{ redis: row(1, 1) }] }, {}).comparisons).toEqual([]);
});

it('says how many nodes a publication has reached', () => {
  const growth = { 2: [{ redis: row(1, 1, [0, 1]), 'socketio-redis': row(1, 1, [1, 1]) }] };
  const result = makeResult(run, {}, growth);
  expect(result.growth).toMatchObject([{ nodes: 2, medians: [{ reached: [0, 1] }, { reached: [1, 1] }] }]);
  expect(renderTables(result)).toMatch(
    /2 nodes, Fanfare, Redis .* 1\.00\n.*2 nodes, Socket\.IO, Redis adapter .* 2\.00/,
  );
});

it('publications go to channels in turn, some in a row, and are numbered in each', () => {
  const places = Array.from({ length: 8 }, (_, i) => placeOf(i, 2, 2));
  expect(places.map(({ channel }) => channel)).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  expect(places.map(({ number }) => number)).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
});
