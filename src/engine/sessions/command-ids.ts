/** Finds command ids that are used twice on one connection, in constant space. */

/** Number of latest ids that are remembered. */
const remembered = 31;

/** Ids mostly grow, but some clients send concurrent commands out of order; much older ids are accepted. */
export class CommandIds {
  #highest = 0;
  /** Bit n is set when `#highest - n` has been seen. */
  #seen = 0;

  /** False if the id was taken before. */
  take(id: number): boolean {
    if (id > this.#highest) {
      const step = id - this.#highest;
      this.#seen = step > remembered ? 1 : ((this.#seen << step) | 1) >>> 0;
      this.#highest = id;
      return true;
    }
    const age = this.#highest - id;
    if (age > remembered) return true;
    const bit = (1 << age) >>> 0;
    if ((this.#seen & bit) !== 0) return false;
    this.#seen = (this.#seen | bit) >>> 0;
    return true;
  }
}
