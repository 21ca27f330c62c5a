/** Many deadlines on one timer, for approximate time-outs that are mostly cancelled. */

import type { Cancel, Clock } from '../ports/clock.js';

/** Something with a deadline. */
export interface Expiring {
  /** Called at the deadline, or up to the resolution later. */
  onDeadline(): void;
}

/** Buckets as long as the resolution. The timer runs only while there are deadlines. */
export class Deadlines {
  readonly #buckets = new Map<number, Set<Expiring>>();
  #timer: Cancel | undefined;
  #lastTick: number;

  constructor(
    private readonly clock: Clock,
    private readonly resolutionMs = 1_000,
  ) {
    this.#lastTick = Math.floor(clock.nowMs() / resolutionMs);
  }

  get size(): number {
    let size = 0;
    for (const bucket of this.#buckets.values()) size += bucket.size;
    return size;
  }

  /** Returns the bucket, which {@link remove} needs. */
  add(expiring: Expiring, delayMs: number): number {
    const tick = Math.max(Math.ceil((this.clock.nowMs() + delayMs) / this.resolutionMs), this.#lastTick + 1);
    let bucket = this.#buckets.get(tick);
    if (bucket === undefined) {
      bucket = new Set();
      this.#buckets.set(tick, bucket);
    }
    bucket.add(expiring);
    this.#run();
    return tick;
  }

  /** No effect if it is no longer there. */
  remove(expiring: Expiring, tick: number): void {
    const bucket = this.#buckets.get(tick);
    if (bucket?.delete(expiring) && bucket.size === 0) this.#buckets.delete(tick);
    if (this.#buckets.size === 0) this.close();
  }

  /** Stops the timer; nothing is called any more unless a deadline is added. */
  close(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  #run(): void {
    if (this.#timer !== undefined) return;
    const { resolutionMs } = this;
    // At the end of a bucket; otherwise deadlines that are due would wait for the next tick.
    this.#timer = this.clock.schedule(this.#tick, Math.ceil(resolutionMs - (this.clock.nowMs() % resolutionMs)));
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    const now = Math.floor(this.clock.nowMs() / this.resolutionMs);
    const due: Expiring[] = [];
    // A late timer has several buckets to empty; the map is small, so all of it is checked.
    for (const [tick, bucket] of this.#buckets) {
      if (tick > now) continue;
      for (const expiring of bucket) due.push(expiring);
      this.#buckets.delete(tick);
    }
    this.#lastTick = now;
    if (this.#buckets.size > 0) this.#run();
    for (const expiring of due) expiring.onDeadline();
  };
}
