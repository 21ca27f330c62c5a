/** Lets calls to the server through, and can find a moment in which none of them waits for its answer. */

export class CallGate {
  #numPending = 0;
  #onQuiet: (() => void) | undefined;
  /** Calls that come meanwhile wait for it. */
  #held: Promise<void> | undefined;

  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#held !== undefined) await this.#held;
    this.#numPending++;
    try {
      return await call();
    } finally {
      this.#numPending--;
      if (this.#numPending === 0) this.#onQuiet?.();
    }
  }

  /** Runs the task when all calls that were let through are answered, and the calls that came meanwhile after it. */
  whenQuiet(task: () => void): void {
    if (this.#held !== undefined) return;
    const quiet = new Promise<void>((resolve) => {
      this.#onQuiet = resolve;
    });
    if (this.#numPending === 0) this.#onQuiet?.();
    this.#held = quiet.then(() => {
      this.#onQuiet = undefined;
      this.#held = undefined;
      task();
    });
  }
}
