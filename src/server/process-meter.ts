/** Measures the process for the nodes' figures: the event loop from the first question on, memory at each. */

import { hostname } from 'node:os';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../engine/ports/clock.js';
import type { ProcessFigures } from '../engine/ports/process-figures.js';

const resolutionMs = 20;
/** Several who ask get the same, so that nobody takes the others' share of it. */
const windowMs = 1_000;

export class ProcessMeter {
  #delay: IntervalHistogram | undefined;
  #lagMs = 0;
  #sinceMs = 0;

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  figures(): ProcessFigures {
    const nowMs = this.clock.nowMs();
    if (this.#delay === undefined) {
      this.#delay = monitorEventLoopDelay({ resolution: resolutionMs });
      this.#delay.enable();
      this.#sinceMs = nowMs;
    } else if (nowMs - this.#sinceMs >= windowMs) {
      this.#lagMs = Math.max(0, this.#delay.max / 1e6 - resolutionMs);
      this.#delay.reset();
      this.#sinceMs = nowMs;
    }
    return { pid: process.pid, host: hostname(), lagMs: this.#lagMs, rssBytes: process.memoryUsage.rss() };
  }

  close(): void {
    this.#delay?.disable();
    this.#delay = undefined;
  }
}
