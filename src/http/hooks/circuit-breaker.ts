/** Stops calling a backend that has failed several times in a row, and tries again with one call at a time. */

import type { Clock, Random } from '../../engine/ports/clock.js';

/** Between two probes of an open breaker: from the first to twice as long, so that nodes do not probe in step. */
const probeIntervalMs = 1_000;

/** How a call may pass, if at all. */
export type Passage = 'closed' | 'probe' | undefined;

/**
 * Closed until `maxFailures` calls in a row have failed. Then open: only one probe passes in each interval, and the
 * first answer closes it. A hanging probe does not delay the next one, so a backend that is back is noticed within two
 * seconds, whatever the time-out.
 */
export class CircuitBreaker {
  #failures = 0;
  #isOpen = false;
  #nextProbeAtMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly maxFailures: number,
  ) {}

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** `undefined`: the call fails at once. Otherwise {@link succeeded} or {@link failed} must follow. */
  pass(): Passage {
    if (!this.#isOpen) return 'closed';
    if (this.clock.nowMs() < this.#nextProbeAtMs) return undefined;
    this.#putOffProbe();
    return 'probe';
  }

  /** True when this closes it. */
  succeeded(): boolean {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#failures = 0;
    return wasOpen;
  }

  /** True when this opens it. */
  failed(): boolean {
    this.#failures++;
    if (this.#isOpen || this.#failures < this.maxFailures) return false;
    this.#isOpen = true;
    this.#putOffProbe();
    return true;
  }

  #putOffProbe(): void {
    this.#nextProbeAtMs = this.clock.nowMs() + probeIntervalMs * (1 + this.random.unit());
  }
}
