/** Lets virtual time pass by itself, for tests that await what happens in it. */

import type { VirtualTime } from './virtual-time.js';

/** In one step while nobody waits for more. */
const stepMs = 5;

export class Pump implements AsyncDisposable {
  #isOver = false;
  #untilMs = 0;
  #reached: (() => void) | undefined;
  readonly #running: Promise<void>;

  constructor(private readonly time: VirtualTime) {
    this.#running = this.#run();
  }

  /** Resolves when so much more time has passed. */
  advance(ms: number): Promise<void> {
    this.#untilMs = this.time.nowMs + ms;
    return new Promise((resolve) => {
      this.#reached = resolve;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await this.time.run(Math.max(this.time.nowMs + stepMs, this.#untilMs), () => !this.#isOver);
      if (this.time.nowMs < this.#untilMs) continue;
      this.#reached?.();
      this.#reached = undefined;
    }
  }
}
