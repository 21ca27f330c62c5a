/**
 * When subscribers with a rate get what waits for them. Beats that fall together are spread: a turn of the event loop has
 * room for so many deliveries, the others come a moment later, and keep that distance from then on.
 */

import type { Cancel, Clock } from '../ports/clock.js';

/** A few milliseconds of work. */
const deliveriesPerTurn = 2_000;
/** Until the beats that had no room. */
const pauseMs = 1;
/** How late a timer may be without a change of the beats after it. */
const slackMs = 2;

/** @returns the number of deliveries */
type Beat = () => number;

export class Beats {
  readonly #clock: Pick<Clock, 'nowMs' | 'schedule' | 'afterTurn'>;
  #room = deliveriesPerTurn;

  constructor(clock: Pick<Clock, 'nowMs' | 'schedule' | 'afterTurn'>) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** When the beat after one is due that was due then, and comes now. */
  after(dueMs: number, intervalMs: number): number {
    const slack = Math.min(slackMs, intervalMs / 10);
    return Math.max(dueMs + intervalMs, this.#clock.nowMs() + intervalMs - slack);
  }

  /** Calls it once, at that time or later. */
  at(dueMs: number, beat: Beat): Cancel {
    let cancel: Cancel;
    const wake = () => {
      if (this.#room <= 0) cancel = this.#clock.schedule(wake, pauseMs);
      else this.#take(beat());
    };
    cancel = this.#clock.schedule(wake, Math.ceil(dueMs - this.#clock.nowMs()));
    return () => cancel();
  }

  #take(numDeliveries: number): void {
    if (numDeliveries === 0) return;
    if (this.#room === deliveriesPerTurn) this.#clock.afterTurn(this.#endTurn);
    this.#room -= numDeliveries;
  }

  readonly #endTurn = (): void => {
    this.#room = deliveriesPerTurn;
  };
}
