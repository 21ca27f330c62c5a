import { describe, expect, test } from 'vitest';
import { second } from '../../../test/support/load/second.js';
import { renderReport } from './report.js';
import { percentileChart, timeChart } from './report-charts.js';
import type { LoadResult } from './result.js';

const noLatency = { count: 0, meanMs: 0, curve: [] };
const counts = {
  attempts: 0,
  subscribed: 0,
  cut: 0,
  published: 0,
  accepted: 0,
  acceptedMeasured: 0,
  deliveries: 0,
  deliveriesMeasured: 0,
  recovered: 0,
  duplicates: 0,
  misordered: 0,
  foreign: 0,
  slowCut: 0,
};
const empty: LoadResult = {
  version: '1.0.0',
  startedAt: '2026-01-01T00:00:00.000Z',
  scenario: { url: 'http://a.example/?<b>', secret: '(secret)' },
  machine: { cpu: '', cores: 1, node: '' },
  workers: 1,
  connections: { wanted: 10, ready: 0, rampSec: 0 },
  measuredSec: 0,
  counts,
  expected: 0,
  lost: 0,
  deliveriesPerSec: 0,
  publicationsPerSec: 0,
  latency: {
    delivery: noLatency,
    publish: noLatency,
    connect: noLatency,
    reconnect: noLatency,
    lateness: noLatency,
  },
  errors: {},
  warnings: [],
  thresholds: [],
  series: [],
};

describe('a report', () => {
  test('of a run in which nothing happened has no broken numbers', () => {
    for (const result of [empty, { ...empty, series: [second] }]) {
      expect(renderReport(result)).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test('escapes what others have written', () => {
    const page = renderReport({ ...empty, warnings: ['<script>'], errors: { 'connect.<i>': 1 } });
    expect(page).toContain('http://a.example/?&lt;b&gt;');
    expect(page).not.toMatch(/<script>|<i>|\?<b>/);
  });
});

test('a plot puts the highest value at the top and zero at the bottom', () => {
  const lines = [
    {
      label: 'a',
      color: 'first',
      points: [
        { x: 0, y: 0 },
        { x: 10, y: 100 },
      ],
    },
  ];
  expect(timeChart({ title: 't', lines, bands: [], show: String })).toContain('points="64,194 628,12"');
});

test('a plot of percentiles is logarithmic', () => {
  const curve = [50, 90, 99, 99.9, 99.99].map((percentile, at) => ({ percentile, ms: 10 ** at }));
  const chart = percentileChart('t', [{ label: 'a', color: 'first', latency: { count: 9, meanMs: 1, curve } }]);
  expect(chart).toContain('points="64,194 ');
  expect(chart).toContain('628,12"');
});
