/** How late the event loop is. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricRow } from './metric-rows.js';

/** Each time the process wakes up, also where nothing happens. */
const resolutionMs = 20;

/** Seconds by which timers were late since the last {@link EventLoop.read}. */
interface Lag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class EventLoop {
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });
  lag: Lag = { p50: 0, p99: 0, max: 0 };

  constructor() {
    this.#delay.enable();
  }

  /** Begins anew, so that each scrape tells of the time since the one before. */
  read(): void {
    const late = (percentile: number) => Math.max(0, this.#delay.percentile(percentile) / 1e9 - resolutionMs / 1e3);
    this.lag = { p50: late(50), p99: late(99), max: late(100) };
    this.#delay.reset();
  }

  close(): void {
    this.#delay.disable();
  }
}

/** Gauges and no summary: a summary is of all the time, and its quantiles cannot be combined over nodes either. */
export const ofEventLoop: readonly MetricRow<EventLoop>[] = [
  [
    'event_loop_lag_p50_seconds',
    'Half of the timers since the last scrape were later than this.',
    ({ lag }) => lag.p50,
    { over: 'max' },
  ],
  [
    'event_loop_lag_p99_seconds',
    'One in a hundred timers since the last scrape was later than this.',
    ({ lag }) => lag.p99,
    { over: 'max' },
  ],
  ['event_loop_lag_max_seconds', 'The latest timer since the last scrape.', ({ lag }) => lag.max, { over: 'max' }],
];
