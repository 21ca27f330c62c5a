/** Many deadlines on one timer: things that must happen at a time, to the second, and mostly are cancelled before. */

import type { Cancel, Clock } from './clock.js';

const resolutionMs = 1_000;

/** Something with a deadline. */
export interface Expiring {
  /** Called at or up to one second after the deadline. */
  onDeadline(): void;
}

/** Buckets of one second. The timer runs only while there is something to wait for. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #buckets = new Map<number, Set<Expiring>>();
  #timer: Cancel | undefined;
  #lastTick: number;

  constructor(clock: Clock) {
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
    const tick = Math.max(Math.ceil((this.#clock.nowMs() + delayMs) / resolutionMs), this.#lastTick + 1);
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
    this.#timer = this.#clock.schedule(this.#tick, resolutionMs);
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    const now = Math.floor(this.#clock.nowMs() / resolutionMs);
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
