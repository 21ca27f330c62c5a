/** One stream as an application reads it: what there is so far, the parts as they come, and how it ends. */

import type { AnswerState } from '../../model/answer-part.js';
import { Listeners } from '../listeners.js';
import type { ReceivedPart } from './received-part.js';
import { StreamError } from './stream-error.js';

/** `unknown`: nothing has come of a stream of this id. */
export type StreamState = AnswerState | 'unknown';

interface StreamEvents {
  change: undefined;
}

interface Folded {
  readonly step: unknown;
  readonly initial: unknown;
  readonly life: number;
  upTo: number;
  value: unknown;
}

/**
 * Iterating gives everything so far, and then what is added, as it comes: pieces of text, or single items. The loop ends when
 * the stream is closed, and throws a {@link StreamError} when it has failed or is interrupted.
 *
 * @example
 * const answer = chat.stream('answer-7');
 * const stop = answer.onChange(() => show(answer.soFar));
 * const text = await answer.text();
 * const items = await answer.all();
 * await answer.cancel();
 * stop();
 */
export class Stream<Item = unknown> implements AsyncIterable<string | Item> {
  readonly #listeners = new Listeners<StreamEvents>();
  readonly #onCancel: () => Promise<void>;
  #number = 0;
  #state: StreamState = 'unknown';
  #soFar = '';
  #items: Item[] = [];
  #isText = true;
  #meta: unknown;
  #result: unknown;
  #closed: StreamError | undefined;
  /** Grows when another stream takes the place of this one. */
  #life = 0;
  /** A {@link fold} that was asked for, up to the item to which it was done. */
  #folded: Folded | undefined;

  /** Made by `Streams.stream()`. */
  constructor(
    /** Its name in the channel. */
    readonly id: string,
    onCancel: () => Promise<void>,
  ) {
    this.#onCancel = onCancel;
  }

  /** Whether more may come of it. */
  get state(): StreamState {
    return this.#state;
  }

  /** The text so far; empty for a stream of items. */
  get soFar(): string {
    return this.#soFar;
  }

  /** The items so far; empty for a stream of text. */
  get items(): readonly Item[] {
    return this.#items;
  }

  /** What it was opened with. */
  get meta(): unknown {
    return this.#meta;
  }

  /** What it was closed with, or why it has failed. */
  get result(): unknown {
    return this.#result;
  }

  /** Its number in the channel; 0 while it is unknown. */
  get number(): number {
    return this.#number;
  }

  /** Called after each change. @returns a function that stops listening */
  onChange(listener: () => void): () => void {
    return this.#listeners.add('change', listener);
  }

  /** The whole text, once the stream is closed. Throws a {@link StreamError} when it has failed or is interrupted. */
  async text(): Promise<string> {
    await this.#ended();
    return this.#soFar;
  }

  /** All items, once the stream is closed. Throws as {@link text}. */
  async all(): Promise<readonly Item[]> {
    await this.#ended();
    return this.#items;
  }

  /**
   * What the items so far come to. Repeated with the same function and initial value, only new items are folded.
   *
   * @example const message = stream.fold(applyDelta, emptyMessage);
   */
  fold<Value>(step: (value: Value, item: Item) => Value, initial: Value): Value {
    let folded = this.#folded;
    if (folded?.step !== step || folded.initial !== initial || folded.life !== this.#life) {
      folded = { step, initial, life: this.#life, upTo: 0, value: initial };
      this.#folded = folded;
    }
    // safe: it was made with this function
    folded.value = this.#items.slice(folded.upTo).reduce(step, folded.value as Value);
    folded.upTo = this.#items.length;
    return folded.value as Value;
  }

  /** Tells its producer that nobody wants more of it. Throws as a call of a procedure. */
  cancel(): Promise<void> {
    return this.#onCancel();
  }

  /**
   * What there is and what comes: pieces of text, or items. Throws a {@link StreamError} as {@link text} does.
   *
   * @example for await (const part of answer) show(part);
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Item> {
    for (let [taken, life] = [0, this.#life]; ; ) {
      if (this.#life !== life && taken > 0) {
        throw new StreamError('ERR_STREAM_REPLACED', `another stream "${this.id}" has begun`);
      }
      life = this.#life;
      if (this.#isText && taken < this.#soFar.length) {
        const part = this.#soFar.slice(taken);
        taken = this.#soFar.length;
        yield part;
      } else if (!this.#isText && taken < this.#items.length) {
        // safe: there are more
        yield this.#items[taken++] as Item;
      } else if (this.#isOver()) return;
      else await this.#changed();
    }
  }

  /**
   * Takes a part. @returns whether it follows what there is; otherwise something is missing
   *
   * @internal
   */
  take(part: ReceivedPart): boolean {
    if (part.id !== undefined) this.#takeWhole(part);
    else if (part.from > this.#length) return false;
    else this.#add(part);
    this.#listeners.emit('change', undefined);
    return true;
  }

  /**
   * The server does not know it any more.
   *
   * @internal
   */
  lose(): void {
    if (this.#state !== 'open' && this.#state !== 'interrupted') return;
    this.#state = 'interrupted';
    this.#listeners.emit('change', undefined);
  }

  /**
   * It is not read any more.
   *
   * @internal
   */
  end(cause?: unknown): void {
    this.#closed = new StreamError('ERR_STREAM_CLOSED', `"${this.id}" is not read any more`, undefined, cause);
    this.#listeners.emit('change', undefined);
    this.#listeners.clear();
  }

  get #length(): number {
    return this.#isText ? this.#soFar.length : this.#items.length;
  }

  #takeWhole(part: ReceivedPart): void {
    const { number, text, items, meta } = part;
    const isSame = number === this.#number;
    const length = text?.length ?? items?.length ?? 0;
    // It was on its way while newer parts came.
    if (isSame && length < this.#length) return;
    const isLonger = text?.startsWith(this.#soFar) === true && this.#items.length === 0;
    if (!isSame) {
      if (this.#number !== 0 && !isLonger) this.#life++;
      this.#state = 'unknown';
      this.#result = undefined;
    }
    this.#number = number;
    this.#isText = items === undefined;
    this.#soFar = text ?? '';
    if (!isSame || items !== undefined) this.#items = [...((items ?? []) as Item[])]; // safe: the server checks items with the channel's schema
    this.#meta = meta;
    this.#become(part.state ?? 'open', part);
  }

  /** What there is already of it is passed over. */
  #add(part: ReceivedPart): void {
    const known = this.#length - part.from;
    if (part.text !== undefined) this.#soFar += part.text.slice(known);
    // safe: as above
    if (part.items !== undefined) this.#items.push(...(part.items.slice(known) as Item[]));
    if (part.state !== undefined) this.#become(part.state, part);
  }

  #become(state: AnswerState, { result }: ReceivedPart): void {
    const isFinal = this.#state === 'closed' || this.#state === 'failed';
    // What is older comes later where a page was on its way.
    if (isFinal && (state === 'open' || state === 'interrupted')) return;
    this.#state = state;
    if (result !== undefined) this.#result = result;
  }

  async #ended(): Promise<void> {
    while (!this.#isOver()) await this.#changed();
  }

  /** @throws StreamError when it will not be whole */
  #isOver(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'failed') throw new StreamError('ERR_STREAM_FAILED', `"${this.id}" has failed`, this.#result);
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#state === 'interrupted') {
      throw new StreamError('ERR_STREAM_INTERRUPTED', `"${this.id}" is interrupted: its producer is gone`);
    }
    return false;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#listeners.add('change', () => {
        stop();
        resolve();
      });
    });
  }
}
