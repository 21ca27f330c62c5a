/** One operation that is repeated to know whether it succeeds at present. */

import type { Cancel, Clock } from '../ports/clock.js';
import { withTimeLimit } from '../time/time-limit.js';

/** Pause between attempts while they succeed, in milliseconds. */
const calmIntervalMs = 1_000;
/** Shorter while they fail, to notice soon when they succeed again. */
const troubledIntervalMs = 250;
const limitMs = 4_000;
/** Longest time without a result that still counts as success. */
const maxSilenceMs = 3_000;
/** A single failure may be a connection that is being replaced. */
const maxFailures = 1;
/** Most attempts without a result; with only one at a time, a recovery would be noticed late. */
const maxAttempts = 8;

interface ProbeSeriesParts {
  readonly name: string;
  readonly clock: Clock;
  readonly attempt: () => Promise<void>;
  /** Called with the reason when it stops succeeding, and without one when it succeeds again. */
  readonly onTurn: (isWell: boolean, reason: unknown) => void;
}

export class ProbeSeries {
  readonly #parts: ProbeSeriesParts;
  #lastSuccessMs: number;
  #lastSuccess = 0;
  /** The last silence that lasted longer than the interval of attempts. */
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

  /** Milliseconds since the last success. */
  get silenceMs(): number {
    return this.#parts.clock.nowMs() - this.#lastSuccessMs;
  }

  /** The current silence, or a longer one that ended within this many milliseconds. */
  silenceWithin(ms: number): number {
    const { clock } = this.#parts;
    return Math.max(this.silenceMs, clock.nowMs() - this.#gap.endedMs <= ms ? this.#gap.ms : 0);
  }

  /** Counts from now, as after a success. */
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
      // An attempt that began before the last success tells nothing about the present.
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
