/** Converts rows of histograms, which the engine fills, to metrics of a registry. */

import type { Registry } from 'prom-client';
import { Histogram } from '../engine/ports/histogram.js';
import { addMetric } from './metric-rows.js';

/** Its name after `fanfare_`, its help, how it is read, and the name of its label if there is one for each value. */
export type HistogramRow<Source> = readonly [
  name: string,
  help: string,
  read: (source: Source) => Histogram | Iterable<readonly [label: string, histogram: Histogram]>,
  label?: string,
];

/** One line of a histogram, as the registry prints it. Plain data, since workers send theirs to each other. */
export interface HistogramValue {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** `null` in histograms of the library without one. */
  exemplar?: PrintedExemplar | null | undefined;
}

interface PrintedExemplar {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  /** Unix time in seconds. */
  readonly timestamp: number;
}

export function registerHistograms<Source>(
  registry: Registry,
  rows: readonly HistogramRow<Source>[],
  source: Source,
): void {
  for (const [suffix, help, read, label] of rows) {
    const name = `fanfare_${suffix}`;
    addMetric(registry, { name, help, type: 'histogram', aggregator: 'sum' }, () => {
      const found = read(source);
      const all = found instanceof Histogram ? [['', found] as const] : [...found];
      return all.flatMap(([of, histogram]) => linesOf(name, label === undefined ? {} : { [label]: of }, histogram));
    });
  }
}

function linesOf(name: string, labels: Readonly<Record<string, string>>, histogram: Histogram): HistogramValue[] {
  const { bounds, counts, sum, exemplars } = histogram;
  let count = 0;
  const lines = [...counts].map((ofBucket, bucket): HistogramValue => {
    count += ofBucket;
    const exemplar = exemplars?.[bucket];
    return {
      metricName: `${name}_bucket`,
      labels: { ...labels, le: bounds[bucket] ?? '+Inf' },
      value: count,
      ...(exemplar && {
        exemplar: {
          labelSet: { trace_id: exemplar.traceId },
          value: exemplar.value,
          timestamp: exemplar.atMs / 1_000,
        },
      }),
    };
  });
  lines.push({ metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count });
  return lines;
}
