/** One kind of work that is tried again and again, to know whether it succeeds at present. */

import type { Cancel, Clock } from '../ports/clock.js';
import { withTimeLimit } from '../time/time-limit.js';

/** Between two attempts while they succeed, in milliseconds. */
const calmIntervalMs = 1_000;
/** While they do not: that it works again is known as soon. */
const troubledIntervalMs = 250;
const limitMs = 4_000;
/** As long as an attempt without an outcome is believed in. */
const maxSilenceMs = 3_000;
/** One that fails by itself may be a connection that is being replaced. */
const maxFailures = 1;
/** That may wait for their outcome: who waits for the last one alone learns late that the next one would succeed. */
const maxAttempts = 8;

interface ProbeSeriesParts {
  readonly name: string;
  readonly clock: Clock;
  readonly attempt: () => Promise<void>;
  /** With the reason why it does not succeed, or nothing when it does again. */
  readonly onTurn: (isWell: boolean, reason: unknown) => void;
}

export class ProbeSeries {
  readonly #parts: ProbeSeriesParts;
  #lastSuccessMs: number;
  #lastSuccess = 0;
  /** The last silence in which an attempt had been due. */
  #gap = { ms: 0, endedMs: Number.NEGATIVE_INFINITY };
  #failures = 0;
  #count = 0;
  #waiting = 0;
  #reason: unknown;
  #wasWell = true;
  #timer: Cancel | undefined;
  #isClosed = false;

  constructor(parts: ProbeSeriesParts) {
    this.#parts = parts;
    this.#lastSuccessMs = parts.clock.nowMs();
  }

  get isWell(): boolean {
    return this.#failures <= maxFailures && this.silenceMs <= maxSilenceMs;
  }

  /** Since it last succeeded, in milliseconds. */
  get silenceMs(): number {
    return this.#parts.clock.nowMs() - this.#lastSuccessMs;
  }

  /** The same, or the last silence that has ended within so many milliseconds. */
  silenceWithin(ms: number): number {
    const { clock } = this.#parts;
    return Math.max(this.silenceMs, clock.nowMs() - this.#gap.endedMs <= ms ? this.#gap.ms : 0);
  }

  /** It has just succeeded. */
  start(): void {
    this.#lastSuccessMs = this.#parts.clock.nowMs();
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    const isCalm = this.#wasWell && this.#failures === 0;
    this.#timer = this.#parts.clock.schedule(
      () => {
        if (this.#waiting < maxAttempts) void this.#attempt();
        this.#judge();
        this.#schedule();
      },
      isCalm ? calmIntervalMs : troubledIntervalMs,
    );
  }

  async #attempt(): Promise<void> {
    const { clock, name, attempt } = this.#parts;
    const number = ++this.#count;
    this.#waiting++;
    try {
      await withTimeLimit(clock, limitMs, name, attempt());
      if (this.silenceMs > 2 * calmIntervalMs) this.#gap = { ms: this.silenceMs, endedMs: clock.nowMs() };
      this.#lastSuccessMs = clock.nowMs();
      this.#lastSuccess = Math.max(this.#lastSuccess, number);
      this.#failures = 0;
    } catch (error) {
      // What began before something succeeded tells nothing about now.
      if (number > this.#lastSuccess) {
        this.#failures++;
        this.#reason = error;
      }
    } finally {
      this.#waiting--;
      this.#judge();
    }
  }

  #judge(): void {
    if (this.#isClosed || this.isWell === this.#wasWell) return;
    this.#wasWell = this.isWell;
    this.#parts.onTurn(this.#wasWell, this.#wasWell ? undefined : this.#reason);
    this.#reason = undefined;
  }
}
