/** Metrics of several processes that serve one port: a scrape meets any of them, and gets the figures of all. */

import { AggregatorRegistry, type MetricObject } from 'prom-client';
import type { Node } from '../engine/node.js';
import type { HookMetricsSource } from './hook-metrics.js';
import { type Metrics, nodeMetrics } from './metrics.js';

/** The other processes. Figures are plain data. */
export interface FigurePeers {
  /** From now on the others get these. */
  serve(figures: () => Promise<object[]>): void;
  /** What each of the others has, without those that do not answer in time. */
  ask(): Promise<object[][]>;
}

/** Sums, save for what has no sum. Counters of a process that has died are gone from them. */
export function workerMetrics(node: Node, peers: FigurePeers, hooks?: HookMetricsSource): Metrics {
  const own = nodeMetrics(node, hooks);
  peers.serve(() => own.figures());
  return {
    ...own,
    async render() {
      const [figures, others] = await Promise.all([own.figures(), peers.ask()]);
      // safe: the other processes are of this program
      const all = [figures, ...others] as MetricObject[][];
      return AggregatorRegistry.aggregate(all).metrics();
    },
  };
}
