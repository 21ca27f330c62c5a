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

/** The text of a scrape. The library's own walks over lists of labels for each line, and costs several times as much. */
export function print(figures: readonly Figure[], format: Format): string {
  const isOpen = format === 'openmetrics';
  let text = '';
  for (const figure of figures) {
    const type = String(figure.type);
    const name = isOpen && type === 'counter' ? figure.name.replace(/_total$/, '') : figure.name;
    text += `# HELP ${name} ${escaped(figure.help)}\n# TYPE ${name} ${type}\n`;
    // safe: figures are what metrics of a registry resolve with, or sums of these
    for (const { metricName = figure.name, labels, value, exemplar } of (figure.values ?? []) as PrintedValue[]) {
      text += `${metricName}${labelText(labels)} ${numberText(value)}`;
      if (exemplar && isOpen)
        text += ` # ${labelText(exemplar.labelSet)} ${numberText(exemplar.value)} ${exemplar.timestamp}`;
      text += '\n';
    }
    if (!isOpen) text += '\n';
  }
  return isOpen ? `${text}# EOF\n` : text;
}

interface PrintedValue extends Partial<Pick<HistogramValue, 'metricName' | 'exemplar'>> {
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
}

function labelText(labels: PrintedValue['labels']): string {
  let text = '';
  for (const name in labels) {
    const value = labels[name];
    text += `${text === '' ? '' : ','}${name}="${typeof value === 'string' ? escaped(value).replace(/"/g, '\\"') : value}"`;
  }
  return text === '' ? '' : `{${text}}`;
}

function escaped(text: string): string {
  return /[\\\n]/.test(text) ? text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n') : text;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
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
