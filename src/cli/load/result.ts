/** What a run has shown, as `--json` writes it. Times are in milliseconds. */

import type { Counter, HistogramName, TotalFigures } from './figures.js';
import type { Scenario } from './scenario.js';
import { type FieldPath, scenarioTable } from './scenario-fields.js';
import type { Distribution, Figures, PlainFigure, Verdict } from './thresholds.js';

/** Percentiles that results contain. */
export const percentiles = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100];

export interface Latency {
  readonly count: number;
  readonly meanMs: number;
  readonly curve: readonly { readonly percentile: number; readonly ms: number }[];
}

/** A second of a run. */
export interface Second {
  readonly phase: Phase;
  /** From the beginning, when it ended. */
  readonly atSec: number;
  readonly connections: number;
  readonly connectsPerSec: number;
  readonly deliveriesPerSec: number;
  readonly publicationsPerSec: number;
  readonly errors: number;
  /** Of the deliveries in it; absent without any in the measured time. */
  readonly delivery?: { readonly p50Ms: number; readonly p99Ms: number; readonly p999Ms: number };
  /** Of the busiest worker. */
  readonly cpuShare: number;
  readonly lagMs: number;
}

export type Phase = 'preparing' | 'connecting' | 'warming up' | 'measuring' | 'draining';

export interface LoadResult {
  readonly version: string;
  readonly startedAt: string;
  /** Without secrets. */
  readonly scenario: Readonly<Partial<Record<FieldPath, unknown>>>;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly workers: number;
  readonly connections: { readonly wanted: number; readonly ready: number; readonly rampSec: number };
  readonly measuredSec: number;
  readonly counts: Readonly<Record<Counter, number>>;
  /** Deliveries that were due: to each subscriber each publication once. */
  readonly expected: number;
  readonly lost: number;
  readonly deliveriesPerSec: number;
  readonly publicationsPerSec: number;
  readonly latency: Readonly<Record<HistogramName, Latency>>;
  readonly errors: Readonly<Record<string, number>>;
  /** Absent without `metrics`. */
  readonly serverCpu?: { readonly usPerDelivery: number; readonly share: number };
  /** What limits the trust in the figures: the generator itself first of all. */
  readonly warnings: readonly string[];
  readonly thresholds: readonly Verdict[];
  readonly series: readonly Second[];
}

export function latencyOf(totals: TotalFigures, name: HistogramName): Latency {
  const histogram = totals.histograms[name];
  return {
    count: histogram.count,
    meanMs: histogram.mean / 1e3,
    curve:
      histogram.count === 0
        ? []
        : histogram.curve(percentiles).map(({ percentile, us }) => ({ percentile, ms: us / 1e3 })),
  };
}

/** 0 without values. */
export function msAt({ curve }: Latency, percentile: number): number {
  return curve.find((point) => point.percentile === percentile)?.ms ?? 0;
}

/** Those that are set, without secrets. */
export function shownScenario(scenario: Scenario): Partial<Record<FieldPath, unknown>> {
  return Object.fromEntries(
    scenarioTable.paths.flatMap((path) => {
      const value: unknown = scenario[path];
      if (value === undefined) return [];
      const shown = typeof value === 'string' ? withoutPassword(value) : value;
      return [[path, scenarioTable.at(path).secret ? '(secret)' : shown]];
    }),
  );
}

/** An address as others may see it. */
export function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/\s]*@/, '//(secret)@');
}

/** The figures that conditions are about. */
export class ResultFigures implements Figures {
  constructor(
    private readonly totals: TotalFigures,
    private readonly plainOnes: Readonly<Partial<Record<PlainFigure, number>>>,
  ) {}

  plain(name: PlainFigure): number | undefined {
    return this.plainOnes[name];
  }

  percentile(distribution: Distribution, percentile: number): number | undefined {
    return this.totals.percentile(distribution, percentile);
  }

  mean(distribution: Distribution): number | undefined {
    const histogram = this.totals.histograms[distribution];
    return histogram.count === 0 ? undefined : histogram.mean;
  }
}
