/** A stream as the application's server writes it: a message that grows while it is read. */

import { randomUUID } from 'node:crypto';
import type { AnswerProducer } from '../engine/channels/answer-producer.js';
import { encodeMessage } from '../engine/channels/publishing.js';
import type { Operations } from '../engine/operations/operations.js';
import type { AnswerRead } from '../engine/ports/answer-store.js';
import type { AnswerState } from '../model/answer-part.js';
import { FanfareError } from '../model/fanfare-error.js';
import { fromJsonText, trustedJsonText } from '../model/json-text.js';

/** How a stream is opened. */
export interface OpenStreamOptions {
  /** Its name in the channel, of 1 to 256 bytes. One that has not ended is gone on with. Default: a new one. */
  readonly id?: string;
  /** Told to each reader; any JSON. */
  readonly meta?: unknown;
}

/** A stream so far. */
export interface StreamSnapshot<Item> {
  /** Its name in the channel. */
  readonly id: string;
  /** Whether more may come of it. */
  readonly state: AnswerState;
  /** Of a stream of text; empty for others. */
  readonly text: string;
  /** Of a stream of items; empty for others. */
  readonly items: readonly Item[];
  /** What it was opened with; any JSON. */
  readonly meta?: unknown;
  /** Of a stream that is closed or failed. */
  readonly result?: unknown;
  /** A reader has cancelled it. */
  readonly isCancelled: boolean;
}

/**
 * Its methods reject with a `FanfareError`: `ERR_STREAM_LOST` when another producer has opened the stream,
 * `ERR_STREAM_ENDED`, `ERR_STREAM_FULL`, `ERR_MESSAGE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, and `ERR_BROKER` when the broker was
 * not reached for ten seconds: then what was appended goes with the next call, and is not to be appended again.
 */
/**
 * A stream that this process produces, as {@link FanfareApp.open} returns it. Its methods reject with a `FanfareError`: `ERR_STREAM_ENDED`, `ERR_STREAM_LOST`, `ERR_STREAM_FULL`, `ERR_MESSAGE_INVALID`, `ERR_BROKER`.
 *
 * @example
 * await answer.append('Hel', 'lo');
 * if (answer.signal.aborted) await answer.close({ cancelled: true });
 * else await answer.fail('the model does not answer');
 */
export class AppStream<Input = unknown> {
  readonly #channel: string;
  readonly #operations: Operations;
  readonly #producer: AnswerProducer;
  /** Appends are checked one after the other. */
  #checking: Promise<unknown> = Promise.resolve();

  /** Made by `app.open()`. */
  constructor(channel: string, operations: Operations, producer: AnswerProducer) {
    this.#channel = channel;
    this.#operations = operations;
    this.#producer = producer;
  }

  /** Its name in the channel. */
  get id(): string {
    return this.#producer.id;
  }

  /** Whether another producer had begun it. {@link FanfareApp.readStream} has what there is. */
  get isResumed(): boolean {
    return this.#producer.isResumed;
  }

  /**
   * Aborted when the producer should stop: a reader has cancelled the stream, nobody reads it any more
   * (`streams.stopWhenAlone`), another producer has opened it, or this server closes. Its reason is a `FanfareError`:
   * `ERR_STREAM_CANCELLED`, `ERR_STREAM_LOST` or `ERR_CLOSED`. A cancelled stream still takes appends and has to be closed.
   */
  get signal(): AbortSignal {
    return this.#producer.signal;
  }

  /** Appends text, or items. Resolves when the broker has acknowledged it; what comes meanwhile is gathered. */
  append(...parts: readonly Input[]): Promise<void> {
    const items = parts.map((part) => (typeof part === 'string' ? part : encodeMessage(part)));
    const added = this.#checking.then(() => this.#accept(parts, items));
    this.#checking = added.catch(() => undefined);
    return added.then((addition) => this.#producer.append(addition));
  }

  /** Ends it. @param result told to each reader; any JSON */
  async close(result?: unknown): Promise<void> {
    const text = result === undefined ? undefined : encodeMessage(result);
    await this.#checking;
    await this.#producer.end('closed', text);
  }

  /** Ends it as failed. @param reason told to each reader; any JSON */
  async fail(reason?: unknown): Promise<void> {
    const text = reason === undefined ? undefined : encodeMessage(reason);
    await this.#checking;
    await this.#producer.end('failed', text);
  }

  /**
   * Appends everything that comes, and closes. When {@link signal} is aborted it takes no more: a cancelled stream is
   * closed with the result `{ cancelled: true }`. If `parts` throws, the stream fails, and so does this.
   *
   * @example await answer.pipe(streamText({ model, prompt, abortSignal: answer.signal }).textStream);
   */
  async pipe(parts: AsyncIterable<Input>): Promise<void> {
    const { signal } = this;
    try {
      for await (const part of parts) {
        if (signal.aborted) break;
        await this.append(part);
      }
    } catch (error) {
      // What the signal has aborted usually throws.
      if (!signal.aborted) {
        await this.fail();
        throw error;
      }
    }
    const { reason } = signal;
    if (!signal.aborted) await this.close();
    else if (reason instanceof FanfareError && reason.code === 'ERR_STREAM_CANCELLED') {
      await this.close({ cancelled: true });
    } else throw reason;
  }

  #accept(parts: readonly Input[], texts: readonly string[]) {
    // A text is one however many strings it comes in; as an item, each is JSON.
    const isText = this.#producer.content === 'text';
    const isFit = !isText || parts.every((part) => typeof part === 'string');
    if (!isFit) throw new FanfareError('ERR_MESSAGE_INVALID', 'this stream is text: append strings');
    if (isText) return this.#operations.acceptAddition(this.#channel, { text: texts.join('') });
    // safe: what is no string was encoded at the call
    const items = texts.map((text, i) => (typeof parts[i] === 'string' ? encodeMessage(text) : trustedJsonText(text)));
    return this.#operations.acceptAddition(this.#channel, { items });
  }
}

/** Opens it, or goes on with it. */
export async function openStream<Input>(
  channel: string,
  operations: Operations,
  { id = randomUUID(), meta }: OpenStreamOptions,
): Promise<AppStream<Input>> {
  const open = { id, ...(meta !== undefined && { meta: encodeMessage(meta) }) };
  return new AppStream<Input>(channel, operations, await operations.produceAnswer(channel, open));
}

export function toSnapshot<Item>({ part, state, isCancelled }: AnswerRead): StreamSnapshot<Item> {
  const { id = '', content, body, meta, result } = part;
  const isText = content === 'text';
  return {
    id,
    state,
    isCancelled,
    // safe: the body is what is between the quotes of a text, or between the brackets of a list whose items have passed the schema
    text: isText ? (JSON.parse(`"${body}"`) as string) : '',
    items: isText ? [] : (JSON.parse(`[${body}]`) as Item[]),
    ...(meta !== undefined && { meta: fromJsonText(meta) }),
    ...(result !== undefined && { result: fromJsonText(result) }),
  };
}
