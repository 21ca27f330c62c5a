/** Converts rows of metric tables to metrics of a registry. */

import { Counter, Gauge, type GaugeConfiguration, type Registry } from 'prom-client';

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

export function register<Source>(registry: Registry, rows: readonly MetricRow<Source>[], source: Source): void {
  for (const [name, help, read, { labels = [], over = 'sum' } = {}] of rows) {
    const labelNames = [...labels];
    const config: Omit<GaugeConfiguration<string>, 'collect'> = {
      name: `fanfare_${name}`,
      help,
      labelNames,
      aggregator: over,
      registers: [registry],
    };
    const figures = () => {
      const value = read(source);
      const all: Iterable<LabelledFigure> = typeof value === 'number' ? [[value]] : value;
      return Array.from(all, (row) => ({
        labels: Object.fromEntries(labelNames.map((label, n) => [label, row[n] ?? ''])),
        value: Number(row.at(-1)),
      }));
    };
    if (name.endsWith('_total')) {
      new Counter({
        ...config,
        collect() {
          this.reset();
          for (const { labels, value } of figures()) this.inc(labels, value);
        },
      });
    } else {
      new Gauge({
        ...config,
        collect() {
          this.reset();
          for (const { labels, value } of figures()) this.set(labels, value);
        },
      });
    }
  }
}
