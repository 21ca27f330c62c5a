/** Prints figures in one of Prometheus' text formats, and adds up those of several processes. */

import { AggregatorRegistry, type MetricObject, Registry } from 'prom-client';
import type { HistogramValue } from './histogram-rows.js';

/** A metric with its values. */
export type Figure = MetricObject & { readonly values?: readonly object[] };

/** Only OpenMetrics has exemplars. */
export type Format = 'text' | 'openmetrics';

export const contentTypes = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const satisfies Record<Format, string>;

/** @param accept the header of the request: Prometheus asks for OpenMetrics first where it wants exemplars */
export function formatFor(accept: string | undefined): Format {
  const types = (accept ?? '').split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
  });
  const qualityOf = (...names: readonly string[]) =>
    Math.max(0, ...types.filter(({ type }) => names.includes(type)).map(({ quality }) => quality));
  const openMetrics = qualityOf('application/openmetrics-text');
  return openMetrics > 0 && openMetrics >= qualityOf('text/plain') ? 'openmetrics' : 'text';
}

export async function print(figures: readonly Figure[], format: Format): Promise<string> {
  // Each time a new one: for OpenMetrics the registry renames the counters that it is given.
  const registry = new Registry();
  // safe: the types know only of the older format where the registry is made
  registry.setContentType(contentTypes[format] as typeof contentTypes.text);
  for (const figure of figures) {
    const isRenamed = format === 'openmetrics' && String(figure.type) === 'counter';
    const printed = isRenamed ? { ...figure, name: figure.name.replace(/_total$/, '') } : figure;
    // safe: of a metric the registry uses the name, the type, and what `get` resolves with
    const metric = { name: figure.name, type: figure.type, get: async () => printed };
    registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
  }
  return registry.metrics();
}

/** What a process that has ended still counts for in a sum: what only grows. */
export function lastingOf(figures: readonly Figure[]): Figure[] {
  return figures.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}

/** Sums, except for metrics with another `aggregator`. */
export async function addUp(processes: readonly (readonly Figure[])[]): Promise<Figure[]> {
  const sums: Figure[] = await AggregatorRegistry.aggregate([...processes]).getMetricsAsJSON();
  const exemplars = new Map<string, HistogramValue['exemplar']>();
  for (const value of processes.flatMap((figures) => figures.flatMap(histogramValues))) {
    const { exemplar } = value;
    if (!exemplar) continue;
    const key = keyOf(value);
    if ((exemplars.get(key)?.timestamp ?? 0) < exemplar.timestamp) exemplars.set(key, exemplar);
  }
  if (exemplars.size > 0) {
    for (const value of sums.flatMap(histogramValues)) value.exemplar = exemplars.get(keyOf(value));
  }
  return sums;
}

function histogramValues({ type, values = [] }: Figure): HistogramValue[] {
  // safe: both kinds of histograms have these fields
  return String(type) === 'histogram' ? ([...values] as HistogramValue[]) : [];
}

function keyOf({ metricName, labels }: HistogramValue): string {
  return `${metricName} ${JSON.stringify(labels)}`;
}
