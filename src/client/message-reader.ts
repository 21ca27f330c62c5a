/** Bounded queue between a channel, which pushes, and one `for await` loop, which pulls. */

import { ClientError } from './client-error.js';

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: ClientError) => void;
}

/**
 * Returns each value once, in order. After the end, buffered values are returned before the end or the error.
 *
 * @example
 * const reader = room[Symbol.asyncIterator]();
 * const { value } = await reader.next();
 * await reader.return();
 */
export class MessageReader<T> implements AsyncIterableIterator<T> {
  readonly #buffer: T[] = [];
  readonly #waiting: Waiting<T>[] = [];
  #end: { readonly error: ClientError | undefined } | undefined;

  /**
   * @param onDone called once, when nothing can be pushed any more
   * @param isLeft whether buffered values are to be discarded
   */
  constructor(
    private readonly maxBuffered: number,
    private readonly onDone: () => void,
    private readonly isLeft: () => boolean = () => false,
  ) {}

  /**
   * Ends it with `ERR_BUFFER_OVERFLOW` when the buffer is full: reporting a loss is better than a full heap.
   *
   * @internal
   */
  push(value: T): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value });
    else if (this.#buffer.length < this.maxBuffered) this.#buffer.push(value);
    else this.end(new ClientError('ERR_BUFFER_OVERFLOW', `more than ${this.maxBuffered} messages waited`));
  }

  /**
   * Idempotent; the first call wins.
   *
   * @internal
   */
  end(error?: ClientError): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.onDone();
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) return;
    if (error === undefined) first.resolve({ done: true, value: undefined });
    else first.reject(error);
    this.#end = { error: undefined };
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  /** The next value, as soon as there is one. Rejects once with why it has ended, if with an error. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.isLeft()) return this.return();
    if (this.#buffer.length > 0) {
      // safe: it has at least one value
      return Promise.resolve({ done: false, value: this.#buffer.shift() as T });
    }
    if (this.#end === undefined) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const { error } = this.#end;
    this.#end = { error: undefined };
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  /** Called when the loop is left. Never rejects. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#buffer.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /**
   * Itself.
   *
   * @example for await (const message of reader) show(message);
   */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
