/** Bounds how many calls a backend works on at once, and how many wait for their turn. */

import type { Cancel, Clock } from '../../engine/ports/clock.js';

export interface ConcurrencyLimits {
  /** Calls at once, at least 1. */
  readonly maxInFlight: number;
  /** Calls that wait for one of those to end. 0: none may wait. */
  readonly maxWaiting: number;
}

/** `in`: go ahead, and {@link Concurrency.leave}. `full`, `late`: too many others. `share`: too many of its own. */
export type Entry = 'in' | 'full' | 'late' | 'share' | 'shed';

interface Waiter {
  readonly client: string | undefined;
  readonly resolve: (entry: Entry) => void;
  readonly cancel: Cancel;
}

/** The share of all places for one client, so that it cannot keep out others (G12). */
const shareOfOneClient = 1 / 8;

/** First come, first served. */
export class Concurrency {
  readonly #clock: Clock;
  readonly #limits: ConcurrencyLimits;
  readonly #maxPerClient: number;
  readonly #waiting = new Set<Waiter>();
  /** Only of clients that have some. */
  readonly #placesByClient = new Map<string, number>();
  #numInFlight = 0;

  constructor(clock: Clock, limits: ConcurrencyLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#maxPerClient = Math.max(1, Math.floor((limits.maxInFlight + limits.maxWaiting) * shareOfOneClient));
  }

  get numInFlight(): number {
    return this.#numInFlight;
  }

  get numWaiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a place as soon as there is one.
   *
   * @param client whose share it counts against; absent: nobody's
   */
  enter(maxWaitMs: number, client?: string): Promise<Entry> {
    if (client !== undefined && (this.#placesByClient.get(client) ?? 0) >= this.#maxPerClient) {
      return Promise.resolve('share');
    }
    if (this.#numInFlight < this.#limits.maxInFlight) {
      this.#numInFlight++;
      this.#count(client, 1);
      return Promise.resolve('in');
    }
    if (this.#waiting.size >= this.#limits.maxWaiting) return Promise.resolve('full');
    this.#count(client, 1);
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(() => this.#dismiss(waiter, 'late'), maxWaitMs);
      const waiter: Waiter = { client, resolve, cancel };
      this.#waiting.add(waiter);
    });
  }

  /** Gives the place to the call that has waited longest. */
  leave(client?: string): void {
    this.#count(client, -1);
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#numInFlight--;
      return;
    }
    this.#waiting.delete(next);
    next.cancel();
    next.resolve('in');
  }

  /** Fails all waiting calls. */
  shed(): void {
    for (const waiter of this.#waiting) this.#dismiss(waiter, 'shed');
  }

  #dismiss(waiter: Waiter, entry: Entry): void {
    this.#waiting.delete(waiter);
    waiter.cancel();
    this.#count(waiter.client, -1);
    waiter.resolve(entry);
  }

  #count(client: string | undefined, change: 1 | -1): void {
    if (client === undefined) return;
    const places = (this.#placesByClient.get(client) ?? 0) + change;
    if (places === 0) this.#placesByClient.delete(client);
    else this.#placesByClient.set(client, places);
  }
}
