/**
 * A large map as many small ones. V8 copies the whole table of a map in one go when it grows or shrinks: with 500,000
 * entries the event loop stands for 50 ms, in one of 64 parts for less than one.
 */

const numParts = 64;

export class SplitMap<Key extends string, Value> {
  readonly #parts: readonly Map<Key, Value>[] = Array.from({ length: numParts }, () => new Map<Key, Value>());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Each in the order of insertion. */
  get parts(): readonly ReadonlyMap<Key, Value>[] {
    return this.#parts;
  }

  get(key: Key): Value | undefined {
    return this.#partOf(key).get(key);
  }

  set(key: Key, value: Value): void {
    const part = this.#partOf(key);
    const before = part.size;
    part.set(key, value);
    this.#size += part.size - before;
  }

  delete(key: Key): boolean {
    const isDeleted = this.#partOf(key).delete(key);
    if (isDeleted) this.#size--;
    return isDeleted;
  }

  clear(): void {
    for (const part of this.#parts) part.clear();
    this.#size = 0;
  }

  /** All entries, part by part; they may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<[Key, Value]> {
    for (const part of this.#parts) yield* part;
  }

  #partOf(key: Key): Map<Key, Value> {
    let hash = 0x811c9dc5;
    for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
    // FNV-1a, whose low bits are alike for names that count up, and the end of MurmurHash3, which mixes them.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    // safe: below the number of parts
    return this.#parts[(hash ^ (hash >>> 16)) & (numParts - 1)] as Map<Key, Value>;
  }
}
