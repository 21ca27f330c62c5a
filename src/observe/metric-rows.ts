/** Converts rows of metric tables to metrics of a registry. */

import type { Registry } from 'prom-client';

/** The values of the labels, in their order, and the figure. */
export type LabelledFigure = readonly [...labels: (string | number)[], figure: number];

/**
 * Its name after `fanfare_` (a counter's ends in `_total`, all others are gauges), its help, and how it is read. The
 * engine counts in plain numbers, so that counting costs an addition.
 */
export type MetricRow<Source> = readonly [
  name: string,
  help: string,
  read: (source: Source) => number | Iterable<LabelledFigure>,
  more?: {
    readonly labels?: readonly string[];
    /** How the values of several processes that share a port are combined. Default: their sum. */
    readonly over?: 'max' | 'min';
  },
];

/** What does not change of a metric. */
interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator: 'sum' | 'max' | 'min' | 'average';
}

/** @param values of one scrape. The classes of the library would compare and copy the labels of each */
export function addMetric(registry: Registry, metric: Described, values: () => readonly object[]): void {
  const get = async () => ({ ...metric, values: values() });
  // safe: of a metric the registry uses the name, and what `get` resolves with
  registry.registerMetric({ name: metric.name, get } as unknown as Parameters<Registry['registerMetric']>[0]);
}

export function register<Source>(registry: Registry, rows: readonly MetricRow<Source>[], source: Source): void {
  for (const [suffix, help, read, { labels = [], over: aggregator = 'sum' } = {}] of rows) {
    const type = suffix.endsWith('_total') ? 'counter' : 'gauge';
    addMetric(registry, { name: `fanfare_${suffix}`, help, type, aggregator }, () => {
      const figures = read(source);
      if (typeof figures === 'number') return [{ labels: {}, value: figures }];
      return Array.from(figures, (row) => ({
        labels: Object.fromEntries(labels.map((label, n) => [label, row[n] ?? ''])),
        value: Number(row.at(-1)),
      }));
    });
  }
}
