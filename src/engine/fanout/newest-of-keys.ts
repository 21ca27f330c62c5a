/**
 * What is left of a part of a stream for who does not get everything: the newest publication of each key, or all that was
 * added to each answer.
 */

import { joinPublications, type Publication } from '../../model/publication.js';

/** Of a channel without keys, one for all. A publication that a history does not keep takes the place of none that it keeps. */
export function keyOf({ key, offset, part }: Publication): string {
  if (part !== undefined) return String(part.answer);
  return key ?? (offset > 0 ? 'kept' : 'passing');
}

/** In the order of the stream. */
export function newestOfKeys(publications: readonly Publication[]): readonly Publication[] {
  const newest = new Map<string, Publication>();
  for (const publication of publications) {
    const key = keyOf(publication);
    const left = joinPublications(newest.get(key), publication);
    // At the end, in the order of the newest ones.
    newest.delete(key);
    newest.set(key, left);
  }
  return newest.size === publications.length ? publications : [...newest.values()];
}
