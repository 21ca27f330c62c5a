/**
 * Lets calls to the server through, ends them when there is no connection and none to come, and can find a moment in
 * which none of them waits for its answer.
 */

import type { ClientError } from './client-error.js';

export class CallGate {
  readonly #ends = new Set<(error: ClientError) => void>();
  #numPending = 0;
  #onQuiet: (() => void) | undefined;
  /** Calls that come meanwhile wait for it. */
  #held: Promise<void> | undefined;
  #refusal: (() => ClientError) | undefined;

  /** Why no call is let through; `undefined` while they are. */
  get refusal(): ClientError | undefined {
    return this.#refusal?.();
  }

  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.waitFor(async (isOver) => {
      if (this.#held !== undefined) await this.#held;
      // What is told that it failed is not done later.
      if (isOver()) return Promise.race([]);
      this.#numPending++;
      try {
        return await call();
      } finally {
        this.#numPending--;
        if (this.#numPending === 0) this.#onQuiet?.();
      }
    });
  }

  /** For what waits for the server without being an answer to a call: ended with the calls, and holds nobody up. */
  async waitFor<Result>(wait: (isOver: () => boolean) => Promise<Result>): Promise<Result> {
    if (this.#refusal !== undefined) throw this.#refusal();
    const ends = this.#ends;
    return new Promise((resolve, reject) => {
      ends.add(reject);
      wait(() => !ends.has(reject))
        .then(resolve, reject)
        .finally(() => ends.delete(reject));
    });
  }

  /** Ends what waits, and refuses whatever comes until {@link open}. */
  shut(refusal: () => ClientError): void {
    this.#refusal = refusal;
    const ends = [...this.#ends];
    this.#ends.clear();
    for (const end of ends) end(refusal());
  }

  open(): void {
    this.#refusal = undefined;
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
