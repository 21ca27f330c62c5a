/** Tells the server what was taken: once for all that has come in one turn. */

import type { Delivery, Lane } from './client-library.js';

export class Acknowledgements {
  #last: Delivery | undefined;

  constructor(private readonly lane: Lane) {}

  add(delivery: Delivery): void {
    if (this.#last === undefined) setImmediate(() => this.#send());
    this.#last = delivery;
  }

  #send(): void {
    const last = this.#last;
    this.#last = undefined;
    try {
      if (last !== undefined) this.lane.ack(last, true);
    } catch {
      // The connection has ended meanwhile, and what waited on it has with it.
    }
  }
}
