/** How far apart two new batches for one client are: an answer costs far more than a message. */

import { performance } from 'node:perf_hooks';
import type { Clock } from '../../engine/ports/clock.js';

/** How long the load is looked at before it is judged. */
const windowMs = 250;
const maxMs = 1_000;
const step = 1.5;
/** Shares of the event loop's time: above the one answers are made rarer, below the other more frequent. */
const busyShare = 0.8;
const calmShare = 0.6;
/** Fewer answers than the one are not what keeps a process busy; with fewer than the other nobody has to wait. */
const manyPerSec = 1_000;
const fewPerSec = 500;

/**
 * While the process has time left it is the configured time. When answers leave it none, they get rarer and carry more: if
 * each carried one message, a server that is behind would stay behind.
 */
export class Spacing {
  readonly #clock: Clock;
  readonly #minMs: number;
  readonly #busy: () => number;
  #ms: number;
  #judgedAtMs: number;
  #numAnswers = 0;

  /**
   * @param minMs 0: none, under any load
   * @param busy the share of the time since the last call in which the process was busy
   */
  constructor(clock: Clock, minMs: number, busy: () => number = loopShare()) {
    this.#clock = clock;
    this.#minMs = minMs;
    this.#busy = busy;
    this.#ms = minMs;
    this.#judgedAtMs = clock.nowMs();
  }

  /** Called with each batch. The time from one that goes now to the next one, in milliseconds. */
  nextMs(): number {
    this.#numAnswers++;
    const elapsedMs = this.#clock.nowMs() - this.#judgedAtMs;
    if (this.#minMs > 0 && elapsedMs >= windowMs) this.#judge(elapsedMs);
    return this.#ms;
  }

  #judge(elapsedMs: number): void {
    const answersPerSec = (1_000 * this.#numAnswers) / elapsedMs;
    const share = this.#busy();
    this.#judgedAtMs += elapsedMs;
    this.#numAnswers = 0;
    if (share > busyShare && answersPerSec > manyPerSec) {
      this.#ms = Math.min(this.#ms * step, Math.max(maxMs, this.#minMs));
    } else if (share < calmShare || answersPerSec < fewPerSec) {
      this.#ms = Math.max(this.#ms / step, this.#minMs);
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
