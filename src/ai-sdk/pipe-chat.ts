/** Writes the chunks of an AI SDK answer into a stream: to its end, or until somebody cancels it. */

import type { UIMessageChunk } from 'ai';
import { ChunkWriter } from './chunk-writer.js';
import { Continuation } from './continuation.js';

/** A stream that is being written: that of `app.open()`, or of `streams(client, channel).open()`. */
export interface ChatAnswer {
  /** Aborted when nobody wants more of the answer. */
  readonly signal: AbortSignal;
  /** Appends text. Rejects when the stream has ended or has another producer. */
  append(...parts: string[]): Promise<void>;
  /** Ends the stream; `result` is any JSON, told to each reader. Rejects as `append`. */
  close(result?: unknown): Promise<void>;
  /** Ends the stream as failed; `reason` is any JSON, told to each reader. Rejects as `append`. */
  fail(reason?: unknown): Promise<void>;
}

/**
 * `closed`, `cancelled`: it has ended, by itself or by a reader. `failed`: the model, or the stream, would not go on; readers
 * are told. `lost`: another producer has opened it, this server closes, or the broker is not reached; it is interrupted, and
 * can be gone on with.
 */
export interface ChatOutcome {
  /** `lost`: another producer has opened it, or the server closes. */
  readonly end: 'closed' | 'cancelled' | 'failed' | 'lost';
  /** Why it has failed, or is lost. */
  readonly error?: unknown;
}

/** What {@link pipeChat} goes on with. */
export interface PipeChatOptions {
  /**
   * The text of a stream that another producer has begun, read after it was opened: what comes now goes on with the same
   * message, and with its last text if that has not ended. Default: nothing.
   */
  readonly soFar?: string;
}

/** How long a model has to end after it was cancelled, until it is left alone. */
const lastWordsMs = 1_000;
/** UTF-16 units of one append, and of those that are not acknowledged when no more are made. */
const maxPiece = 8_192;
const maxOutstanding = 65_536;

/** Codes of the reasons of `signal` when a reader has cancelled: of a server's stream and of a client's. */
const cancelCodes: readonly unknown[] = ['ERR_STREAM_CANCELLED', 'ERR_STREAM_CLOSED'];

/**
 * Appends the chunks as they come, and closes the stream; when a reader cancels, with the result `{ cancelled: true }`. It
 * never rejects. Give the stream's `signal` to the model, so that it stops at once.
 *
 * @example
 * const answer = await app.open('chat:42', { id });
 * const { stream } = streamText({ model, prompt, abortSignal: answer.signal });
 * void pipeChat(answer, toUIMessageStream({ stream }));
 */
export async function pipeChat(
  answer: ChatAnswer,
  chunks: AsyncIterable<UIMessageChunk>,
  { soFar = '' }: PipeChatOptions = {},
): Promise<ChatOutcome> {
  const appends = new Appends(answer);
  const source = new Source(chunks, answer.signal);
  let result: unknown;
  let failure: string | undefined;
  let hasEnded = false;
  try {
    const earlier = new Continuation(soFar);
    const writer = new ChunkWriter(earlier.part);
    if (earlier.isOver) source.leave();
    for (;;) {
      const chunk = await source.next();
      if (chunk === undefined) break;
      if (chunk.type === 'finish') result = { finishReason: chunk.finishReason };
      if (chunk.type === 'error') failure = chunk.errorText;
      if (chunk.type === 'finish' || chunk.type === 'abort') hasEnded = true;
      for (const next of earlier.next(chunk)) await appends.append(writer.write(next));
    }
    const { aborted, reason } = answer.signal;
    if (aborted && !isCancel(reason)) return { end: 'lost', error: reason };
    if (aborted && !hasEnded) await appends.append(writer.write({ type: 'abort' }));
    await appends.settled();
    if (failure !== undefined) {
      await answer.fail({ error: failure });
      return { end: 'failed', error: failure };
    }
    await answer.close(aborted ? { cancelled: true } : result);
    return { end: aborted ? 'cancelled' : 'closed' };
  } catch (error) {
    source.leave();
    const { aborted, reason } = answer.signal;
    if (aborted && !isCancel(reason)) return { end: 'lost', error: reason };
    // It is interrupted where it cannot be told either.
    const isTold = await answer.fail().then(
      () => true,
      () => false,
    );
    return { end: isTold ? 'failed' : 'lost', error };
  }
}

function isCancel(reason: unknown): boolean {
  return reason instanceof Error && 'code' in reason && cancelCodes.includes(reason.code);
}

/** The chunks; they end early when the signal says so. */
class Source {
  readonly #chunks: AsyncIterator<UIMessageChunk>;
  readonly #signal: AbortSignal;
  #leave: () => void = () => {};
  #isLeft = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onAbort = () => {
    if (!isCancel(this.#signal.reason)) this.leave();
    else this.#timer = setTimeout(() => this.leave(), lastWordsMs);
  };

  constructor(chunks: AsyncIterable<UIMessageChunk>, signal: AbortSignal) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort);
  }

  /** `undefined`: there are no more, or nobody wants them. Rejects as the model does, unless it was told to stop. */
  async next(): Promise<UIMessageChunk | undefined> {
    if (this.#isLeft) return undefined;
    const next = await new Promise<IteratorResult<UIMessageChunk> | undefined>((resolve, reject) => {
      this.#leave = () => resolve(undefined);
      this.#chunks
        .next()
        .then(resolve, (error: unknown) => (this.#signal.aborted ? resolve(undefined) : reject(error)));
    });
    if (next !== undefined && next.done !== true) return next.value;
    this.#end();
    return undefined;
  }

  leave(): void {
    if (this.#isLeft) return;
    this.#end();
    this.#leave();
    // Not awaited: it waits for the model.
    this.#chunks.return?.().catch(() => undefined);
  }

  #end(): void {
    this.#isLeft = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

/** Appends without waiting for each: what comes while one is under way goes with the next. */
class Appends {
  readonly #answer: ChatAnswer;
  #outstanding = 0;
  #last: Promise<void> = Promise.resolve();
  #error: { readonly cause: unknown } | undefined;

  constructor(answer: ChatAnswer) {
    this.#answer = answer;
  }

  /** Rejects with what an earlier one was refused with. */
  async append(text: string): Promise<void> {
    for (let from = 0; from < text.length; from += maxPiece) {
      const piece = text.slice(from, from + maxPiece);
      this.#outstanding += piece.length;
      this.#last = this.#answer.append(piece).then(
        () => {
          this.#outstanding -= piece.length;
        },
        (cause: unknown) => {
          this.#error ??= { cause };
        },
      );
      if (this.#outstanding > maxOutstanding) await this.#last;
      if (this.#error !== undefined) throw this.#error.cause;
    }
  }

  /** Resolves when everything is acknowledged. */
  async settled(): Promise<void> {
    await this.#last;
    if (this.#error !== undefined) throw this.#error.cause;
  }
}
