/** Prometheus metrics of a node. Values are read for each scrape. */

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Histogram, type MetricObject, Registry } from 'prom-client';
import { type HookMetricsSource, hookLatency, ofEvents, ofHooks } from './hook-metrics.js';
import { type MetricRow, register } from './metric-rows.js';
import { type NodeFigures, ofConfiguration, ofNode } from './node-metrics.js';

/** The source of `/metrics`. */
export interface Metrics {
  readonly contentType: string;
  /** The text exposition format. */
  render(): Promise<string>;
  /** The same values as data, to be summed up with those of other processes. */
  figures(): Promise<MetricObject[]>;
  /** Stops measuring the event loop. */
  close(): void;
}

const loopResolutionMs = 10;

const ofEventLoop: readonly MetricRow<IntervalHistogram>[] = [
  [
    'event_loop_lag_seconds',
    'How late the event loop was since the last scrape.',
    (delay) => {
      const lateNs = (quantile: number) => Math.max(0, delay.percentile(quantile * 100) - loopResolutionMs * 1e6);
      const figures = [0.5, 0.99, 1].map((quantile) => [quantile, lateNs(quantile) / 1e9] as const);
      delay.reset();
      return figures;
    },
    { labels: ['quantile'], over: 'max' },
  ],
];

/** @param hooks of a node with a configuration */
export function nodeMetrics(node: NodeFigures, hooks?: HookMetricsSource): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  register(registry, ofNode, node);
  if (hooks !== undefined) {
    register(registry, ofConfiguration, node);
    register(registry, ofHooks, hooks);
    const latency = new Histogram({ ...hookLatency, registers: [registry] });
    let hasEvents = false;
    hooks.measure({
      took: (hook, seconds) => latency.observe({ hook }, seconds),
      hasEvents: () => {
        if (!hasEvents) register(registry, ofEvents, hooks);
        hasEvents = true;
      },
    });
  }
  const delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
  delay.enable();
  register(registry, ofEventLoop, delay);
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    figures: () => registry.getMetricsAsJSON(),
    close: () => {
      delay.disable();
      registry.clear();
    },
  };
}
