/** Acknowledges received messages to the server, once per turn. */

import type { Clock } from '../../engine/ports/clock.js';
import type { Delivery, Lane } from './client-library.js';

export class Acknowledgements {
  #last: Delivery | undefined;

  constructor(
    private readonly lane: Lane,
    private readonly clock: Pick<Clock, 'afterTurn'>,
  ) {}

  add(delivery: Delivery): void {
    if (this.#last === undefined) this.clock.afterTurn(() => this.#send());
    this.#last = delivery;
  }

  #send(): void {
    const last = this.#last;
    this.#last = undefined;
    try {
      if (last !== undefined) this.lane.ack(last, true);
    } catch {
      // The connection has ended meanwhile, and its unacknowledged messages with it.
    }
  }
}
