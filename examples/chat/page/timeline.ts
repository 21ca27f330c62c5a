/** The messages of one room in order, each once: history, live ones and recovered ones, merged by their offsets. */

import type { Received } from './messages.js';

/** A line of the room, with a stable key. */
export type Entry =
  | { readonly kind: 'message'; readonly key: string; readonly message: Received; readonly isRecovered?: boolean }
  | { readonly kind: 'gap'; readonly key: string };

/** Lines that are kept; older ones are dropped. */
const maxEntries = 500;

export class Timeline {
  #entries: Entry[] = [];
  readonly #ids = new Set<string>();
  #epoch: string | undefined;
  #lastOffset = 0;
  /** Live messages that arrive while history is read; otherwise absent. */
  #waiting: Received[] | undefined;
  #numGaps = 0;
  #numAdded = 0;

  /** Messages shown since the start, including those dropped since. */
  get numAdded(): number {
    return this.#numAdded;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** From now on live messages wait for {@link mergeHistory}, since the messages before them are not known yet. */
  awaitHistory(): void {
    this.#waiting ??= [];
  }

  /**
   * Adds the newest kept messages, oldest first, and then the live ones that have waited. Marks a gap if messages may
   * be missing between the lines shown and those kept.
   */
  mergeHistory(kept: readonly Received[], epoch: string): { readonly hasGap: boolean } {
    const isFirst = this.#epoch === undefined;
    const isNewEpoch = !isFirst && this.#epoch !== epoch;
    const firstOffset = kept[0]?.offset ?? this.#waiting?.[0]?.offset;
    const isHole = !isNewEpoch && firstOffset !== undefined && firstOffset > this.#lastOffset + 1;
    const hasGap = !isFirst && (isNewEpoch || isHole);
    if (hasGap && this.#entries.length > 0) this.#entries.push({ kind: 'gap', key: `gap-${++this.#numGaps}` });
    if (isFirst || isNewEpoch) this.#lastOffset = 0;
    this.#epoch = epoch;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const message of [...kept, ...waiting]) this.#append(message);
    return { hasGap };
  }

  /** History could not be read: adds the messages that have waited. */
  giveUpHistory(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const message of waiting) this.#append(message);
  }

  /**
   * Adds a message. False if it is already shown.
   *
   * @param isRecovered whether it was published while the connection was lost
   */
  add(message: Received, isRecovered = false): boolean {
    if (this.#waiting === undefined) return this.#append(message, isRecovered);
    this.#waiting.push(message);
    return true;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  #append(message: Received, isRecovered = false): boolean {
    const { id, offset } = message;
    if (offset > 0 && offset <= this.#lastOffset) return false;
    if (offset > 0) this.#lastOffset = offset;
    // Sent twice, since the author did not learn that the first attempt had succeeded.
    if (id !== undefined && this.#ids.has(id)) return false;
    if (id !== undefined) this.#ids.add(id);
    this.#numAdded++;
    const key = id ?? `${this.#epoch}-${offset}`;
    this.#entries.push({ kind: 'message', key, message, ...(isRecovered && { isRecovered }) });
    if (this.#entries.length > maxEntries) this.#drop(this.#entries.length - maxEntries);
    return true;
  }

  #drop(numEntries: number): void {
    for (const entry of this.#entries.splice(0, numEntries)) {
      if (entry.kind === 'message' && entry.message.id !== undefined) this.#ids.delete(entry.message.id);
    }
  }
}
