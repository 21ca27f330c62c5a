/**
 * When subscribers with a rate get what waits for them. What is due at the same time leaves in one turn of the event loop, and
 * so in one write to each connection; if that is too much for a turn, the others come a moment later.
 */

import type { Cancel, Clock } from '../ports/clock.js';

/** A few milliseconds of work. */
const costPerTurn = 2_000;
/** Until the beats that had no room. */
const pauseMs = 1;
/** How late a timer may be without a change of the beats after it. */
const slackMs = 2;

/**
 * @param isPostponed whether there was no room for it when it was due
 * @returns what it costs: 1 for a write to a connection
 */
type Beat = (isPostponed: boolean) => number;

/** Beats that come together. */
class Moment {
  readonly entries = new Set<Entry>();
  cancel: Cancel = () => {};
}

interface Entry {
  readonly beat: Beat;
  moment: Moment;
}

export class Beats {
  readonly #clock: Pick<Clock, 'nowMs' | 'schedule' | 'afterTurn'>;
  /** By the millisecond at which they are due. */
  readonly #moments = new Map<number, Moment>();
  /** Those for which there was no room. */
  #postponed: Moment | undefined;
  #room = costPerTurn;
  /** The same for all beats of a moment, so that they stay together. */
  #momentMs: number | undefined;

  constructor(clock: Pick<Clock, 'nowMs' | 'schedule' | 'afterTurn'>) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#momentMs ?? this.#clock.nowMs();
  }

  /** When the beat after one is due that was due then, and comes now. */
  after(dueMs: number, intervalMs: number): number {
    const slack = Math.min(slackMs, intervalMs / 10);
    return Math.max(dueMs + intervalMs, this.nowMs() + intervalMs - slack);
  }

  /** Calls it once, at that time or later. */
  at(dueMs: number, beat: Beat): Cancel {
    const atMs = Math.ceil(dueMs);
    let moment = this.#moments.get(atMs);
    if (moment === undefined) {
      const own = new Moment();
      own.cancel = this.#clock.schedule(() => {
        this.#moments.delete(atMs);
        this.#play(own, false);
      }, atMs - this.#clock.nowMs());
      this.#moments.set(atMs, own);
      moment = own;
    }
    const entry = { beat, moment };
    moment.entries.add(entry);
    return () => this.#remove(entry, atMs);
  }

  #remove(entry: Entry, atMs: number): void {
    const { moment } = entry;
    if (!moment.entries.delete(entry) || moment.entries.size > 0) return;
    moment.cancel();
    if (this.#moments.get(atMs) === moment) this.#moments.delete(atMs);
    else if (this.#postponed === moment) this.#postponed = undefined;
  }

  #play({ entries }: Moment, isPostponed: boolean): void {
    this.#momentMs = this.#clock.nowMs();
    try {
      for (const entry of entries) {
        if (this.#room <= 0) this.#postpone(entry);
        else {
          entries.delete(entry);
          this.#take(entry.beat(isPostponed));
        }
      }
    } finally {
      this.#momentMs = undefined;
    }
  }

  #postpone(entry: Entry): void {
    if (this.#postponed === undefined) {
      const own = new Moment();
      own.cancel = this.#clock.schedule(() => {
        this.#postponed = undefined;
        this.#play(own, true);
      }, pauseMs);
      this.#postponed = own;
    }
    entry.moment.entries.delete(entry);
    entry.moment = this.#postponed;
    this.#postponed.entries.add(entry);
  }

  #take(cost: number): void {
    if (cost === 0) return;
    if (this.#room === costPerTurn) this.#clock.afterTurn(this.#endTurn);
    this.#room -= cost;
  }

  readonly #endTurn = (): void => {
    this.#room = costPerTurn;
  };
}
