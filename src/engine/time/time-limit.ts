/** Waiting for something that may never come. */

import type { Cancel, Clock } from '../ports/clock.js';

/** @throws what `work` rejects with, or an error when it takes longer than `limitMs`; then its outcome is ignored */
export async function withTimeLimit<T>(clock: Clock, limitMs: number, what: string, work: Promise<T>): Promise<T> {
  let cancel: Cancel = () => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.schedule(() => reject(new Error(`${what}: no answer in ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
    // Whether it still fails later on interests nobody.
    work.catch(() => undefined);
  }
}
