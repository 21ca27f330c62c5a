/** Names for the lives of streams; no two nodes, and no node twice, begin one under the same. */

import type { Random } from '../engine/ports/clock.js';

export class Epochs {
  readonly #node: string;
  #count = 0;

  constructor(random: Random) {
    this.#node = random.id().replace(/[^\w-]/g, '');
  }

  /** Cheap: one goes with every call, and hardly any is used. */
  next(): string {
    this.#count++;
    return `${this.#node}.${this.#count.toString(36)}`;
  }
}
