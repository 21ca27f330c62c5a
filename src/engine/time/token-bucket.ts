/** A rate limit: an average per second, and a burst after a pause. */

export interface RateLimit {
  readonly perSec: number;
  readonly burst: number;
}

/** Tokens in a bucket that will be full at `fullAtMs`; below 0 when more was taken than there was. */
export function tokensLeft({ perSec, burst }: RateLimit, fullAtMs: number, nowMs: number): number {
  const left = burst - (Math.max(0, fullAtMs - nowMs) * perSec) / 1_000;
  // Rounding removes the errors of adding and subtracting fractions.
  return Math.round(left * 1_000) / 1_000;
}

/** The time at which the bucket will be full after one more token is taken; this is its whole state. */
export function withOneTaken({ perSec }: RateLimit, fullAtMs: number, nowMs: number): number {
  return Math.max(fullAtMs, nowMs) + 1_000 / perSec;
}

/** A bucket with state of its own. A rate of 0 means no limit. */
export class TokenBucket {
  readonly #limit: RateLimit;
  #fullAtMs: number;

  constructor(perSec: number, burst: number, nowMs: number) {
    this.#limit = { perSec, burst };
    this.#fullAtMs = nowMs;
  }

  /** Takes a token if there is one. Refused attempts take none, so the rate is reached however many there are. */
  tryTake(nowMs: number): boolean {
    if (this.#limit.perSec === 0) return true;
    if (tokensLeft(this.#limit, this.#fullAtMs, nowMs) < 1) return false;
    this.#fullAtMs = withOneTaken(this.#limit, this.#fullAtMs, nowMs);
    return true;
  }
}
