/** Gathers what the workers tell into seconds of the run, and into its sum. */

import { TotalFigures } from './figures.js';
import type { Tick } from './generator.js';
import type { Phase, Second } from './result.js';

export class Seconds {
  readonly totals = new TotalFigures();
  readonly series: Second[] = [];
  readonly #startMs = performance.now();
  #current = new TotalFigures();
  #endedMs = this.#startMs;
  readonly #ready = new Map<number, number>();
  #cpuShare = 0;
  #lagMs = 0;

  /** @param worker its number */
  take(worker: number, { figures, ready, cpuShare, lagMs }: Tick): void {
    this.totals.add(figures);
    this.#current.add(figures);
    this.#ready.set(worker, ready);
    this.#cpuShare = Math.max(this.#cpuShare, cpuShare);
    this.#lagMs = Math.max(this.#lagMs, lagMs);
  }

  /** Ends the second that is under way. */
  close(phase: Phase): Second {
    const nowMs = performance.now();
    const { counts, histograms, errorCount } = this.#current;
    const perSec = (count: number) => (1e3 * count) / Math.max(1, nowMs - this.#endedMs);
    const { delivery } = histograms;
    const ms = (percentile: number) => delivery.percentile(percentile) / 1e3;
    let connections = 0;
    for (const ready of this.#ready.values()) connections += ready;
    const second: Second = {
      phase,
      atSec: (nowMs - this.#startMs) / 1e3,
      connections,
      connectsPerSec: perSec(counts.subscribed),
      deliveriesPerSec: perSec(counts.deliveries),
      publicationsPerSec: perSec(counts.accepted),
      errors: errorCount,
      ...(delivery.count > 0 && { delivery: { p50Ms: ms(50), p99Ms: ms(99), p999Ms: ms(99.9) } }),
      cpuShare: this.#cpuShare,
      lagMs: this.#lagMs,
    };
    this.series.push(second);
    this.#current = new TotalFigures();
    this.#endedMs = nowMs;
    this.#cpuShare = 0;
    this.#lagMs = 0;
    return second;
  }
}
