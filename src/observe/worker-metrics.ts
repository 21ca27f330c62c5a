/** Metrics of several processes that share a port: a scrape reaches any of them, and gets the values of all. */

import { addUp, type Figure, formatFor } from './exposition.js';
import type { HookMetricsSource } from './hook-metrics.js';
import { expose, type Metrics, nodeMetrics } from './metrics.js';
import type { NodeFigures } from './node-metrics.js';

/** The other processes. Figures are plain data. */
export interface FigurePeers {
  /** Serves these to the others. */
  serve(figures: () => Promise<object[]>): void;
  /**
   * The values of the others that answer in time, and of what is no process that serves the port.
   *
   * @param own of this process, to be remembered when it ends
   */
  ask(own: readonly object[]): Promise<object[][]>;
}

/** Sums, except for rows with `over`. Whoever passes the figures on remembers the counters of a process that has died. */
export function workerMetrics(node: NodeFigures, peers: FigurePeers, hooks?: HookMetricsSource): Metrics {
  const own = nodeMetrics(node, hooks);
  peers.serve(() => own.figures());
  return {
    ...own,
    async render(accept) {
      const figures = await own.figures();
      const others = await peers.ask(figures);
      // safe: the other processes run this program
      return expose(await addUp([figures, ...others] as Figure[][]), formatFor(accept));
    },
  };
}
