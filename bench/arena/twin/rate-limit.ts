/** How many messages a socket may send: so many a second, and a burst. Beyond it they are refused, and in a flood it is closed. */

const perSec = 80;
const burst = 160;
/** Refusals in a row that end the connection. */
const maxRefusals = 200;

export class RateLimit {
  #tokens = burst;
  #lastMs = performance.now();
  #numRefused = 0;

  take(): 'ok' | 'refused' | 'flood' {
    const nowMs = performance.now();
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#lastMs) * perSec) / 1_000);
    this.#lastMs = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens--;
      this.#numRefused = 0;
      return 'ok';
    }
    return ++this.#numRefused > maxRefusals ? 'flood' : 'refused';
  }
}
