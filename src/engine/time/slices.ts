/** Work that may come in thousands: a little of it in each turn of the event loop, so that other work proceeds. */

import type { Clock } from '../ports/clock.js';

/** Admits this many calls per turn, and the others in later turns, in order. */
export class Slices {
  #left: number;
  #waiting: (() => void)[] = [];
  #isScheduled = false;

  constructor(
    private readonly clock: Pick<Clock, 'afterTurn'>,
    private readonly perTurn: number,
  ) {
    this.#left = perTurn;
  }

  /** `undefined`: the caller may proceed. Otherwise it must wait until the promise resolves. */
  enter(): Promise<void> | undefined {
    this.#schedule();
    if (this.#left === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#left--;
    return undefined;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.clock.afterTurn(this.#begin);
  }

  /** In a new turn, waiting callers are first. */
  readonly #begin = (): void => {
    this.#isScheduled = false;
    const due = this.#waiting.splice(0, this.perTurn);
    this.#left = this.perTurn - due.length;
    if (due.length > 0) this.#schedule();
    for (const goOn of due) goOn();
  };
}
