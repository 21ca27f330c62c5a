/** The story of a match: its events and what commentators have said, newest first. */

import type { Said, Told } from './live.js';

export type Entry =
  | { readonly kind: 'event'; readonly event: Told }
  | { readonly kind: 'comment'; readonly comment: Said };

/**
 * Each list is in order; between them the clock of the match decides.
 *
 * @param onlyKeys leave out what is neither a comment nor a turning point
 */
export function story(events: readonly Told[], comments: readonly Said[], onlyKeys = false): Entry[] {
  const told = onlyKeys ? events.filter(isKey) : events;
  const entries: Entry[] = [];
  let next = 0;
  for (const event of told) {
    for (; next < comments.length; next++) {
      const comment = comments[next];
      if (comment === undefined || comment.second >= event.second) break;
      entries.push({ kind: 'comment', comment });
    }
    entries.push({ kind: 'event', event });
  }
  entries.push(...comments.slice(next).map((comment): Entry => ({ kind: 'comment', comment })));
  return entries.reverse();
}

const keyKinds = new Set(['start', 'end', 'goal', 'red', 'yellow', 'penalty', 'substitution', 'dunk', 'lead']);

export function isKey({ kind }: Told): boolean {
  return keyKinds.has(kind);
}
