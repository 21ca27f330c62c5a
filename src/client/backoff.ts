/** Pauses between attempts, which grow and are random, so that clients do not return at the same time. */

const maxGrowth = 20;

export class Backoff {
  readonly #maxMs: number;
  #nextMs: number;

  constructor(minMs: number) {
    this.#nextMs = minMs;
    this.#maxMs = minMs * maxGrowth;
  }

  /** Ends early when the signal is aborted. */
  pause(signal: AbortSignal, atMostMs: number): Promise<void> {
    const delayMs = Math.min(atMostMs, this.#nextMs * (0.5 + Math.random()));
    this.#nextMs = Math.min(this.#maxMs, this.#nextMs * 2);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      signal.addEventListener('abort', done);
    });
  }
}
