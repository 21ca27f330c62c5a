/** When publications are due: an open model, in which nobody waits for an answer. */

import type { SeededRandom } from './random.js';

export interface ArrivalRate {
  /** Publications a second. */
  readonly ratePerSec: number;
  /** How many are due at the same time. */
  readonly burst: number;
  /** `poisson`: at random, as from people who know nothing of each other. */
  readonly arrivals: 'constant' | 'poisson';
}

/** Counts up through the due times of one run. */
export class Arrivals {
  readonly #meanGapUs: number;
  #inBurst = 0;
  #bursts = 0;
  #dueUs: number;

  constructor(
    private readonly rate: ArrivalRate,
    private readonly startUs: number,
    private readonly random: SeededRandom,
  ) {
    this.#meanGapUs = (1e6 * rate.burst) / rate.ratePerSec;
    this.#dueUs = rate.arrivals === 'poisson' ? startUs + random.exponential(this.#meanGapUs) : startUs;
  }

  /** Of the next publication; whole. */
  get dueUs(): number {
    return Math.floor(this.#dueUs);
  }

  advance(): void {
    this.#inBurst += 1;
    if (this.#inBurst < this.rate.burst) return;
    this.#inBurst = 0;
    this.#bursts += 1;
    // Multiplied and not added up, so that rounding does not shift the rate.
    if (this.rate.arrivals === 'constant') this.#dueUs = this.startUs + this.#bursts * this.#meanGapUs;
    else this.#dueUs += this.random.exponential(this.#meanGapUs);
  }
}
