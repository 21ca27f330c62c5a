/**
 * The answers of one channel, as the entries of its log have made them. Nodes that have taken the same entries have the
 * same, however they came to them.
 */

import { joined, nothingAdded } from '../../../../model/answer-part.js';
import type { Position } from '../../../../model/position.js';
import { type Answer, sizeOf } from '../../../answer-state.js';
import { epochOf } from '../stored-message.js';
import type { Entry, EntryStep } from './entry.js';

export interface KeptAnswer {
  /** The offset at which it was made, also in later lives. */
  readonly key: number;
  readonly answer: Answer;
  readonly silenceMs: number;
  readonly ttlMs: number;
  /** Its last sign of life or change, by the server's clock: how long it stays as it is counts from then on. */
  readonly sinceMs: number;
  /** The last entry that it contains. */
  readonly upTo: number;
  /** Characters of its body that are in pieces. */
  readonly stored: number;
  /** When the oldest of its pieces was stored, by the server's clock. */
  readonly storedMs: number;
}

/**
 * Places of entries in the log. An entry replaces the one that is so many before it, which has to be covered by then; and it
 * is refused if another node has stored one in its place.
 */
export const numSlots = 32;
/** Entries that are not covered when those who append have to cover them. */
const mostUncovered = 20;
/** The same for answers that they have changed: heads and pieces are stored together, in messages of which there are 1,000 at most. */
const mostChanged = 64;
/** The same in characters. */
const mostUncoveredChars = 262_144;
/** The same in time, since messages do not stay for ever. */
const mostUncoveredMs = 86_400_000;
/** What an answer takes beside its text, and a channel, in characters. */
const overhead = { answer: 300, channel: 1_000 };

/** Where a channel is before the first entry that is taken. */
export type Beginning = Pick<Entry, 'n' | 'offset' | 'birth' | 'life' | 'timeMs' | 'forgottenUpTo'> & {
  /** Number of its message. */
  readonly message: number;
};

export class ChannelAnswers {
  #last: Pick<Entry, 'n' | 'offset' | 'birth' | 'life' | 'timeMs' | 'forgottenUpTo'>;
  /** Number of the message of the last entry. */
  #message: number;
  #covered: number;
  /** When the first entry that is not covered was stored. */
  #uncoveredSinceMs = 0;
  #uncoveredChars = 0;
  /** By key, in the order of their last changes. */
  readonly #kept = new Map<number, KeptAnswer>();
  readonly #keys = new Map<string, number>();
  /** Since what is covered. */
  readonly #changed = new Set<number>();
  /** The same: pieces of each that is forgotten, by key. */
  readonly #forgotten = new Map<number, number>();
  /** Keys of steps that belong to no answer. */
  readonly #strays = new Set<number>();
  #count: number | undefined;
  #chars = overhead.channel;
  /** Numbers of the messages in the places of the log. */
  readonly slots: number[];
  isBroken = false;

  /** @param kept in any order; may be ahead of the beginning, each up to another entry */
  constructor(beginning: Beginning, kept: Iterable<KeptAnswer> = [], slots: readonly number[] = []) {
    const { message, ...last } = beginning;
    this.#last = last;
    this.#message = message;
    this.#covered = last.n;
    this.slots = Array.from({ length: numSlots }, (_, slot) => slots[slot] ?? 0);
    for (const one of kept) this.#put(one);
    this.order();
  }

  /** Puts them in the order of their last changes, if some were ahead of the entries that were taken. */
  order(): void {
    const all = [...this.#kept.values()].sort((a, b) => a.answer.offset - b.answer.offset);
    this.#kept.clear();
    for (const kept of all) this.#kept.set(kept.key, kept);
  }

  get last(): Pick<Entry, 'n' | 'offset' | 'birth' | 'life' | 'timeMs' | 'forgottenUpTo'> {
    return this.#last;
  }

  /** Number of the message of the last entry. */
  get message(): number {
    return this.#message;
  }

  get covered(): number {
    return this.#covered;
  }

  /** All of them take so many characters. */
  get chars(): number {
    return this.#chars;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** The place of the next entry, and the number of the message that is there. */
  get next(): { readonly slot: number; readonly message: number } {
    const slot = (this.#last.n + 1) % numSlots;
    return { slot, message: this.slots[slot] ?? 0 };
  }

  /** Whether all that is known fits together. */
  get isWhole(): boolean {
    return !this.isBroken && this.#strays.size === 0 && (this.#count ?? this.#kept.size) === this.#kept.size;
  }

  top(life: string): Position {
    const { offset, birth } = this.#last;
    return { offset, epoch: epochOf({ birth, life }) };
  }

  /** In the order of their last changes. */
  all(): Iterable<KeptAnswer> {
    return this.#kept.values();
  }

  get(id: string): KeptAnswer | undefined {
    const key = this.#keys.get(id);
    return key === undefined ? undefined : this.#kept.get(key);
  }

  /** Answers that have changed since what is covered, and those that were forgotten, with the number of their pieces. */
  get uncovered(): { readonly changed: readonly KeptAnswer[]; readonly forgotten: ReadonlyMap<number, number> } {
    const changed = [...this.#changed].flatMap((key) => this.#kept.get(key) ?? []);
    return { changed, forgotten: this.#forgotten };
  }

  /** Whether entries have to be covered before the next one. */
  mustCover(nowMs: number): boolean {
    const entries = this.#last.n - this.#covered;
    if (entries === 0) return false;
    if (entries >= mostUncovered || this.#uncoveredChars >= mostUncoveredChars) return true;
    if (this.#changed.size + this.#forgotten.size >= mostChanged) return true;
    return nowMs - this.#uncoveredSinceMs >= mostUncoveredMs;
  }

  /**
   * Takes the next entry. @param message its number
   *
   * @returns false if it is another one, and nothing was taken
   */
  take(entry: Entry, message: number): boolean {
    const { n, before, birth, covered, steps, forgotten, timeMs } = entry;
    const isNewLife = birth !== this.#last.birth;
    if (n !== this.#last.n + 1 || (before !== this.#message && !isNewLife)) return false;
    if (isNewLife) this.#forgetAll();
    if (covered > this.#covered) this.#cover(covered, timeMs);
    if (this.#last.n === this.#covered) this.#uncoveredSinceMs = timeMs;
    // Heads that somebody has stored, and others have not heard of.
    const ahead = new Set(steps.map(({ key }) => key).filter((key) => (this.#kept.get(key)?.upTo ?? 0) >= n));
    for (const step of steps) this.#takeStep(step, entry, ahead.has(step.key));
    for (const key of forgotten) this.#forget(key);
    const { offset, life, forgottenUpTo } = entry;
    this.#last = { n, offset, birth, life, timeMs, forgottenUpTo };
    this.#message = message;
    this.#count = entry.count;
    this.slots[n % numSlots] = message;
    return true;
  }

  #takeStep(step: EntryStep, { n, timeMs }: Entry, isAhead: boolean): void {
    const { key, part, offset, number, run, seq, state, isCancelled, isSign, silenceMs, ttlMs } = step;
    const known = this.#kept.get(key);
    const answer = known?.answer ?? madeOf(step);
    if (answer === undefined) {
      this.#strays.add(key);
      return;
    }
    this.#changed.add(key);
    this.#uncoveredChars += part?.body.length ?? 0;
    if (isAhead) return;
    if (part !== undefined && part.length > 0 && part.from !== answer.length) this.isBroken = true;
    const { body, length } = joined(answer.content, answer, part ?? nothingAdded);
    const result = part?.result ?? answer.result;
    this.#put({
      key,
      answer: { ...answer, offset, number, run, seq, state, isCancelled, result, body, length },
      ...{ silenceMs, ttlMs, upTo: n },
      sinceMs: isSign ? timeMs : (known?.sinceMs ?? timeMs),
      stored: known?.stored ?? 0,
      storedMs: known?.storedMs ?? 0,
    });
  }

  /** Where those are that have changed, in the order of their last changes. */
  #put(kept: KeptAnswer): void {
    const before = this.#kept.get(kept.key);
    if (before !== undefined) this.#chars -= charsOf(before);
    this.#chars += charsOf(kept);
    // A change that nobody is told is none in this order.
    if (before?.answer.offset !== kept.answer.offset) this.#kept.delete(kept.key);
    this.#kept.set(kept.key, kept);
    this.#keys.set(kept.answer.id, kept.key);
  }

  #forget(key: number): void {
    this.#strays.delete(key);
    const known = this.#kept.get(key);
    if (known === undefined) return;
    this.#kept.delete(key);
    if (this.#keys.get(known.answer.id) === key) this.#keys.delete(known.answer.id);
    this.#changed.delete(key);
    this.#chars -= charsOf(known);
    this.#forgotten.set(key, known.stored === 0 ? 0 : numPieces(known.answer.body.length));
  }

  #forgetAll(): void {
    for (const key of [...this.#kept.keys()]) this.#forget(key);
    this.#forgotten.clear();
    this.#strays.clear();
    this.#covered = this.#last.n;
    this.#uncoveredChars = 0;
    this.#uncoveredSinceMs = 0;
  }

  /** Heads and pieces contain everything up to an entry. It is the last one, unless they were read later. */
  #cover(covered: number, nowMs: number): void {
    if (covered !== this.#last.n) {
      this.isBroken = true;
      return;
    }
    for (const key of this.#changed) {
      const kept = this.#kept.get(key);
      if (kept === undefined) continue;
      const storedMs = firstPiece(kept, nowMs) === 0 ? nowMs : kept.storedMs;
      this.#kept.set(key, { ...kept, stored: kept.answer.body.length, storedMs });
    }
    this.#changed.clear();
    this.#forgotten.clear();
    this.#covered = covered;
    this.#uncoveredChars = 0;
  }
}

/** Messages stay at least twice as long as this, or as answers that have ended do. */
export const leastStayMs = 86_400_000;
/** Characters of one piece; only the last one is stored again when the answer grows. */
export const pieceChars = 8_192;

export function numPieces(chars: number): number {
  return Math.ceil(chars / pieceChars);
}

/** The first piece that has to be stored; all of an answer that has been open for long, since messages do not stay for ever. */
export function firstPiece({ stored, storedMs, ttlMs, answer }: KeptAnswer, nowMs: number): number {
  const isOld = answer.state === 'open' && nowMs - storedMs > Math.max(leastStayMs, ttlMs);
  return isOld ? 0 : Math.floor(stored / pieceChars);
}

/** When its time is over: it is silent, or nobody needs it any more. */
export function dueMs({ answer, sinceMs, silenceMs, ttlMs }: KeptAnswer): number {
  return sinceMs + (answer.state === 'open' ? silenceMs : ttlMs);
}

function charsOf({ answer }: KeptAnswer): number {
  return sizeOf(answer) + overhead.answer;
}

/** The answer that a step makes; `undefined` if it makes none. */
function madeOf({ key, number, run, part }: EntryStep): Answer | undefined {
  if (part?.id === undefined) return undefined;
  const { id, content, meta } = part;
  return {
    ...nothingAdded,
    ...{ id, number, content, meta, run },
    result: undefined,
    state: 'open',
    seq: 0,
    isCancelled: false,
    offset: key,
  };
}
