/** The keys of one map, in the order of their last changes. */

import { type MapQuery, maxPageLength } from '../../engine/ports/map-store.js';
import { payloadLength } from '../../model/payload.js';
import type { Publication } from '../../model/publication.js';

export interface StateSlice {
  readonly entries: readonly Publication[];
  /** `after` of the next slice; 0 if there is none. */
  readonly next: number;
}

/** With fewer gaps, a new list is not worth it. */
const minGaps = 16;

export class MapState {
  readonly #byKey = new Map<string, Publication>();
  /** By offset; of an entry that has changed since, only its offset is left, so that places can be found. */
  #log: (Publication | number)[] = [];
  #gaps = 0;
  /** Characters of keys and data. */
  length = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Publication | undefined {
    return this.#byKey.get(key);
  }

  /** @param entry with a higher offset than all before it */
  put(key: string, entry: Publication): void {
    this.delete(key);
    this.#byKey.set(key, entry);
    this.#log.push(entry);
    this.length += lengthOf(entry);
  }

  delete(key: string): void {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return;
    this.#byKey.delete(key);
    this.length -= lengthOf(entry);
    this.#log[this.#placeAfter(entry.offset) - 1] = entry.offset;
    this.#gaps++;
    if (this.#gaps < minGaps || this.#gaps * 2 < this.#log.length) return;
    this.#log = this.#log.filter((each) => typeof each !== 'number');
    this.#gaps = 0;
  }

  /** Entries in the order of their offsets. */
  slice({ after, upTo = Number.POSITIVE_INFINITY, limit }: MapQuery): StateSlice {
    const entries: Publication[] = [];
    let length = 0;
    let last = 0;
    for (let i = this.#placeAfter(after); i < this.#log.length; i++) {
      const entry = this.#log[i];
      if (typeof entry !== 'object') continue;
      if (entry.offset > upTo) break;
      length += lengthOf(entry);
      const isFull = entries.length >= limit || (length > maxPageLength && entries.length > 0);
      if (isFull) return { entries, next: last };
      entries.push(entry);
      last = entry.offset;
    }
    return { entries, next: 0 };
  }

  /** Index of the first place in the log after the offset. */
  #placeAfter(offset: number): number {
    let [low, high] = [0, this.#log.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#log[middle];
      if ((typeof entry === 'object' ? entry.offset : (entry ?? 0)) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export function lengthOf({ key = '', data }: Pick<Publication, 'key' | 'data'>): number {
  return key.length + payloadLength(data);
}
