/** Whether one subscription gets each publication of its channel once and in order. */

/** What a number was. */
export type Arrival = 'next' | 'late' | 'duplicate';

/** A larger gap is counted and not remembered number by number. */
const maxRemembered = 10_000;

export class SequenceCheck {
  /** The next number; 0: whatever comes first, since it joined a channel that was in use. */
  #next: number;
  /** Numbers that were skipped. */
  #missing: Set<number> | undefined;
  #skipped = 0;

  constructor(first: 0 | 1) {
    this.#next = first;
  }

  arrived(sequence: number): Arrival {
    if (sequence === this.#next || this.#next === 0) {
      this.#next = sequence + 1;
      return 'next';
    }
    if (sequence > this.#next) {
      this.#skipTo(sequence);
      this.#next = sequence + 1;
      return 'next';
    }
    return this.#missing?.delete(sequence) === true ? 'late' : 'duplicate';
  }

  /** It was away and nobody keeps what was published meanwhile: the next number is the first again. */
  restart(): void {
    this.#next = 0;
  }

  /** Whether all numbers up to the last one have arrived, except those that need not. */
  isComplete(last: number, mayMiss: ReadonlySet<number> | undefined): boolean {
    return this.lost(last, mayMiss) === 0;
  }

  /**
   * How many of the numbers up to the last one did not arrive.
   *
   * @param mayMiss numbers that were refused, or of which nobody knows
   */
  lost(last: number, mayMiss: ReadonlySet<number> | undefined): number {
    let count = this.#skipped;
    for (const sequence of this.#missing ?? []) if (mayMiss?.has(sequence) !== true) count += 1;
    if (this.#next === 0) return count;
    for (let sequence = this.#next; sequence <= last; sequence++) if (mayMiss?.has(sequence) !== true) count += 1;
    return count;
  }

  #skipTo(sequence: number): void {
    const gap = sequence - this.#next;
    this.#missing ??= new Set();
    if (gap + this.#missing.size > maxRemembered) {
      this.#skipped += gap;
      return;
    }
    for (let skipped = this.#next; skipped < sequence; skipped++) this.#missing.add(skipped);
  }
}
