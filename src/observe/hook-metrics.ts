/** The metrics of hooks, and their sources. */

import type { HistogramConfiguration } from 'prom-client';
import type { MetricRow } from './metric-rows.js';

/** One hook, as it counts itself. */
export interface HookFigures {
  readonly hook: string;
  readonly calls: number;
  /** By what went wrong. */
  readonly failures: ReadonlyMap<string, number>;
  readonly numInFlight: number;
  readonly numWaiting: number;
  /** Its circuit breaker is open. */
  readonly isOpen: boolean;
}

/** Measures calls, and learns whether there is an events hook. */
export interface HookMeter {
  took(hook: string, seconds: number): void;
  hasEvents(): void;
}

/** The notifications of the hooks. */
export interface EventFigures {
  readonly queued: number;
  readonly delivered: number;
  readonly dropped: number;
}

/** Read for each scrape, since a reload may change hooks. */
export interface HookMetricsSource {
  readonly figures: readonly HookFigures[];
  readonly events: EventFigures | undefined;
  measure(meter: HookMeter): void;
}

const byHook = { labels: ['hook'] };
const each =
  (read: (hook: HookFigures) => number) =>
  ({ figures }: HookMetricsSource) =>
    figures.map((hook) => [hook.hook, read(hook)] as const);

export const ofHooks: readonly MetricRow<HookMetricsSource>[] = [
  ['hook_in_flight', 'Calls that a backend is working on.', each(({ numInFlight }) => numInFlight), byHook],
  ['hook_waiting', 'Calls that wait for their turn.', each(({ numWaiting }) => numWaiting), byHook],
  [
    'hook_breaker_open',
    '1 while calls fail at once, after failures of the backend.',
    each(({ isOpen }) => Number(isOpen)),
    { ...byHook, over: 'max' },
  ],
  [
    'hook_calls_total',
    'Calls of hooks, including those that failed without a request.',
    each(({ calls }) => calls),
    byHook,
  ],
  [
    'hook_failures_total',
    'Calls of hooks without a valid answer, by reason.',
    ({ figures }) => figures.flatMap(({ hook, failures }) => [...failures].map(([why, n]) => [hook, why, n] as const)),
    { labels: ['hook', 'reason'] },
  ],
];

/** Metrics of event hooks. */
export const ofEvents: readonly MetricRow<HookMetricsSource>[] = [
  ['hook_events_queued', 'Events that wait for the backend.', ({ events }) => events?.queued ?? 0],
  ['hook_events_delivered_total', 'Events that the backend has accepted.', ({ events }) => events?.delivered ?? 0],
  ['hook_events_dropped_total', 'Events that no backend has accepted.', ({ events }) => events?.dropped ?? 0],
];

export const hookLatency: HistogramConfiguration<'hook'> = {
  name: 'fanfare_hook_seconds',
  help: 'How long calls took, with or without an answer.',
  labelNames: ['hook'],
  /** From a backend on the same machine to the longest time-out. */
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
};
