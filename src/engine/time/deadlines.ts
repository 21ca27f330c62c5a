/** Many deadlines on one timer: things that must happen at a time, roughly, and mostly are cancelled before. */

import type { Cancel, Clock } from '../ports/clock.js';

/** Something with a deadline. */
export interface Expiring {
  /** Called at the deadline, or after it by no more than the resolution. */
  onDeadline(): void;
}

/** Buckets as long as the resolution. The timer runs only while there is something to wait for. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #buckets = new Map<number, Set<Expiring>>();
  #timer: Cancel | undefined;
  #lastTick: number;

  constructor(
    clock: Clock,
    private readonly resolutionMs = 1_000,
  ) {
    this.#clock = clock;
    this.#lastTick = Math.floor(clock.nowMs() / resolutionMs);
  }

  get size(): number {
    let size = 0;
    for (const bucket of this.#buckets.values()) size += bucket.size;
    return size;
  }

  /** Returns the bucket, which {@link remove} needs. */
  add(expiring: Expiring, delayMs: number): number {
    const tick = Math.max(Math.ceil((this.#clock.nowMs() + delayMs) / this.resolutionMs), this.#lastTick + 1);
    let bucket = this.#buckets.get(tick);
    if (bucket === undefined) {
      bucket = new Set();
      this.#buckets.set(tick, bucket);
    }
    bucket.add(expiring);
    this.#run();
    return tick;
  }

  /** No effect when it is not there any more. */
  remove(expiring: Expiring, tick: number): void {
    const bucket = this.#buckets.get(tick);
    if (bucket?.delete(expiring) && bucket.size === 0) this.#buckets.delete(tick);
    if (this.#buckets.size === 0) this.close();
  }

  /** Stops the timer; nothing is called any more unless something is added again. */
  close(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  #run(): void {
    if (this.#timer !== undefined) return;
    const { resolutionMs } = this;
    // Where a bucket ends: anywhere else, what is due would wait for the next time.
    this.#timer = this.#clock.schedule(this.#tick, Math.ceil(resolutionMs - (this.#clock.nowMs() % resolutionMs)));
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    const now = Math.floor(this.#clock.nowMs() / this.resolutionMs);
    const due: Expiring[] = [];
    // A timer that came late has several buckets to empty; the map is small, so it is walked as a whole then.
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
