/**
 * A monotonic clock that stands still while the process that reads it is given no time. Limits are for a fleet on a
 * machine that works: where all is held up, observers above all, nobody can say how long something took.
 */

const tickMs = 50;
/** What a process that is well may be late. */
const usualLagMs = 250;

export class StallClock implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #lastSeenMs: number;
  #stalledMs = 0;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.#lastSeenMs = now();
    this.#timer = setInterval(() => this.#see(), tickMs);
    this.#timer.unref();
  }

  get nowMs(): number {
    return this.#see() - this.#stalledMs;
  }

  /** For how long it has stood still. */
  get stalledMs(): number {
    return this.#stalledMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #see(): number {
    const nowMs = this.now();
    const lagMs = nowMs - this.#lastSeenMs - tickMs;
    if (lagMs > usualLagMs) this.#stalledMs += lagMs;
    this.#lastSeenMs = nowMs;
    return nowMs;
  }
}
