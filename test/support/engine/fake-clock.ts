/** A clock that stands still until it is told to move. */

import type { Cancel, Clock, Random } from '../../../src/engine/ports/clock.js';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly task: () => void;
}

export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();
  #turn: (() => void)[] = [];
  /** What the wall shows when the monotonic clock shows 0. */
  wallOffsetMs = 1_700_000_000_000;

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.wallOffsetMs;
  }

  /** Timers that are waiting. */
  get numTimers(): number {
    return this.#timers.size;
  }

  schedule(task: () => void, delayMs: number): Cancel {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  afterTurn(task: () => void): void {
    this.#turn.push(task);
  }

  /** Lets promises and turns run until nothing is left to do at this instant. */
  async settle(): Promise<void> {
    do {
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.endTurn();
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#turn.length > 0);
  }

  /** Runs the tasks of this turn without letting promises run in between. */
  endTurn(): void {
    const turn = this.#turn;
    this.#turn = [];
    for (const task of turn) task();
  }

  /** Passes time in which the program is at work, so that no timer runs. */
  work(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moves on by so much, stopping at each timer that is due. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.settle();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#timers.delete(next);
      next.task();
      await this.settle();
    }
    this.#nowMs = untilMs;
  }

  #next(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (first === undefined || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** Ids that count up: never equal, always the same from run to run. */
export function countingRandom(prefix = 'id'): Random {
  let next = 0;
  return { id: () => `${prefix}-${++next}`, unit: () => 0.5 };
}
