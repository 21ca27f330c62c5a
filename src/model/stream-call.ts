/** A built-in procedure with which clients open, write and cancel streams, where the rule of the channel lets them. */

import { each, type JsonShape, members } from './json-shape.js';

export const streamProcedure = 'fanfare.stream';

/** Its argument. Values of any JSON are `meta`, `result` and the items. */
export interface StreamCall {
  readonly op: 'open' | 'append' | 'close' | 'fail' | 'renew' | 'cancel';
  readonly channel: string;
  readonly id: string;
  /** From the answer to `open`; with `open`, over another connection: this run goes on, if nobody has opened it since. Not with `cancel`. */
  readonly run?: number;
  /** Of an append: one more than that of the last. With `close` and `fail`: that of the last. Default: not checked. */
  readonly seq?: number;
  readonly text?: string;
  readonly items?: readonly unknown[];
  readonly meta?: unknown;
  readonly result?: unknown;
}

/** Its answer, with the names of {@link StreamCall}. */
export interface StreamAnswer {
  readonly run: number;
  readonly seq: number;
  /** UTF-16 units or items so far. */
  readonly length: number;
  /** A reader wants no more of it. */
  readonly cancelled: boolean;
  /** A producer has to call at least that often, with anything. */
  readonly silenceMs: number;
}

/** Which values of a call stay as they were written. */
export const streamCallShape: JsonShape = members({ meta: 'source', result: 'source', items: each('source') });
