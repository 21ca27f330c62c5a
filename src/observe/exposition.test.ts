/** Which format a scrape gets, and what OpenMetrics has that the older one has not. */

import { Counter, Gauge, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Histogram } from '../engine/ports/histogram.js';
import { addUp, type Figure, formatFor, print } from './exposition.js';
import { registerHistograms } from './histogram-rows.js';

test.each([
  [undefined, 'text'],
  ['', 'text'],
  ['*/*', 'text'],
  ['text/plain;version=0.0.4', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
  // What Prometheus sends.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  ['text/plain, application/openmetrics-text;q=0.5', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
  ['application/openmetrics-text;q=x', 'text'],
])('a request that accepts %j gets %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format);
});

async function figures() {
  const registry = new Registry();
  new Counter({ name: 'c_total', help: 'a counter', labelNames: ['l'], registers: [registry] }).inc({ l: '"\n\\' });
  new Gauge({ name: 'g', help: 'a gauge', registers: [registry] }).set(1.5);
  const histogram = new Histogram([1]);
  histogram.observeTraced(0.25, 'f00d', 1_700_000_000_500);
  histogram.observe(2);
  registerHistograms(registry, [['h', 'a histogram', () => histogram]], undefined);
  return registry.getMetricsAsJSON();
}

const histogramLines = ['fanfare_h_bucket{le="+Inf"} 2', 'fanfare_h_sum 2.25', 'fanfare_h_count 2'];

test('OpenMetrics has exemplars, the names of counters without their ending, and an end', async () => {
  expect((await print(await figures(), 'openmetrics')).split('\n')).toEqual([
    '# HELP c a counter',
    '# TYPE c counter',
    'c_total{l="\\"\\n\\\\"} 1',
    '# HELP g a gauge',
    '# TYPE g gauge',
    'g 1.5',
    '# HELP fanfare_h a histogram',
    '# TYPE fanfare_h histogram',
    'fanfare_h_bucket{le="1"} 1 # {trace_id="f00d"} 0.25 1700000000.5',
    ...histogramLines,
    '# EOF',
    '',
  ]);
});

test('the older format has neither', async () => {
  expect((await print(await figures(), 'text')).split('\n').filter((line) => line !== '')).toEqual([
    '# HELP c_total a counter',
    '# TYPE c_total counter',
    'c_total{l="\\"\\n\\\\"} 1',
    '# HELP g a gauge',
    '# TYPE g gauge',
    'g 1.5',
    '# HELP fanfare_h a histogram',
    '# TYPE fanfare_h histogram',
    'fanfare_h_bucket{le="1"} 1',
    ...histogramLines,
  ]);
});

test('the same figures can be printed in both formats, one after the other', async () => {
  const same = await figures();
  const before = await print(same, 'text');
  await print(same, 'openmetrics');
  expect(await print(same, 'text')).toBe(before);
});

test('figures of several processes are added up, also those of histograms that never have an exemplar', async () => {
  const bucket = { labels: { le: 1 }, value: 2, metricName: 'h_bucket' };
  const of = (exemplar: object | null) => [
    { name: 'h', help: 'h', type: 'histogram', aggregator: 'sum', values: [{ ...bucket, exemplar }] },
  ];
  const [older, newer] = [{ timestamp: 1 }, { timestamp: 2 }];
  // safe: they have what is used
  const sums = await addUp([of(null), of(newer), of(older), of(null)] as unknown as Figure[][]);
  expect(sums).toMatchObject([{ name: 'h', values: [{ ...bucket, value: 8, exemplar: newer }] }]);
});
