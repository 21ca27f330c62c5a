/** Random numbers that a seed repeats: the game is the same on every machine. */

export class SeededRandom {
  #state: number;

  /** @param seed a whole number; the lowest 32 bits count */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0 and below 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return mixed(this.#state) / 0x1_0000_0000;
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }
}

/** Spreads the bits of a number: the finaliser of MurmurHash3. */
export function mixed(value: number): number {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
