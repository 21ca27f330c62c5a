/** Prometheus metrics of a node. Values are read for each scrape. */

import { Histogram, Registry } from 'prom-client';
import { EventLoop, ofEventLoop } from './event-loop.js';
import { contentTypes, type Figure, type Format, formatFor, print } from './exposition.js';
import { registerHistograms } from './histogram-rows.js';
import { type HookMetricsSource, hookLatency, ofEvents, ofHooks } from './hook-metrics.js';
import { ofMemoryBroker } from './memory-metrics.js';
import { register } from './metric-rows.js';
import { histogramsOfNode } from './node-histograms.js';
import { type NodeFigures, ofConfiguration, ofNode } from './node-metrics.js';
import { registerProcess } from './process-metrics.js';

/** What a scrape gets. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** The source of `/metrics`. */
export interface Metrics {
  /** @param accept the header of the request. Default: Prometheus' older text format */
  render(accept?: string): Promise<Exposition>;
  /** The same values as data, to be summed up with those of other processes. */
  figures(): Promise<Figure[]>;
  /** Stops measuring the event loop. */
  close(): void;
}

/** @param hooks of a node with a configuration */
export function nodeMetrics(node: NodeFigures, hooks?: HookMetricsSource): Metrics {
  const registry = new Registry();
  const loop = new EventLoop();
  registerProcess(registry);
  register(registry, ofNode, node);
  if (node.holdings() !== undefined) register(registry, ofMemoryBroker, node.holdings);
  registerHistograms(registry, histogramsOfNode, node);
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
  register(registry, ofEventLoop, loop);
  const figures = async (): Promise<Figure[]> => {
    loop.read();
    const all = await registry.getMetricsAsJSON();
    node.samples.ask();
    return all;
  };
  return {
    figures,
    render: async (accept) => expose(await figures(), formatFor(accept)),
    close: () => {
      loop.close();
      registry.clear();
    },
  };
}

export function expose(figures: readonly Figure[], format: Format): Exposition {
  return { contentType: contentTypes[format], text: print(figures, format) };
}
