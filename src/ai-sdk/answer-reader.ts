/** A stream as `useChat` reads an answer: its chunks from the beginning, until it has ended or its reader leaves. */

import type { UIMessageChunk } from 'ai';
import type { Stream } from '../client/streams/stream.js';
import { StreamError } from '../client/streams/stream-error.js';
import { ChunkReader } from './chunk-reader.js';

export interface AnswerReading {
  readonly stream: Stream;
  /** Of a message to which its producer gives no id. */
  readonly messageId: string;
  /** The reader leaves: nothing is cancelled. */
  readonly signal: AbortSignal | undefined;
  /** How long an interrupted stream may take to go on; 0: it fails at once. */
  readonly patienceMs: number;
  /** Called when it is interrupted, and repeated after pauses until it goes on. */
  readonly onInterrupted: (() => Promise<unknown>) | undefined;
  /** Called once, when it is not read any more. */
  readonly onEnd: () => void;
}

interface Waiting {
  readonly end: ReturnType<typeof setTimeout>;
  retry?: ReturnType<typeof setTimeout>;
}

const firstPauseMs = 250;
const longestPauseMs = 4_000;

export class AnswerReader {
  /** Errors with a `StreamError`, or with the reason of the signal. */
  readonly chunks: ReadableStream<UIMessageChunk>;
  readonly #reading: AnswerReading;
  readonly #reader: ChunkReader;
  readonly #stops: (() => void)[] = [];
  #controller: ReadableStreamDefaultController<UIMessageChunk> | undefined;
  #seen = '';
  #number = 0;
  /** Told by its producer what is wrong. */
  #hasFailed = false;
  #isOver = false;
  /** While it is interrupted. */
  #waiting: Waiting | undefined;

  constructor(reading: AnswerReading) {
    this.#reading = reading;
    this.#reader = new ChunkReader(reading.messageId);
    this.chunks = new ReadableStream<UIMessageChunk>({
      start: (controller) => {
        this.#controller = controller;
        this.#begin();
      },
      cancel: () => this.#end(),
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** It cannot be read any more. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#controller?.error(error);
  }

  #begin(): void {
    const { stream, signal } = this.#reading;
    const leave = () => this.fail(signal?.reason);
    if (signal?.aborted === true) {
      leave();
      return;
    }
    signal?.addEventListener('abort', leave);
    this.#stops.push(
      stream.onChange(() => this.#take()),
      () => signal?.removeEventListener('abort', leave),
    );
    this.#take();
  }

  #take(): void {
    if (this.#isOver) return;
    try {
      this.#takeText();
      this.#takeState();
    } catch (error) {
      this.fail(error);
    }
  }

  #takeText(): void {
    const { id, soFar, number } = this.#reading.stream;
    if (number !== this.#number && !soFar.startsWith(this.#seen)) {
      throw new StreamError('ERR_STREAM_REPLACED', `another stream "${id}" has begun`);
    }
    this.#number = number;
    const added = soFar.slice(this.#seen.length);
    this.#seen = soFar;
    this.#hand(this.#reader.read(added));
  }

  #takeState(): void {
    const { id, state, result } = this.#reading.stream;
    if (state === 'interrupted') {
      this.#wait();
      return;
    }
    this.#stopWaiting();
    if (state === 'failed' && !this.#hasFailed) {
      throw new StreamError('ERR_STREAM_FAILED', `"${id}" has failed`, result);
    }
    if (state !== 'closed' && state !== 'failed') return;
    this.#hand(this.#reader.end());
    this.#end();
    this.#controller?.close();
  }

  #hand(chunks: readonly UIMessageChunk[]): void {
    for (const chunk of chunks) {
      if (chunk.type === 'error') this.#hasFailed = true;
      this.#controller?.enqueue(chunk);
    }
  }

  #wait(): void {
    if (this.#waiting !== undefined) return;
    const { stream, patienceMs, onInterrupted } = this.#reading;
    const giveUp = () => {
      this.fail(new StreamError('ERR_STREAM_INTERRUPTED', `"${stream.id}" is interrupted: its producer is gone`));
    };
    const waiting: Waiting = { end: setTimeout(giveUp, patienceMs) };
    this.#waiting = waiting;
    if (onInterrupted === undefined) return;
    const ask = (pauseMs: number) => {
      const again = () => {
        if (this.#waiting !== waiting) return;
        waiting.retry = setTimeout(() => ask(Math.min(pauseMs * 2, longestPauseMs)), pauseMs);
      };
      // What it fails with is told, if nothing else helps, by what happens to the stream.
      onInterrupted().then(again, again);
    };
    ask(firstPauseMs);
  }

  #stopWaiting(): void {
    clearTimeout(this.#waiting?.end);
    clearTimeout(this.#waiting?.retry);
    this.#waiting = undefined;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopWaiting();
    for (const stop of this.#stops) stop();
    this.#reading.onEnd();
  }
}
