/** What waits in one channel for the slow readers with one filter, or without. */

import type { TagFilter } from '../../filters/tag-filter.js';
import { Parcel } from '../parcel.js';
import type { SharedFrame } from '../shared-frame.js';
import type { Variant } from '../variant.js';
import type { Backlog, Waiting } from './backlog.js';

/** Then it is looked what of it all readers have; below it is not worth it. */
const leastToTrim = 1_024;

interface Packed {
  readonly variant: Variant;
  /** Numbers, and how many of those in between there were: what is kept can only become less. */
  readonly first: number;
  readonly end: number;
  readonly length: number;
  readonly portion: readonly Waiting[];
  readonly parcel: Parcel;
}

export class Lane {
  numReaders = 0;
  /** Its newest number before the publications that leave at the moment. */
  placeBefore = 0;
  #trimAt = leastToTrim;
  /** The last parcel: readers that became slow together mostly get the same. */
  #last: Packed | undefined;

  constructor(
    readonly filter: TagFilter | undefined,
    readonly backlog: Backlog,
  ) {}

  /** Adds the publications that pass the filter. */
  take(frame: SharedFrame): void {
    this.placeBefore = this.backlog.numAdded;
    for (const shared of frame.publicationsFor(this)) this.backlog.add(shared);
  }

  /** Whether so much is kept that {@link trim} has to follow. */
  get isLarge(): boolean {
    return this.backlog.forget !== undefined && this.backlog.size >= this.#trimAt;
  }

  /** @param places of its readers: what all of them have is kept no longer */
  trim(places: Iterable<number>): void {
    let least = this.placeBefore;
    for (const place of places) least = Math.min(least, place);
    this.backlog.forget?.(least);
    this.#trimAt = Math.max(leastToTrim, 2 * this.backlog.size);
  }

  /** In whole data: what lies between them is not what a delta would refer to. */
  parcelOf(portion: readonly Waiting[], variant: Variant): Parcel {
    const { length } = portion;
    const [first, end] = [portion[0]?.number ?? 0, portion[length - 1]?.number ?? 0];
    const last = this.#last;
    // Joined ones with the same numbers may begin elsewhere.
    const isSame = this.backlog.isJoined
      ? last?.portion === portion
      : last?.first === first && last.end === end && last.length === length;
    if (last !== undefined && last.variant === variant && isSame) return last.parcel;
    const parcel = new Parcel(
      variant.encoding,
      portion.map(({ item }) => item.encodedFor(variant, false)),
    );
    if (variant.encoding.protocol.checkpoint === undefined)
      this.#last = { variant, first, end, length, portion, parcel };
    return parcel;
  }
}
