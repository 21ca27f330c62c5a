/** A rate limit: so many a second in the long run, so many at once after a pause. */

export class TokenBucket {
  #tokens: number;
  #lastMs: number;

  constructor(
    private readonly perSec: number,
    private readonly burst: number,
    nowMs: number,
  ) {
    this.#tokens = burst;
    this.#lastMs = nowMs;
  }

  /**
   * Takes one. `over`: the limit is passed and this one should be refused. `flood`: it has been passed by as much again
   * as the burst, without a pause; refusing is not enough.
   */
  take(nowMs: number): 'ok' | 'over' | 'flood' {
    if (this.perSec === 0) return 'ok';
    this.#refill(nowMs);
    this.#tokens--;
    if (this.#tokens >= 0) return 'ok';
    return this.#tokens > -this.burst ? 'over' : 'flood';
  }

  /** Takes one if there is one. What is refused costs nothing: however many try, they get through at the rate. */
  tryTake(nowMs: number): boolean {
    if (this.perSec === 0) return true;
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #refill(nowMs: number): void {
    this.#tokens = Math.min(this.burst, this.#tokens + ((nowMs - this.#lastMs) * this.perSec) / 1_000);
    this.#lastMs = nowMs;
  }
}
