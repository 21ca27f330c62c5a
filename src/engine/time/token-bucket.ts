/** A rate limit: so many a second in the long run, so many at once after a pause. */

export interface RateLimit {
  readonly perSec: number;
  readonly burst: number;
}

/** Tokens in a bucket that will be full at `fullAtMs`; below 0 when more was taken than there was. */
export function tokensLeft({ perSec, burst }: RateLimit, fullAtMs: number, nowMs: number): number {
  const left = burst - (Math.max(0, fullAtMs - nowMs) * perSec) / 1_000;
  // Thousandths of a token are what adding and taking away fractions leaves behind.
  return Math.round(left * 1_000) / 1_000;
}

/** When the bucket will be full after one more was taken: all the state that a bucket has. */
export function withOneTaken({ perSec }: RateLimit, fullAtMs: number, nowMs: number): number {
  return Math.max(fullAtMs, nowMs) + 1_000 / perSec;
}

/** A bucket of its own. A rate of 0 has no limit. */
export class TokenBucket {
  readonly #limit: RateLimit;
  #fullAtMs: number;

  constructor(perSec: number, burst: number, nowMs: number) {
    this.#limit = { perSec, burst };
    this.#fullAtMs = nowMs;
  }

  /** Takes one if there is one. What is refused costs nothing: however many try, they get through at the rate. */
  tryTake(nowMs: number): boolean {
    if (this.#limit.perSec === 0) return true;
    if (tokensLeft(this.#limit, this.#fullAtMs, nowMs) < 1) return false;
    this.#fullAtMs = withOneTaken(this.#limit, this.#fullAtMs, nowMs);
    return true;
  }
}
