/** Metrics of several processes that serve one port: a scrape meets any of them, and gets the figures of all. */

import { AggregatorRegistry, type MetricObject } from 'prom-client';
import type { Node } from '../engine/node.js';
import { type HookMetricsSource, type Metrics, nodeMetrics } from './metrics.js';

const about = 'metrics';
/** Longest wait for another process; the figures of one that hangs are left out. */
const deadlineMs = 1_000;

/** Sums, save for what has no sum. Counters of a process that has died are gone from them. */
export function workerMetrics(node: Node, hooks?: HookMetricsSource): Metrics {
  const own = nodeMetrics(node, hooks);
  node.cluster.serve(about, () => own.figures());
  return {
    ...own,
    async render() {
      const [figures, others] = await Promise.all([own.figures(), node.cluster.askAll(about, {}, { deadlineMs })]);
      // safe: the other processes are of this program
      const all = [figures, ...others] as MetricObject[][];
      return AggregatorRegistry.aggregate(all).metrics();
    },
  };
}
