/** Bounded queue between a channel, which pushes, and one `for await` loop, which pulls. */

import { ClientError } from './client-error.js';

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: ClientError) => void;
}

/**
 * Gives values in the order of their coming, each once. When it ends, what is buffered is still given before the end
 * or the error is told.
 */
export class MessageReader<T> implements AsyncIterableIterator<T> {
  readonly #maxBuffered: number;
  readonly #onDone: () => void;
  readonly #isLeft: () => boolean;
  readonly #buffer: T[] = [];
  readonly #waiting: Waiting<T>[] = [];
  #end: { readonly error: ClientError | undefined } | undefined;

  /**
   * @param onDone called once, when nothing can be pushed any more
   * @param isLeft whether nobody wants what is buffered any more
   */
  constructor(maxBuffered: number, onDone: () => void, isLeft: () => boolean = () => false) {
    this.#maxBuffered = maxBuffered;
    this.#onDone = onDone;
    this.#isLeft = isLeft;
  }

  /** One value too many ends it with `ERR_BUFFER_OVERFLOW`: a reader that is told of a loss is better than a full heap. */
  push(value: T): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value });
    else if (this.#buffer.length < this.#maxBuffered) this.#buffer.push(value);
    else this.end(new ClientError('ERR_BUFFER_OVERFLOW', `more than ${this.#maxBuffered} messages waited`));
  }

  /** Idempotent; the first end counts. */
  end(error?: ClientError): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#onDone();
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) return;
    if (error === undefined) first.resolve({ done: true, value: undefined });
    else first.reject(error);
    this.#end = { error: undefined };
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isLeft()) return this.return();
    if (this.#buffer.length > 0) {
      // safe: it has at least one value
      return Promise.resolve({ done: false, value: this.#buffer.shift() as T });
    }
    if (this.#end === undefined) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const { error } = this.#end;
    this.#end = { error: undefined };
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  /** The loop was left. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#buffer.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
