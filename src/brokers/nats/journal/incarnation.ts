/**
 * How nodes agree on the name of a stream that all of them want to make. Each life of the history has a name of its own,
 * so that nothing is appended to one in the belief that it is another; and a server may let two nodes make two streams
 * with the same subjects at the same time.
 */

import type { Random } from '../../../engine/ports/clock.js';
import type { Client } from '../client-library.js';
import { isConflict, newStreamRetries } from '../failures.js';
import type { Subjects } from '../subjects.js';
import type { ServerTime } from './server-time.js';

/** How long a stream may not be there yet that another node is about to make. */
const makingMs = 10_000;
const maxAttempts = 10;

export class Incarnation {
  constructor(
    private readonly subjects: Subjects,
    private readonly time: ServerTime,
    private readonly random: Random,
  ) {}

  /** The stream of `life.ts` is there. @param missing the name that is known to be gone; empty for none */
  async agree({ streams, appends }: Client, missing: string): Promise<string> {
    const subject = this.subjects.life('history');
    for (let attempt = 1; ; attempt++) {
      const last = await streams.streams.getMessage(this.subjects.stream('life'), { last_by_subj: subject });
      const name = last?.string();
      if (last !== null && name !== undefined && name !== missing) {
        if (this.time.nowMs() - last.time.getTime() < makingMs) return name;
      }
      const fresh = this.subjects.stream(
        'history',
        this.random
          .id()
          .replace(/[^\w-]/g, '')
          .slice(0, 12),
      );
      try {
        const expect = { lastSubjectSequence: last?.seq ?? 0 };
        await appends.publish(subject, fresh, { expect, retries: newStreamRetries });
        return fresh;
      } catch (error) {
        // Another node was first.
        if (!isConflict(error) || attempt === maxAttempts) throw error;
      }
    }
  }
}
