/** Puts the answers of a channel together from the messages that JetStream has of it. */

import type { ReadMessage } from '../keyed-stream.js';
import type { AnswerSubjects } from './answer-subjects.js';
import { type Beginning, ChannelAnswers, type KeptAnswer, numSlots } from './channel-answers.js';
import { decodeEntry, type Entry } from './entry.js';
import { decodeHead, decodePiece, nothing } from './snapshot.js';

interface LoggedEntry {
  readonly message: number;
  readonly entry: Entry;
}

export class Loading {
  /** By their places in the log. */
  readonly #entries = new Map<number, { readonly message: number; readonly text: string }>();
  readonly #heads = new Map<number, string>();
  /** By key and index. */
  readonly #pieces = new Map<number, Map<number, string>>();

  constructor(private readonly names: AnswerSubjects) {}

  /** Takes messages in the order of their numbers. */
  take({ subject, seq, text }: ReadMessage): void {
    const is = this.names.read(subject);
    if (is?.kind === 'entry') {
      this.#entries.set(is.slot, { message: seq, text });
    } else if (is?.kind === 'head') {
      if (text === nothing) this.#heads.delete(is.key);
      else this.#heads.set(is.key, text);
    } else if (is?.kind === 'piece') {
      const pieces = this.#pieces.get(is.key) ?? new Map<number, string>();
      this.#pieces.set(is.key, pieces.set(is.index, text));
    }
  }

  /** Number of the newest entry's message; 0 without one. */
  get lastMessage(): number {
    return Math.max(0, ...this.slots);
  }

  /** Numbers of the messages in the places of the log. */
  get slots(): readonly number[] {
    return Array.from({ length: numSlots }, (_, slot) => this.#entries.get(slot)?.message ?? 0);
  }

  /** Of the heads. */
  get keys(): readonly number[] {
    return [...this.#heads.keys()];
  }

  /** The newest entry that a node has written. */
  lastReadable(): Entry | undefined {
    for (const { text } of [...this.#entries.values()].sort((a, b) => b.message - a.message)) {
      try {
        return decodeEntry(text);
      } catch {
        // Somebody else has written it: the one before it is the newest.
      }
    }
    return undefined;
  }

  /**
   * @returns `undefined` if something is missing, or messages of different moments were read
   * @throws Error for what no node has written
   */
  made(): ChannelAnswers | undefined {
    const last = this.#entryOf(this.lastMessage);
    if (last === undefined) return undefined;
    const { n, covered, birth } = last.entry;
    const uncovered: LoggedEntry[] = [];
    for (let at = covered + 1; at <= n; at++) {
      const logged = this.#entryOf(this.slots[at % numSlots] ?? 0);
      if (logged?.entry.n !== at || logged.entry.birth !== birth) return undefined;
      uncovered.push(logged);
    }
    const [first] = uncovered;
    if (first === undefined) return undefined;
    const kept = this.#kept(birth, first.entry.heads);
    if (kept === undefined) return undefined;
    const answers = new ChannelAnswers(beginningOf(first), kept, this.slots);
    for (const { entry, message } of uncovered) if (!answers.take(entry, message)) return undefined;
    answers.order();
    return answers.isWhole ? answers : undefined;
  }

  #entryOf(message: number): LoggedEntry | undefined {
    for (const logged of this.#entries.values()) {
      if (logged.message === message) return { message, entry: decodeEntry(logged.text) };
    }
    return undefined;
  }

  /** Of these keys. The entries say whether others were forgotten, or have come. */
  #kept(birth: string, keys: readonly number[]): KeptAnswer[] | undefined {
    const found: KeptAnswer[] = [];
    for (const key of keys) {
      const text = this.#heads.get(key);
      if (text === undefined) continue;
      const head = decodeHead(text);
      if (head.birth !== birth) continue;
      const { kept } = head;
      let body = '';
      for (let index = 0; body.length < kept.stored; index++) {
        const piece = this.#pieces.get(kept.key)?.get(index);
        const decoded = piece === undefined || piece === nothing ? undefined : decodePiece(piece);
        if (decoded?.birth !== birth || decoded.body === '') return undefined;
        body += decoded.body;
      }
      found.push({ ...kept, answer: { ...kept.answer, body: body.slice(0, kept.stored) } });
    }
    return found;
  }
}

/** Where the channel was before its first entry that is not covered. */
function beginningOf({ entry }: LoggedEntry): Beginning {
  const { n, before, birth, life, timeMs } = entry;
  return { n: n - 1, message: before, birth, life, timeMs, offset: 0, forgottenUpTo: 0 };
}
