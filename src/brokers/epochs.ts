/** Makes names for epochs, unique over all nodes. */

import type { Random } from '../engine/ports/clock.js';

/** Characters that tell nodes apart: clients get an epoch with each subscription. */
const nodeLength = 8;

export class Epochs {
  readonly #node: string;
  #count = 0;

  constructor(random: Random) {
    this.#node = random
      .id()
      .replace(/[^\w-]/g, '')
      .slice(-nodeLength);
  }

  /** Cheap, because every call needs one, although few are used. */
  next(): string {
    this.#count++;
    return `${this.#node}.${this.#count.toString(36)}`;
  }
}
