/** The clock of the server, by which its messages expire; clocks of nodes differ. */

import type { Clock } from '../../../engine/ports/clock.js';
import type { Client } from '../client-library.js';
import { newStreamRetries } from '../failures.js';
import type { Subjects } from '../subjects.js';

/** How long a measurement is used, since clocks drift or are adjusted. */
const maxAgeMs = 60_000;

export class ServerTime {
  /** The difference to the monotonic clock of this process. */
  #differenceMs = 0;
  #measuredAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly subjects: Subjects,
  ) {}

  /** Milliseconds since 1970, as precise as a round trip. */
  nowMs(): number {
    return this.clock.nowMs() + this.#differenceMs;
  }

  get isStale(): boolean {
    return this.clock.nowMs() - this.#measuredAtMs > maxAgeMs;
  }

  /** Stores a message and reads the server's time stamp. Requires the stream of `life.ts`. */
  async measure({ appends, streams }: Client): Promise<void> {
    const subject = this.subjects.life('clock');
    const beganMs = this.clock.nowMs();
    await appends.publish(subject, '', { retries: newStreamRetries });
    // It may be another node's message, which is as good, since it was stored between the two readings.
    const message = await streams.streams.getMessage(this.subjects.stream('life'), { last_by_subj: subject });
    const endedMs = this.clock.nowMs();
    if (message === null) return;
    this.#differenceMs = message.time.getTime() - (beganMs + endedMs) / 2;
    this.#measuredAtMs = endedMs;
  }
}
