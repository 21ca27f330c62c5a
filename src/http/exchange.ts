/** A request and its answer, however they came: `node:http` and `node:http2` are one adapter (`node-exchange.ts`), `fetch` another. */

import type { OutgoingHttpHeaders } from 'node:http';
import type { Writable } from 'node:stream';
import type { RequestHead } from './request-head.js';

/** An answer that is written piece by piece. */
export type AnswerStream = Pick<Writable, 'write' | 'end' | 'destroy' | 'writableLength' | 'on' | 'once'>;

export interface HttpExchange {
  readonly head: RequestHead;
  /** There is nobody to answer any more. */
  readonly isOver: boolean;
  /** On one connection, behind a request that is not answered yet. */
  readonly isQueued: boolean;
  /** When something else ends the answer, from the request on. Absent: nothing does. */
  readonly endsInMs?: number | undefined;
  /** An answer has begun, or none can be given any more. */
  readonly isAnswered: boolean;
  /** For what is written after {@link begin}. It closes when the client leaves, too. */
  readonly stream: AnswerStream;
  /**
   * Resolves with the body, or with `undefined` if it is larger than `maxBytes`.
   *
   * @throws BodyAborted
   */
  readBody(maxBytes: number): Promise<Uint8Array | undefined>;
  /** Called if the client leaves before its answer is whole. */
  onLeave(listener: () => void): void;
  /** The whole answer; a `HEAD` request gets its head only. */
  answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void;
  /** The head of an answer that does not end by itself, with status 200. */
  begin(headers: OutgoingHttpHeaders): void;
  /** Ends the connection without an answer. */
  cut(): void;
}
