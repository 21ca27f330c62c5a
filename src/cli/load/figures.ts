/** What a worker has counted since it last told: plain numbers and histograms, which are added up where all are needed. */

import { Histogram, type HistogramData } from './histogram.js';
import { type Distribution, distributions } from './thresholds.js';

export const counters = [
  /** Attempts to connect. */
  'attempts',
  /** Connects and subscribes that were answered. */
  'subscribed',
  /** Connections that were cut by a storm. */
  'cut',
  /** Publications that were sent. */
  'published',
  /** Of them, those that were accepted. */
  'accepted',
  /** Of the accepted ones, those in the measured time. */
  'acceptedMeasured',
  'deliveries',
  /** Of them, those of publications that were due in the measured time. */
  'deliveriesMeasured',
  /** Of them, those in the answer to somebody who came back. */
  'recovered',
  'duplicates',
  'misordered',
  /** Publications of others in the same channels. */
  'foreign',
  /** Slow readers that the server has closed. */
  'slowCut',
] as const;
export type Counter = (typeof counters)[number];

/** `lateness`: how late the generator itself was, in the measured time. */
export const histogramNames = [...distributions, 'lateness'] as const;
export type HistogramName = (typeof histogramNames)[number];

/** The numbers as a message between processes. */
export interface FiguresData {
  readonly counts: Readonly<Record<Counter, number>>;
  readonly histograms: Readonly<Record<HistogramName, HistogramData>>;
  /** By what failed and its code: `connect.503`, `publish.111`. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Beyond these, errors share one name. */
const maxErrorNames = 200;

export class WorkerFigures {
  readonly counts = zeroes();
  readonly histograms = emptyHistograms();
  #errors = new Map<string, number>();

  error(name: string): void {
    const known = this.#errors.has(name) || this.#errors.size < maxErrorNames ? name : 'others';
    this.#errors.set(known, (this.#errors.get(known) ?? 0) + 1);
  }

  /** Everything since the last call. */
  take(): FiguresData {
    const data: FiguresData = {
      counts: { ...this.counts },
      histograms: mapHistograms((name) => this.histograms[name].take()),
      errors: Object.fromEntries(this.#errors),
    };
    Object.assign(this.counts, zeroes());
    this.#errors = new Map();
    return data;
  }
}

/** The sum over workers and time. */
export class TotalFigures {
  readonly counts = zeroes();
  readonly histograms = emptyHistograms();
  readonly errors = new Map<string, number>();

  add({ counts, histograms, errors }: FiguresData): void {
    for (const counter of counters) this.counts[counter] += counts[counter];
    for (const name of histogramNames) this.histograms[name].add(histograms[name]);
    for (const [name, count] of Object.entries(errors)) this.errors.set(name, (this.errors.get(name) ?? 0) + count);
  }

  get errorCount(): number {
    let sum = 0;
    for (const count of this.errors.values()) sum += count;
    return sum;
  }

  percentile(distribution: Distribution, percentile: number): number | undefined {
    const histogram = this.histograms[distribution];
    return histogram.count === 0 ? undefined : histogram.percentile(percentile);
  }
}

function zeroes(): Record<Counter, number> {
  // safe: each counter has its zero
  return Object.fromEntries(counters.map((counter) => [counter, 0])) as Record<Counter, number>;
}

function emptyHistograms(): Readonly<Record<HistogramName, Histogram>> {
  return mapHistograms(() => new Histogram());
}

function mapHistograms<Value>(make: (name: HistogramName) => Value): Readonly<Record<HistogramName, Value>> {
  // safe: each name has its value
  return Object.fromEntries(histogramNames.map((name) => [name, make(name)])) as Record<HistogramName, Value>;
}
