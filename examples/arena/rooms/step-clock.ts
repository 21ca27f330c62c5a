/** Makes the steps of a node's rooms at their rate, though timers are late: those that are due are made at once. */

import { stepsPerSec } from '../game/rules.js';

const stepMs = 1_000 / stepsPerSec;
/** Further ones are left out, as after the machine slept. */
const maxStepsAtOnce = 10;

export class StepClock {
  #timer: NodeJS.Timeout | undefined;
  #nextAtMs = 0;

  constructor(private readonly step: () => void) {}

  /** Idempotent, as {@link stop} is. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#nextAtMs = performance.now();
    this.#timer = setInterval(() => this.#makeDue(), stepMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #makeDue(): void {
    const nowMs = performance.now();
    if (nowMs - this.#nextAtMs > maxStepsAtOnce * stepMs) this.#nextAtMs = nowMs;
    for (; this.#nextAtMs <= nowMs && this.#timer !== undefined; this.#nextAtMs += stepMs) this.step();
  }
}
