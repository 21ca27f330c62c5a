/** The clock of one visit: when that is over, nothing that it had scheduled happens any more. */

import type { Cancel, Clock } from '../engine/ports/clock.js';

export class VisitClock implements Clock {
  readonly #pending = new Set<Cancel>();
  #isOver = false;

  constructor(private readonly clock: Clock) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  wallMs(): number {
    return this.clock.wallMs();
  }

  schedule(task: () => void, delayMs: number): Cancel {
    if (this.#isOver) return () => undefined;
    const cancel = this.clock.schedule(() => {
      this.#pending.delete(cancel);
      task();
    }, delayMs);
    this.#pending.add(cancel);
    return () => {
      this.#pending.delete(cancel);
      cancel();
    };
  }

  afterTurn(task: () => void): void {
    this.clock.afterTurn(() => {
      if (!this.#isOver) task();
    });
  }

  /** Idempotent. */
  close(): void {
    this.#isOver = true;
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
  }
}
