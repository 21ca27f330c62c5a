/** Lets the batches of a match day go when they are due. */

import { type Batch, caughtUp, type Line } from '../match-day/lines.js';

export interface PaceOptions {
  /** How many seconds of the match day pass in one. */
  readonly speed: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs: () => number;
  /** Resolves after that many milliseconds, or when the signal is aborted; for 0 when others have had their turn. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** What had happened before comes first, at once and without what has become old; then everything in its time. */
export async function* paced(
  batches: Iterable<Batch>,
  { speed, signal, nowMs, sleep }: PaceOptions,
): AsyncGenerator<readonly Line[]> {
  let before: Batch[] | undefined = [];
  const beganMs = nowMs();
  for (const batch of batches) {
    if (before !== undefined && batch.at < 0) {
      before.push(batch);
      continue;
    }
    if (before !== undefined && before.length > 0) yield caughtUp(before);
    before = undefined;
    const waitMs = beganMs + (batch.at * 1_000) / speed - nowMs();
    await sleep(Math.max(0, waitMs));
    if (signal.aborted) return;
    yield batch.lines;
  }
  if (before !== undefined && before.length > 0) yield caughtUp(before);
}
