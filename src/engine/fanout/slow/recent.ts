/** The last items of a channel, within a bound; many may read them, each from a place of its own. */

import type { Numbered } from './newest-by-key.js';

interface Kept<Item> extends Numbered<Item> {
  readonly numBytes: number;
}

export class Recent<Item> {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #kept: Kept<Item>[] = [];
  #numBytes = 0;
  #numAdded = 0;

  /** @param maxBytes the newest item is kept even if it alone is larger */
  constructor(
    maxItems: number,
    maxBytes: number,
    private readonly onDropped?: (item: Item) => void,
  ) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  /** Items that were ever added: the number of the newest one, and the place of a reader that has everything. */
  get numAdded(): number {
    return this.#numAdded;
  }

  /** Items that were dropped, all of them older than those that are kept. */
  get numDropped(): number {
    return this.#numAdded - this.#kept.length;
  }

  /** The oldest ones go until all are within the bound. */
  add(item: Item, numBytes: number): void {
    this.#kept.push({ number: ++this.#numAdded, item, numBytes });
    this.#numBytes += numBytes;
    while (this.#kept.length > this.#maxItems || (this.#numBytes > this.#maxBytes && this.#kept.length > 1)) {
      const dropped = this.#kept.shift();
      if (dropped === undefined) return;
      this.#numBytes -= dropped.numBytes;
      this.onDropped?.(dropped.item);
    }
  }

  /** Those after this place that are still kept, the oldest first. */
  after(place: number): readonly Numbered<Item>[] {
    return this.#kept.slice(Math.max(0, place - this.numDropped));
  }
}
