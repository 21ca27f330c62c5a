/** Makes names for epochs, unique over all nodes. */

import type { Random } from '../engine/ports/clock.js';

export class Epochs {
  readonly #node: string;
  #count = 0;

  constructor(random: Random) {
    this.#node = random.id().replace(/[^\w-]/g, '');
  }

  /** Cheap, because every call needs one, although few are used. */
  next(): string {
    this.#count++;
    return `${this.#node}.${this.#count.toString(36)}`;
  }
}
