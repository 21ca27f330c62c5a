/** All slow readers of a node: looks whether their connections have taken what was written to them. */

import type { Stores } from '../../ports/broker.js';
import type { Cancel, Clock } from '../../ports/clock.js';
import type { RuleCounts } from '../../ports/rule-counts.js';
import type { SlowReader } from './slow-reader.js';

/** Interval of the looks; the same for connections of all transports, some of which have no event for it. */
const lookEveryMs = 20;

/** Pages of history that are read at the same time for all slow readers of the node. */
const maxReadings = 16;

export interface SlowReadersPorts {
  readonly clock: Clock;
  readonly broker: Omit<Stores, 'name'>;
  readonly limits: { readonly maxQueueBytes: number };
}

export class SlowReaders {
  readonly #waiting = new Set<SlowReader>();
  #cancel: Cancel | undefined;
  #numReadings = 0;

  constructor(readonly ports: SlowReadersPorts) {}

  /** In channels that are counted there. */
  numOf(countedAs: RuleCounts): number {
    let count = 0;
    for (const { side } of this.#waiting) if (side.countedAs === countedAs) count++;
    return count;
  }

  /** From now on it is released when its connection has taken everything, until {@link remove}. */
  add(reader: SlowReader): void {
    this.#waiting.add(reader);
    this.#cancel ??= this.ports.clock.schedule(this.#look, lookEveryMs);
  }

  remove(reader: SlowReader): void {
    this.#waiting.delete(reader);
  }

  /** How long the slowest one in channels that are counted there has not been up to date; 0: all are. */
  slowestMs(countedAs: RuleCounts): number {
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const reader of this.#waiting) {
      if (reader.side.countedAs === countedAs) sinceMs = Math.min(sinceMs, reader.sinceMs);
    }
    return Math.max(0, this.ports.clock.nowMs() - sinceMs);
  }

  /** Whether a page may be read now; then {@link endReading} has to follow. */
  beginReading(): boolean {
    if (this.#numReadings >= maxReadings) return false;
    this.#numReadings++;
    return true;
  }

  endReading(): void {
    this.#numReadings--;
  }

  /** No more looks. */
  close(): void {
    this.#cancel?.();
    this.#waiting.clear();
  }

  readonly #look = (): void => {
    this.#cancel = undefined;
    for (const reader of this.#waiting) if (reader.subscription.outbox.takesMore) reader.side.release(reader);
    if (this.#waiting.size > 0) this.#cancel ??= this.ports.clock.schedule(this.#look, lookEveryMs);
  };
}
