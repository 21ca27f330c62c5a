/** What a feed publishes, as plain data: the form in which match days are recorded, replayed and piped to other programs. */

import * as v from 'valibot';

const line = v.object({
  channel: v.string(),
  /** Of a map. */
  key: v.optional(v.string()),
  data: v.unknown(),
  tags: v.optional(v.record(v.string(), v.string())),
});

/** Lines that are due at the same time; `at` is in seconds of the match day at its own speed. */
const batch = v.object({ at: v.number(), lines: v.array(line) });

export type Line = v.InferOutput<typeof line>;
export type Batch = v.InferOutput<typeof batch>;

/** @throws v.ValiError for what is no batch */
export function parseBatch(text: string): Batch {
  return v.parse(batch, JSON.parse(text));
}

/** Channels of which the newest says everything, whatever came before. */
const newestOnly = /^(match|ball):/;

/** What somebody who comes at the end of these has to know: all events, and of states the newest. */
export function caughtUp(batches: readonly Batch[]): Line[] {
  const states = new Map<string, Line>();
  const events: Line[] = [];
  for (const { lines } of batches) {
    for (const one of lines) {
      if (one.key !== undefined || newestOnly.test(one.channel)) states.set(`${one.channel} ${one.key ?? ''}`, one);
      else if (one.channel !== 'alerts') events.push(one);
    }
  }
  return [...states.values(), ...events];
}
