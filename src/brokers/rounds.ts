/** Iterates over everything at intervals, in small steps that do not block the event loop. */

import type { Cancel, Clock } from '../engine/ports/clock.js';

/** As long as a turn of the event loop may take for it; the clock is read after so many entries. */
const turnMs = 1;
const stepsPerLook = 64;
/** Even where the clock stands still. */
const looksPerTurn = 32;
const pauseMs = 2;

export class Rounds {
  #next: Cancel | undefined;

  /** @param round yields after each entry; its data may change in between */
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
    const beganMs = this.clock.nowMs();
    for (let look = 0; look < looksPerTurn && this.clock.nowMs() - beganMs < turnMs; look++) {
      for (let step = 0; step < stepsPerLook; step++) {
        if (round.next().done !== true) continue;
        this.start();
        return;
      }
    }
    this.#next = this.clock.schedule(() => this.#goOn(round), pauseMs);
  }
}
