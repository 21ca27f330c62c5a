/** The newest item of each key, in the order in which they came; many may read it, each from a place of its own. */

/** An item and its number: 1 for the first that was ever added, 2 for the next. */
export interface Numbered<Item> {
  readonly number: number;
  readonly item: Item;
}

interface Entry<Item> extends Numbered<Item> {
  older: Entry<Item> | undefined;
  newer: Entry<Item> | undefined;
}

/** Bounded by the number of keys: there is an item of each that was ever added, until it is forgotten. */
export class NewestByKey<Item> {
  readonly #byKey = new Map<string, Entry<Item>>();
  #newest: Entry<Item> | undefined;
  #numAdded = 0;

  /** Items that were ever added: the number of the newest one, and the place of a reader that has everything. */
  get numAdded(): number {
    return this.#numAdded;
  }

  /** Keys of which there is an item. */
  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Item | undefined {
    return this.#byKey.get(key)?.item;
  }

  /** Replaces the item of the same key. */
  add(key: string, item: Item): void {
    const replaced = this.#byKey.get(key);
    if (replaced !== undefined) this.#takeOut(replaced);
    const entry: Entry<Item> = { number: ++this.#numAdded, item, older: this.#newest, newer: undefined };
    if (this.#newest !== undefined) this.#newest.newer = entry;
    this.#newest = entry;
    this.#byKey.set(key, entry);
  }

  /** The newest item of each key that has one after this place, the oldest of them first. Costs as much as there are. */
  after(place: number): readonly Numbered<Item>[] {
    const found: Numbered<Item>[] = [];
    for (let entry = this.#newest; entry !== undefined && entry.number > place; entry = entry.older) found.push(entry);
    return found.reverse();
  }

  /** Forgets the items up to this place; numbers go on. Costs as much as there are items. */
  forget(place: number): void {
    for (const [key, entry] of this.#byKey) {
      if (entry.number > place) continue;
      this.#byKey.delete(key);
      this.#takeOut(entry);
    }
  }

  /** Forgets all items; numbers go on. */
  clear(): void {
    this.#byKey.clear();
    this.#newest = undefined;
  }

  #takeOut({ older, newer }: Entry<Item>): void {
    if (older !== undefined) older.newer = newer;
    if (newer !== undefined) newer.older = older;
    else this.#newest = older;
  }
}
