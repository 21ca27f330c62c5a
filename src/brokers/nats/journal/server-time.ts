/** The clock of the server, by which what it keeps grows old; clocks of nodes differ. */

import type { Clock } from '../../../engine/ports/clock.js';
import type { Client } from '../client-library.js';
import { newStreamRetries } from '../failures.js';
import type { Subjects } from '../subjects.js';

/** How long a measurement is good for: as long as the two clocks do not drift apart, or one is set. */
const maxAgeMs = 60_000;

export class ServerTime {
  /** What has to be added to the monotonic clock of this process. */
  #differenceMs = 0;
  #measuredAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly subjects: Subjects,
  ) {}

  /** Milliseconds since 1970, as exact as a round trip is short. */
  nowMs(): number {
    return this.clock.nowMs() + this.#differenceMs;
  }

  get isStale(): boolean {
    return this.clock.nowMs() - this.#measuredAtMs > maxAgeMs;
  }

  /** Lets the server write something down and reads when that was. The stream of `life.ts` is there. */
  async measure({ appends, streams }: Client): Promise<void> {
    const subject = this.subjects.life('clock');
    const beganMs = this.clock.nowMs();
    await appends.publish(subject, '', { retries: newStreamRetries });
    // Possibly that of another node, which is as good: it was between the two readings of this clock.
    const message = await streams.streams.getMessage(this.subjects.stream('life'), { last_by_subj: subject });
    const endedMs = this.clock.nowMs();
    if (message === null) return;
    this.#differenceMs = message.time.getTime() - (beganMs + endedMs) / 2;
    this.#measuredAtMs = endedMs;
  }
}
