/** The newest publication of each key: what is left of a part of a stream for who does not get everything. */

import type { Publication } from '../../model/publication.js';

/** Of a channel without keys, one for all. A publication that a history does not keep takes the place of none that it keeps. */
export function keyOf({ key, offset }: Publication): string {
  return key ?? (offset > 0 ? 'kept' : 'passing');
}

/** In the order of the stream. */
export function newestOfKeys(publications: readonly Publication[]): readonly Publication[] {
  const newest = new Map<string, Publication>();
  for (const publication of publications) newest.set(keyOf(publication), publication);
  return newest.size === publications.length
    ? publications
    : publications.filter((publication) => newest.get(keyOf(publication)) === publication);
}
