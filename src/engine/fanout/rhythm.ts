/**
 * Where the beats of a connection lie in time. All channels of which the connection has a rate follow it, with all who have the
 * same rate there: so what waits in several channels leaves in one write.
 */
export class Rhythm {
  /** The time of one of the beats, whatever the rate. */
  #beatMs = 0;
  #numBeating = 0;

  /** Somebody has a beat now, after a silence. If nobody else follows it, this is one of its beats. */
  begin(nowMs: number): void {
    if (this.#numBeating++ === 0) this.#beatMs = nowMs;
  }

  /** A silence has begun. */
  end(): void {
    this.#numBeating--;
  }

  /** The first beat at this time or later. */
  next(fromMs: number, intervalMs: number): number {
    return this.#beatMs + Math.ceil((fromMs - this.#beatMs) / intervalMs - tolerance) * intervalMs;
  }

  /** A beat that was due then could come only later: so do the next ones, of all rates. */
  delay(dueMs: number, intervalMs: number, byMs: number): void {
    // Others that were due with it have said so already, or it was no beat of this rhythm.
    if (this.next(dueMs, intervalMs) - dueMs < tolerance * intervalMs) this.#beatMs += byMs;
  }
}

/** Of an interval, for sums of fractions. */
const tolerance = 1e-6;
