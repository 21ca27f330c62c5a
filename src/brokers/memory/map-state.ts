/**
 * The keys of one map, in the order of their last changes. A map may have a million of them, so a key costs a place in
 * a few lists of numbers and texts, and no object of its own; publications are made when they are asked for.
 */

import { type MapQuery, maxPageLength } from '../../engine/ports/map-store.js';
import { payloadLength } from '../../model/payload.js';
import type { Publication } from '../../model/publication.js';

export interface StateSlice {
  readonly entries: readonly Publication[];
  /** `after` of the next slice; 0 if there is none. */
  readonly next: number;
}

/** Keys whose time is over, of a part of the map. */
export interface DueSlice {
  readonly keys: readonly string[];
  /** `after` of the next slice; 0 if there is none. */
  readonly next: number;
  /** When the first of the other keys in this part ends; infinite if none does. */
  readonly nextDueMs: number;
}

/** With fewer gaps, new lists are not worth it. */
const minGaps = 16;
/** Places that a look for keys whose time is over goes through: less than a millisecond. */
const maxLooks = 65_536;

/** What is kept of an entry: its data, or all of it if it has more than that. */
type Kept = Publication['data'] | Publication;

export class MapState {
  /** Of its last change, by key. */
  readonly #offsets = new Map<string, number>();
  /**
   * The lists have a place for each entry, in the order of their offsets. One whose entry has changed since, or has gone,
   * is a gap: it has its offset instead of the key, so that places can be found.
   */
  #keys: (string | number)[] = [];
  #kept: (Kept | undefined)[] = [];
  /** By the monotonic clock; infinite: it stays. Absent until a key has a time. */
  #dueMs: number[] | undefined;
  #gaps = 0;
  /** Characters of keys and data. */
  length = 0;

  get size(): number {
    return this.#offsets.size;
  }

  get(key: string): Publication | undefined {
    const offset = this.#offsets.get(key);
    return offset === undefined ? undefined : this.#entryAt(this.#placeAfter(offset) - 1);
  }

  /**
   * @param entry with a higher offset than all before it
   * @param dueMs when its time is over, by the monotonic clock. Default: never
   */
  put(key: string, entry: Publication, dueMs = Number.POSITIVE_INFINITY): void {
    this.delete(key);
    const { data, offset, info, tags } = entry;
    this.#offsets.set(key, offset);
    if (dueMs !== Number.POSITIVE_INFINITY) this.#dueMs ??= this.#keys.map(() => Number.POSITIVE_INFINITY);
    this.#dueMs?.push(dueMs);
    this.#keys.push(key);
    this.#kept.push(info === undefined && tags === undefined ? data : entry);
    this.length += key.length + payloadLength(data);
  }

  /** Gives the key another time, without a change. @returns whether there is such a key */
  renew(key: string, dueMs: number): boolean {
    const offset = this.#offsets.get(key);
    if (offset === undefined) return false;
    this.#dueMs ??= this.#keys.map(() => Number.POSITIVE_INFINITY);
    this.#dueMs[this.#placeAfter(offset) - 1] = dueMs;
    return true;
  }

  delete(key: string): void {
    const offset = this.#offsets.get(key);
    if (offset === undefined) return;
    const place = this.#placeAfter(offset) - 1;
    this.#offsets.delete(key);
    const kept = this.#kept[place];
    if (kept !== undefined) this.length -= key.length + payloadLength(dataOf(kept));
    this.#keys[place] = offset;
    this.#kept[place] = undefined;
    if (this.#dueMs !== undefined) this.#dueMs[place] = Number.POSITIVE_INFINITY;
    this.#gaps++;
    if (this.#gaps >= minGaps && this.#gaps * 4 >= this.#keys.length) this.#close();
  }

  /** Entries in the order of their offsets. */
  slice({ after, upTo = Number.POSITIVE_INFINITY, limit }: MapQuery): StateSlice {
    const entries: Publication[] = [];
    let length = 0;
    let last = 0;
    for (let place = this.#placeAfter(after); place < this.#keys.length; place++) {
      const entry = this.#entryAt(place);
      if (entry === undefined) continue;
      if (entry.offset > upTo) break;
      length += lengthOf(entry);
      const isFull = entries.length >= limit || (length > maxPageLength && entries.length > 0);
      if (isFull) return { entries, next: last };
      entries.push(entry);
      last = entry.offset;
    }
    return { entries, next: 0 };
  }

  /** Looks for keys whose time is over, in the order of their offsets: a bounded number of keys, and of looks. */
  due(nowMs: number, after: number, limit: number): DueSlice {
    const keys: string[] = [];
    let nextDueMs = Number.POSITIVE_INFINITY;
    const dueMs = this.#dueMs ?? [];
    const start = this.#placeAfter(after);
    const end = Math.min(dueMs.length, start + maxLooks);
    for (let place = start; place < end; place++) {
      // safe: the lists are as long as each other
      const due = dueMs[place] as number;
      if (due > nowMs) {
        if (due < nextDueMs) nextDueMs = due;
        continue;
      }
      if (keys.length >= limit) return { keys, next: this.#offsetAt(place - 1), nextDueMs };
      // safe: a gap is never due
      keys.push(this.#keys[place] as string);
    }
    return { keys, next: end < dueMs.length ? this.#offsetAt(end - 1) : 0, nextDueMs };
  }

  /** Removes the gaps. */
  #close(): void {
    let end = 0;
    for (let place = 0; place < this.#keys.length; place++) {
      const kept = this.#kept[place];
      if (kept === undefined) continue;
      // safe, twice: the lists are as long as each other
      this.#keys[end] = this.#keys[place] as string;
      this.#kept[end] = kept;
      if (this.#dueMs !== undefined) this.#dueMs[end] = this.#dueMs[place] as number;
      end++;
    }
    for (const list of [this.#keys, this.#kept, this.#dueMs]) if (list !== undefined) list.length = end;
    this.#gaps = 0;
  }

  #entryAt(place: number): Publication | undefined {
    const kept = this.#kept[place];
    if (kept === undefined) return undefined;
    if (isWhole(kept)) return kept;
    // safe: the place of an entry has its key
    return { data: kept, offset: this.#offsetAt(place), key: this.#keys[place] as string };
  }

  /** A list of the offsets would cost each key more than it costs to look them up. */
  #offsetAt(place: number): number {
    const key = this.#keys[place];
    // safe: the key at a place is that of an entry
    return typeof key === 'string' ? (this.#offsets.get(key) as number) : (key ?? 0);
  }

  /** Index of the first place after the offset. */
  #placeAfter(offset: number): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsetAt(middle) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export function lengthOf({ key = '', data }: Pick<Publication, 'key' | 'data'>): number {
  return key.length + payloadLength(data);
}

/** Values of maps are JSON, which is text. */
function isWhole(kept: Kept): kept is Publication {
  return typeof kept !== 'string';
}

function dataOf(kept: Kept): Publication['data'] {
  return isWhole(kept) ? kept.data : kept;
}
