/**
 * Passes calls to the server, ends them when the connection is gone for good, and can find a moment in which no call
 * waits for its answer.
 */

import type { ClientError } from './client-error.js';
import type { ClientPorts } from './client-ports.js';

export class CallGate {
  readonly #ends = new Set<(error: ClientError) => void>();
  #numPending = 0;
  #onQuiet: (() => void) | undefined;
  /** New calls wait for it. */
  #held: Promise<void> | undefined;
  #refusal: (() => ClientError) | undefined;

  constructor(private readonly clock: Pick<ClientPorts['clock'], 'schedule'>) {}

  /** Why calls are refused; `undefined` while they are not. */
  get refusal(): ClientError | undefined {
    return this.#refusal?.();
  }

  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.waitFor(async (isOver) => {
      if (this.#held !== undefined) await this.#held;
      // A call that was reported as failed must not be made later.
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

  /** For waits that are not calls: they end with the calls, and do not delay {@link whenQuiet}. */
  async waitFor<Result>(wait: (isOver: () => boolean) => Promise<Result>): Promise<Result> {
    if (this.#refusal !== undefined) throw this.#refusal();
    const ends = this.#ends;
    return new Promise((resolve, reject) => {
      ends.add(reject);
      wait(() => !ends.has(reject))
        .then(resolve, (error) => {
          // What fails because the connection is gone fails with the reason for that.
          if (ends.has(reject)) reject(error);
        })
        .finally(() => ends.delete(reject));
    });
  }

  /** Ends all waiting calls, and refuses new ones until {@link open}. */
  shut(refusal: () => ClientError): void {
    this.#refusal = refusal;
    const ends = [...this.#ends];
    this.#ends.clear();
    // Answers that came in the same frame as what ends the calls are on their way to those who wait.
    if (ends.length > 0) this.clock.schedule(() => ends.forEach((end) => void end(refusal())), 0);
  }

  open(): void {
    this.#refusal = undefined;
  }

  /** Runs the task once all calls in progress are answered, then the calls that arrived meanwhile. */
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
