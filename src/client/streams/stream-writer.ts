/** A stream as a client writes it: numbers its appends, repeats them over lost connections, and gives signs of life. */

import type { StreamAnswer, StreamCall } from '../../model/stream-call.js';
import { ClientError } from '../client-error.js';
import { StreamError } from './stream-error.js';

/** How a stream is opened. */
export interface OpenOptions {
  /** Its name in the channel. Default: a new one. */
  readonly id?: string;
  /** Told to each reader; any JSON. */
  readonly meta?: unknown;
  /** What it is made of, as the rule of the channel says. Default: `text` for strings, `items` for all else. */
  readonly of?: 'text' | 'items';
}

type Call = (call: Omit<StreamCall, 'channel'>) => Promise<unknown>;

/** Calls that are repeated before it is given up. */
const maxTries = 8;
const firstPauseMs = 50;

/**
 * A stream that this client produces, as `Streams.open()` returns it. Repeats what a lost connection has interrupted.
 *
 * @example
 * const writer = await chat.open({ id: 'answer-7' });
 * await writer.append('Hel', 'lo');
 * if (writer.signal.aborted) await writer.fail('stopped');
 * else await writer.close({ tokens: 2 });
 */
export class StreamWriter<Input = unknown> {
  readonly #call: Call;
  readonly #of: OpenOptions['of'];
  readonly #stopped = new AbortController();
  readonly #run: number;
  /** Of the last append that the server has acknowledged. */
  #seq = 0;
  #last: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(
    call: Call,
    /** Its name in the channel. */
    readonly id: string,
    of: OpenOptions['of'],
    { run, silenceMs, cancelled }: StreamAnswer,
  ) {
    this.#call = call;
    this.#of = of;
    this.#run = run;
    if (cancelled) this.#stop();
    this.#timer = setInterval(() => this.#renew(), silenceMs / 3);
  }

  /**
   * Used by `Streams.open()`.
   *
   * @internal
   */
  static async open<Input>(call: Call, { id = newId(), meta, of }: OpenOptions): Promise<StreamWriter<Input>> {
    const opened = await call({ op: 'open', id, ...(meta !== undefined && { meta }) });
    return new StreamWriter<Input>(call, id, of, answerOf(opened));
  }

  /** Aborted when a reader has cancelled the stream, or another producer has opened it. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /**
   * Appends text, or items, after what was appended before. Resolves when the server has acknowledged it.
   *
   * @throws ClientError as a call of a procedure; StreamError `ERR_STREAM_LOST` when another producer has opened it
   */
  append(...parts: readonly Input[]): Promise<void> {
    const texts = parts.filter((part) => typeof part === 'string');
    const isText = this.#of === undefined ? texts.length === parts.length : this.#of === 'text';
    const text = isText ? texts.join('') : undefined;
    return this.#after(() => this.#append(text === undefined ? { items: parts } : { text }));
  }

  /** Ends it; `result` is any JSON, told to each reader. Rejects as {@link append}. */
  close(result?: unknown): Promise<void> {
    return this.#after(() => this.#end('close', result));
  }

  /** Ends it as failed; `reason` is any JSON, told to each reader. Rejects as {@link append}. */
  fail(reason?: unknown): Promise<void> {
    return this.#after(() => this.#end('fail', reason));
  }

  /** One call after the other. */
  #after(run: () => Promise<void>): Promise<void> {
    const next = this.#last.then(run);
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #append(added: Pick<StreamCall, 'text' | 'items'>): Promise<void> {
    const seq = this.#seq + 1;
    await this.#repeated(async (isAgain) => {
      if (isAgain) await this.#reopen();
      this.#took(answerOf(await this.#call({ op: 'append', id: this.id, run: this.#run, seq, ...added })));
    });
    this.#seq = seq;
  }

  async #end(op: 'close' | 'fail', result: unknown): Promise<void> {
    await this.#repeated(async (isAgain) => {
      // What has ended was ended by the call before.
      if (isAgain && (await this.#hasEnded())) return;
      await this.#call({ op, id: this.id, run: this.#run, seq: this.#seq, ...(result !== undefined && { result }) });
    });
    clearInterval(this.#timer);
  }

  /** The server knows a new connection as one that has not opened it. */
  async #reopen(): Promise<void> {
    this.#took(answerOf(await this.#call({ op: 'open', id: this.id, run: this.#run })));
  }

  async #hasEnded(): Promise<boolean> {
    try {
      await this.#reopen();
      return false;
    } catch (error) {
      if (error instanceof ClientError && error.code === 'ERR_EXPIRED') return true;
      throw error;
    }
  }

  #took({ cancelled }: StreamAnswer): void {
    if (cancelled) this.#stop();
  }

  /** @param run called with whether it was called before, and may have had its effect */
  async #repeated(run: (isAgain: boolean) => Promise<void>): Promise<void> {
    for (let tries = 1, pauseMs = firstPauseMs; ; tries++, pauseMs *= 2) {
      try {
        await run(tries > 1);
        return;
      } catch (error) {
        if (error instanceof ClientError && error.code === 'ERR_UNRECOVERABLE') throw this.#lost(error);
        // Over a new connection it has to be opened again.
        const isNew = error instanceof ClientError && error.code === 'ERR_PERMISSION_DENIED' && tries === 1;
        const isOver = tries === maxTries || !(error instanceof ClientError) || !(error.retryable || isNew);
        if (isOver) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #renew(): void {
    void this.#call({ op: 'renew', id: this.id, run: this.#run }).then(
      (answer) => {
        if (answerOf(answer).cancelled) this.#stop();
      },
      (error: unknown) => {
        // Otherwise the next append finds out, or the next sign.
        if (error instanceof ClientError && error.code === 'ERR_CLOSED') clearInterval(this.#timer);
      },
    );
  }

  #lost(cause?: unknown): StreamError {
    clearInterval(this.#timer);
    const error = new StreamError('ERR_STREAM_LOST', `another producer has opened "${this.id}"`, undefined, cause);
    this.#stopped.abort(error);
    return error;
  }

  #stop(): void {
    if (!this.#stopped.signal.aborted)
      this.#stopped.abort(new StreamError('ERR_STREAM_CLOSED', 'a reader has cancelled it'));
  }
}

function newId(): string {
  return crypto.randomUUID();
}

/** The server's own answer. */
function answerOf(value: unknown): StreamAnswer {
  // safe: it answers so, or refuses
  return value as StreamAnswer;
}
