/** Awaits a promise with a time limit. */

import type { Cancel, Clock } from '../ports/clock.js';

/** @throws what `work` rejects with, or an error after `limitMs`; then the outcome of `work` is ignored */
export async function withTimeLimit<T>(clock: Clock, limitMs: number, what: string, work: Promise<T>): Promise<T> {
  let cancel: Cancel = () => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.schedule(() => reject(new Error(`${what}: no answer in ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
    // A failure after the time limit is ignored.
    work.catch(() => undefined);
  }
}
