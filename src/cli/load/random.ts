/** Random numbers that every worker of a run draws alike: from a seed, so that a run can be repeated. */

export class SeededRandom {
  #state: number;

  /** @param stream numbers of the same seed that are independent of each other */
  constructor(seed: number, stream = 0) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
    // Near seeds begin with near numbers.
    this.next();
    this.next();
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Of exponentially distributed values with this mean: the time until the next of independent events. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }
}
