/** Metrics of several processes that share a port: a scrape reaches any of them, and gets the values of all. */

import { AggregatorRegistry, type MetricObject } from 'prom-client';
import type { HookMetricsSource } from './hook-metrics.js';
import { type Metrics, nodeMetrics } from './metrics.js';
import type { NodeFigures } from './node-metrics.js';

/** The other processes. Figures are plain data. */
export interface FigurePeers {
  /** Serves these to the others. */
  serve(figures: () => Promise<object[]>): void;
  /** The values of the others that answer in time. */
  ask(): Promise<object[][]>;
}

/** Sums, except for rows with `over`. Counters of a process that has died are lost. */
export function workerMetrics(node: NodeFigures, peers: FigurePeers, hooks?: HookMetricsSource): Metrics {
  const own = nodeMetrics(node, hooks);
  peers.serve(() => own.figures());
  return {
    ...own,
    async render() {
      const [figures, others] = await Promise.all([own.figures(), peers.ask()]);
      // safe: the other processes run this program
      const all = [figures, ...others] as MetricObject[][];
      return AggregatorRegistry.aggregate(all).metrics();
    },
  };
}
