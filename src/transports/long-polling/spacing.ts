/** The time between two new batches for one client, since an answer costs far more than a message. */

import { performance } from 'node:perf_hooks';
import type { Clock } from '../../engine/ports/clock.js';

/** The period over which the load is measured. */
const windowMs = 250;
const maxMs = 1_000;
const step = 1.5;
/** Shares of the event loop's time: above the first, answers become rarer, below the second more frequent. */
const busyShare = 0.8;
const calmShare = 0.6;
/** Fewer answers than the first do not keep a process busy; below the second, answers become more frequent. */
const manyPerSec = 1_000;
const fewPerSec = 500;

/**
 * The configured time, unless the process is busy: then answers become rarer and larger, since otherwise a server that
 * is behind would stay behind.
 */
export class Spacing {
  #ms: number;
  #judgedAtMs: number;
  #numAnswers = 0;

  /**
   * @param minMs 0: no spacing, under any load
   * @param busy the share of the time since the last call in which the process was busy
   */
  constructor(
    private readonly clock: Clock,
    private readonly minMs: number,
    private readonly busy: () => number = loopShare(),
  ) {
    this.#ms = minMs;
    this.#judgedAtMs = clock.nowMs();
  }

  /** Called with each batch. Returns the time until the next one, in milliseconds. */
  nextMs(): number {
    this.#numAnswers++;
    const elapsedMs = this.clock.nowMs() - this.#judgedAtMs;
    if (this.minMs > 0 && elapsedMs >= windowMs) this.#judge(elapsedMs);
    return this.#ms;
  }

  #judge(elapsedMs: number): void {
    const answersPerSec = (1_000 * this.#numAnswers) / elapsedMs;
    const share = this.busy();
    this.#judgedAtMs += elapsedMs;
    this.#numAnswers = 0;
    if (share > busyShare && answersPerSec > manyPerSec) {
      this.#ms = Math.min(this.#ms * step, Math.max(maxMs, this.minMs));
    } else if (share < calmShare || answersPerSec < fewPerSec) {
      this.#ms = Math.max(this.#ms / step, this.minMs);
    }
  }
}

function loopShare(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
