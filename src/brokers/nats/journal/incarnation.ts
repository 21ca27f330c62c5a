/**
 * How nodes agree on the name of a stream that all of them want to create. Each life of a stream has its own name,
 * so that nothing is appended to the wrong one, and because a server may let two nodes create two streams with the same
 * subjects at the same time.
 */

import type { Random } from '../../../engine/ports/clock.js';
import type { Client } from '../client-library.js';
import { isConflict, newStreamRetries } from '../failures.js';
import type { Subjects } from '../subjects.js';
import type { ServerTime } from './server-time.js';

/** How long to wait for a stream that another node is creating. */
const makingMs = 10_000;
const maxAttempts = 10;

export class Incarnation {
  constructor(
    private readonly subjects: Subjects,
    private readonly time: ServerTime,
    private readonly random: Random,
  ) {}

  /** Requires the stream of `life.ts`. @param missing the name of the stream that is gone; empty for none */
  async agree({ streams, appends }: Client, kind: 'history' | 'maps' | 'answers', missing: string): Promise<string> {
    const subject = this.subjects.life(kind);
    for (let attempt = 1; ; attempt++) {
      const last = await streams.streams.getMessage(this.subjects.stream('life'), { last_by_subj: subject });
      const name = last?.string();
      if (last !== null && name !== undefined && name !== missing) {
        if (this.time.nowMs() - last.time.getTime() < makingMs) return name;
      }
      const fresh = this.subjects.stream(
        kind,
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
