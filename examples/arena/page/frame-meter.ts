/** Counts frames: how many there are in a second, and how long the slowest ones took. */

const windowMs = 1_000;

export class FrameMeter {
  /** Times between frames of the second that is over. */
  #intervals: number[] = [];
  #lastAtMs: number | undefined;
  #beganAtMs = 0;
  #fps = 0;
  #slowestMs = 0;

  /** Of the last whole second. */
  get fps(): number {
    return this.#fps;
  }

  /** The 95th percentile of the times between two frames, of that second. */
  get slowestMs(): number {
    return this.#slowestMs;
  }

  frame(nowMs: number): void {
    if (this.#lastAtMs === undefined) this.#beganAtMs = nowMs;
    else this.#intervals.push(nowMs - this.#lastAtMs);
    this.#lastAtMs = nowMs;
    const passedMs = nowMs - this.#beganAtMs;
    if (passedMs < windowMs || this.#intervals.length === 0) return;
    this.#fps = (1_000 * this.#intervals.length) / passedMs;
    const sorted = this.#intervals.toSorted((a, b) => a - b);
    this.#slowestMs = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
    this.#intervals = [];
    this.#beganAtMs = nowMs;
  }
}
