/** How far apart two new batches for one client are: an answer costs far more than a message. */

import { performance } from 'node:perf_hooks';
import type { Clock } from '../../engine/clock.js';

/** How long the load is looked at before it is judged. */
const windowMs = 250;
const maxMs = 1_000;
const step = 1.5;
/** Shares of the event loop's time: above the one answers are made rarer, below the other more frequent. */
const busyShare = 0.8;
const calmShare = 0.6;

/**
 * While the process has time left it is the configured time. When it has none, answers get rarer and carry more: if each
 * carried one message, a server that is behind would stay behind.
 */
export class Spacing {
  readonly #clock: Clock;
  readonly #minMs: number;
  readonly #busy: () => number;
  #ms: number;
  #judgedAtMs: number;

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

  /** The time from a batch that goes now to the next one, in milliseconds. */
  nextMs(): number {
    if (this.#minMs > 0 && this.#clock.nowMs() - this.#judgedAtMs >= windowMs) this.#judge();
    return this.#ms;
  }

  #judge(): void {
    this.#judgedAtMs = this.#clock.nowMs();
    const share = this.#busy();
    if (share > busyShare) this.#ms = Math.min(this.#ms * step, Math.max(maxMs, this.#minMs));
    else if (share < calmShare) this.#ms = Math.max(this.#ms / step, this.#minMs);
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
