/** A part of a match day, to be kept in a file: one match of it, or some minutes. */

import type { Alert } from '../messages.js';
import { type Batch, caughtUp, type Line } from './lines.js';
import { matchDay } from './match-day.js';

export interface RecordingOptions {
  readonly day: number;
  /** Id of the only match that it is about. Default: all. */
  readonly match?: string;
  /** Seconds of the match day; what was before is in the first batch. Default: from its beginning. */
  readonly from?: number;
  /** Default: to its end. */
  readonly to?: number;
}

export function* recording(options: RecordingOptions): Generator<Batch> {
  const { day, match, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options;
  const before: Batch[] = [];
  let isFirst = true;
  for (const { at, lines } of matchDay(day)) {
    if (at > to) return;
    const kept = match === undefined ? lines : lines.filter((line) => isAbout(line, match));
    if (at < from) {
      before.push({ at, lines: kept });
      continue;
    }
    if (isFirst && before.length > 0) yield { at, lines: caughtUp(before) };
    isFirst = false;
    if (kept.length > 0) yield { at, lines: kept };
  }
}

function isAbout({ channel, key, data }: Line, match: string): boolean {
  // safe: made by the simulator
  if (channel === 'alerts') return (data as Alert).match === match;
  return key === match || channel.endsWith(`:${match}`);
}
