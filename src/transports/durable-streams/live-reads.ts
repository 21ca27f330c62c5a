/** Requests that wait for what comes to a stream: long polls, and server-sent events. */

import type { OutgoingHttpHeaders } from 'node:http';
import type { Clock, Random } from '../../engine/ports/clock.js';
import type { EngineLimits } from '../../engine/ports/limits.js';
import type { Admission } from '../../engine/sessions/admission.js';
import type { HttpExchange } from '../../http/exchange.js';
import { errorCodes } from '../../model/codes.js';
import type { Visitor } from './access.js';
import { failed, type StreamAnswer, succeeded } from './answer.js';
import { chunkHeaders } from './chunk-headers.js';
import { bodyOf, dataEvent } from './content.js';
import { cursorAt } from './cursor.js';
import { type ReadStart, writeOffset } from './offsets.js';
import type { Chunk, StreamReader } from './reader.js';
import type { ReadRequest } from './stream-request.js';
import type { StreamTarget } from './target.js';
import { Waiting, type WaitingPorts } from './waiting.js';

export interface LiveReadsPorts extends WaitingPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Pick<EngineLimits, 'pollWaitMs' | 'maxQueueBytes'>;
  readonly admission: Pick<Admission, 'opened' | 'closed' | 'isDraining'>;
}

/** Who waits, and for what. */
export interface LiveReader {
  readonly http: HttpExchange;
  readonly target: StreamTarget;
  readonly visitor: Visitor;
  readonly request: ReadRequest;
  /** Of every answer. */
  readonly headers: OutgoingHttpHeaders;
  readonly address: string;
}

/** Shorter than the time-outs of proxies; caches collapse new readers onto those that begin at the same time. */
const streamLifeMs = 50_000;
/** Between two looks whether the reader may stay, and the node does not close. */
const lookEveryMs = 1_000;
/** Between two looks at the stream if nothing has come: what was lost between broker and node is noticed so. */
const checkEveryMs = 10_000;

const expired = failed(401, errorCodes.tokenExpired, errorCodes.tokenExpired.message);

interface Open {
  readonly waiting: Waiting;
  readonly http: HttpExchange;
}

export class LiveReads {
  readonly #ports: LiveReadsPorts;
  readonly #reader: StreamReader;
  readonly #open = new Set<Open>();
  #onSettled: (() => void) | undefined;

  constructor(ports: LiveReadsPorts, reader: StreamReader) {
    this.#ports = ports;
    this.#reader = reader;
  }

  /** Resolves when all are answered, now that the node closes. */
  settled(): Promise<void> {
    for (const { waiting } of this.#open) waiting.wake();
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onSettled = resolve;
    });
  }

  cut(): void {
    for (const { http } of this.#open) http.stream.destroy();
  }

  /** Answers when there is data, or the stream has ended, or after `limits.pollWaitMs`. */
  poll(reader: LiveReader, isShared: boolean): Promise<StreamAnswer | undefined> {
    const { clock, limits } = this.#ports;
    return this.#during(reader, async (waiting) => {
      const endMs = clock.nowMs() + limits.pollWaitMs;
      const outcome = await this.#awaitMore(reader, waiting, reader.request.start, endMs);
      if (outcome === undefined) return reader.http.isOver ? undefined : expired;
      if ('status' in outcome) return outcome;
      const cursor = !outcome.isClosed && { 'Stream-Cursor': this.#cursor(reader.request.cursor) };
      const { start } = reader.request;
      const headers = { ...chunkHeaders(outcome, { start, isShared, isLive: true }), ...cursor };
      if (outcome.payloads.length > 0) return succeeded(200, headers, bodyOf(outcome.mode, outcome.payloads));
      return succeeded(204, { ...headers, 'Cache-Control': 'no-store' });
    });
  }

  /** Answers with events until the stream has ended, or for {@link streamLifeMs}. */
  stream(reader: LiveReader): Promise<StreamAnswer | undefined> {
    const { clock } = this.#ports;
    const { http, request } = reader;
    return this.#during(reader, async (waiting) => {
      const endMs = clock.nowMs() + streamLifeMs;
      const first = await this.#chunk(reader, request.start);
      if ('status' in first) return first;
      if (http.isOver) return undefined;
      http.begin({
        ...reader.headers,
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-cache, no-store, no-transform',
        // Otherwise nginx would buffer the response.
        'X-Accel-Buffering': 'no',
        ...(first.mode === 'bytes' && { 'Stream-SSE-Data-Encoding': 'base64' }),
      });
      http.stream.on('drain', () => waiting.wake());
      // Its close follows.
      http.stream.on('error', () => undefined);
      const cursor = this.#cursor(request.cursor);
      for (let chunk: Chunk = first; ; ) {
        http.stream.write(eventsOf(chunk, cursor));
        if (chunk.isClosed || !(await this.#drained(reader, waiting, endMs))) break;
        const next = await this.#awaitMore(reader, waiting, chunk.next, endMs);
        if (next === undefined || 'status' in next) break;
        // Its time is over: the reader comes back from the last offset.
        if (next.payloads.length === 0 && !next.isClosed) break;
        chunk = next;
      }
      http.stream.end();
      return undefined;
    });
  }

  /** The data that follows, or an empty chunk when the stream has ended or the time is over; `undefined`: nobody waits. */
  async #awaitMore(
    reader: LiveReader,
    waiting: Waiting,
    start: ReadStart,
    endMs: number,
  ): Promise<Chunk | StreamAnswer | undefined> {
    const { clock } = this.#ports;
    let from = start;
    let checkAtMs = 0;
    let chunk: Chunk | undefined;
    let hasCome = true;
    for (;;) {
      const nowMs = clock.nowMs();
      if (hasCome || nowMs >= checkAtMs) {
        checkAtMs = nowMs + checkEveryMs;
        const read = await this.#chunk(reader, from);
        if ('status' in read || read.payloads.length > 0 || read.isClosed) return read;
        chunk = read;
        from = read.next;
      }
      if (!this.#mayWait(reader)) return undefined;
      if (chunk !== undefined && clock.nowMs() >= endMs) return chunk;
      if (chunk !== undefined && this.#ports.admission.isDraining) return chunk;
      hasCome = await waiting.next(Math.max(1, Math.min(lookEveryMs, endMs - clock.nowMs())));
    }
  }

  async #chunk({ target }: LiveReader, start: ReadStart): Promise<Chunk | StreamAnswer> {
    const view = await this.#reader.view(target);
    return 'status' in view ? view : this.#reader.read(target, view, start);
  }

  #mayWait({ http, visitor }: LiveReader): boolean {
    return !http.isOver && visitor.mayStay(this.#ports.clock.wallMs());
  }

  /** Whether the reader has taken enough of what was written. */
  async #drained(reader: LiveReader, waiting: Waiting, endMs: number): Promise<boolean> {
    const { clock, limits } = this.#ports;
    const { stream } = reader.http;
    while (stream.writableLength > limits.maxQueueBytes / 2) {
      if (!this.#mayWait(reader) || clock.nowMs() >= endMs + streamLifeMs) return false;
      await waiting.next(lookEveryMs);
    }
    return this.#mayWait(reader);
  }

  #cursor(asked: string | undefined): string {
    const { clock, random } = this.#ports;
    return cursorAt(clock.wallMs(), asked, random.unit());
  }

  /** Counts as a connection meanwhile, and ends when the client leaves. */
  async #during(
    reader: LiveReader,
    run: (waiting: Waiting) => Promise<StreamAnswer | undefined>,
  ): Promise<StreamAnswer | undefined> {
    const { admission } = this.#ports;
    const { http, target, address } = reader;
    admission.opened(address);
    let open: Open | undefined;
    try {
      const waiting = await Waiting.for(this.#ports, [target.channel, target.place]);
      open = { waiting, http };
      this.#open.add(open);
      http.onLeave(() => waiting.wake());
      return await run(waiting);
    } finally {
      admission.closed(address);
      open?.waiting.end();
      if (open !== undefined) this.#open.delete(open);
      if (this.#open.size === 0) this.#onSettled?.();
    }
  }
}

/** The data, if there is any, and where the stream is then. */
function eventsOf({ mode, payloads, next, isUpToDate, isClosed }: Chunk, cursor: string): string {
  const control = {
    streamNextOffset: writeOffset(next),
    ...(!isClosed && { streamCursor: cursor }),
    ...(isUpToDate && { upToDate: true }),
    ...(isClosed && { streamClosed: true }),
  };
  const data = payloads.length === 0 ? '' : dataEvent(mode, payloads);
  return `${data}event: control\ndata:${JSON.stringify(control)}\n\n`;
}
