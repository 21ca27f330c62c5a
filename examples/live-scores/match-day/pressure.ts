/** Momentum and possession of one match, for each minute of its clock: what the charts show. */

import type { EventKind, Side } from '../messages.js';

/** What an event adds to the pressure of its side. */
const weights: Readonly<Partial<Record<EventKind, number>>> = {
  goal: 26,
  save: 16,
  blocked: 9,
  miss: 9,
  corner: 7,
  penalty: 14,
  basket: 14,
  dunk: 18,
  freeThrow: 5,
  turnover: -8,
};
/** What is left of it after a step. */
const kept = 0.55;

export class Pressure {
  /** From -100 to 100, one for each step that is over. */
  readonly momentum: number[] = [];
  /** The home team's share in percent. */
  readonly possession: number[] = [];
  readonly #stepSec: number;
  #value = 0;
  #homeBalls = 0;
  #balls = 0;

  /** @param stepSec seconds of the clock that one value is about */
  constructor(stepSec: number) {
    this.#stepSec = stepSec;
  }

  /** @returns whether a step is over, so that there is a new value of each */
  ball(second: number, side: Side, x: number): boolean {
    const sign = side === 'home' ? 1 : -1;
    const advance = side === 'home' ? x - 50 : 50 - x;
    this.#value += sign * Math.max(0, advance) * 0.03;
    this.#balls += 1;
    if (side === 'home') this.#homeBalls += 1;
    // Stoppage time of a half has the numbers of the next half's first minutes.
    if (Math.floor(second / this.#stepSec) <= this.momentum.length) return false;
    this.momentum.push(Math.round(100 * Math.tanh(this.#value / 48)));
    this.possession.push(Math.round((100 * this.#homeBalls) / this.#balls));
    this.#value *= kept;
    return true;
  }

  event(kind: EventKind, side: Side): void {
    this.#value += (weights[kind] ?? 0) * (side === 'home' ? 1 : -1);
  }
}
