/** The messages of one room in order, each once: history, live ones and what was missed, merged by their offsets. */

import type { Received } from './messages.js';

/** A line of the room. Its key stays the same for as long as it is there. */
export type Entry =
  | { readonly kind: 'message'; readonly key: string; readonly message: Received; readonly isRecovered?: boolean }
  | { readonly kind: 'gap'; readonly key: string };

/** Lines that are kept; older ones are let go. */
const maxEntries = 500;

export class Timeline {
  #entries: Entry[] = [];
  readonly #ids = new Set<string>();
  #epoch: string | undefined;
  #lastOffset = 0;
  /** Live messages that arrive while history is being read; absent when it is not. */
  #waiting: Received[] | undefined;
  #numGaps = 0;
  #numAdded = 0;

  /** Messages that were shown since the start, those that were let go again too. */
  get numAdded(): number {
    return this.#numAdded;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** From now on live messages wait for {@link mergeHistory}: what they follow is not known yet. */
  awaitHistory(): void {
    this.#waiting ??= [];
  }

  /**
   * Puts the newest kept messages in, oldest first, and then the live ones that have waited. Marks a gap where
   * something may lie between what is shown and what is kept.
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

  /** History could not be read: what has waited is shown all the same. */
  giveUpHistory(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const message of waiting) this.#append(message);
  }

  /**
   * A message has arrived. False when it is shown already.
   *
   * @param isRecovered it was published while the connection was lost
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
    // Sent twice by its author, who did not get to know that the first time had worked.
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
