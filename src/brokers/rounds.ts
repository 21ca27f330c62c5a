/** Goes through everything there is every so often, a little in each turn: the event loop never stands still for it. */

import type { Cancel, Clock } from '../engine/ports/clock.js';

/** Takes about a millisecond. */
const stepsPerTurn = 2_000;
const pauseMs = 2;

export class Rounds {
  #next: Cancel | undefined;

  /** @param round yields after each entry; what it looks at may change between two of them */
  constructor(
    private readonly clock: Clock,
    private readonly intervalMs: number,
    private readonly round: () => Iterator<unknown>,
  ) {}

  /** The first round begins after one interval. */
  start(): void {
    this.#next = this.clock.schedule(() => this.#goOn(this.round()), this.intervalMs);
  }

  close(): void {
    this.#next?.();
  }

  #goOn(round: Iterator<unknown>): void {
    for (let step = 0; step < stepsPerTurn; step++) {
      if (round.next().done !== true) continue;
      this.start();
      return;
    }
    this.#next = this.clock.schedule(() => this.#goOn(round), pauseMs);
  }
}
