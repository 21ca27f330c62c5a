/** Gathers what the workers tell into seconds of the run, each of which has one tick of every worker, and into its sum. */

import { TotalFigures } from './figures.js';
import type { Tick } from './generator.js';
import type { Phase, Second } from './result.js';

export class Seconds {
  readonly totals = new TotalFigures();
  readonly series: Second[] = [];
  readonly #startMs = performance.now();
  #current = new TotalFigures();
  /** Ticks of the second that is under way. */
  #ticks: Tick[] = [];
  readonly #ready = new Map<number, number>();
  #isOver = false;

  constructor(private readonly workers: number) {}

  /** @param worker its number. @returns the second that it has completed, if it has */
  take(worker: number, tick: Tick, phase: Phase): Second | undefined {
    this.totals.add(tick.figures);
    if (this.#isOver) return undefined;
    this.#current.add(tick.figures);
    this.#ready.set(worker, tick.ready);
    this.#ticks.push(tick);
    return this.#ticks.length < this.workers ? undefined : this.#close(phase);
  }

  /** What comes from now on, as the workers end, is counted, but is no second any more. */
  end(): void {
    this.#isOver = true;
  }

  #close(phase: Phase): Second {
    const { counts, histograms, errorCount } = this.#current;
    // Workers tick by their own clocks, so a second is as long as the longest of theirs.
    const lengthMs = Math.max(...this.#ticks.map(({ elapsedMs }) => elapsedMs), 1);
    const perSec = (count: number) => (1e3 * count) / lengthMs;
    const { delivery } = histograms;
    const ms = (percentile: number) => delivery.percentile(percentile) / 1e3;
    let connections = 0;
    for (const ready of this.#ready.values()) connections += ready;
    const second: Second = {
      phase,
      atSec: (performance.now() - this.#startMs) / 1e3,
      connections,
      connectsPerSec: perSec(counts.subscribed),
      deliveriesPerSec: perSec(counts.deliveries),
      publicationsPerSec: perSec(counts.accepted),
      errors: errorCount,
      ...(delivery.count > 0 && { delivery: { p50Ms: ms(50), p99Ms: ms(99), p999Ms: ms(99.9) } }),
      cpuShare: Math.max(...this.#ticks.map(({ cpuShare }) => cpuShare)),
      lagMs: Math.max(...this.#ticks.map(({ lagMs }) => lagMs)),
    };
    this.series.push(second);
    this.#current = new TotalFigures();
    this.#ticks = [];
    return second;
  }
}
