/**
 * Answers: messages that grow, in the channels of rules with `streams`, as an optional ability of a broker. A change of an
 * answer is delivered as a publication with a part of it, at the next offset of its channel; what is kept is each answer as
 * it is, so that a history counts answers and not parts.
 */

import type { Addition, AnswerContent, AnswerPart, AnswerState } from '../../model/answer-part.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { JsonText } from '../../model/json-text.js';
import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';

export interface AnswerLimits {
  /** Answers kept in a channel. The oldest that have ended go first; as many may be open, a further one is refused. */
  readonly size: number;
  /** An answer that has ended is forgotten this long after its last change. */
  readonly ttlMs: number;
  /** Most characters of one answer, as JSON; what would exceed it is refused. */
  readonly maxLength: number;
  /** An open answer is `interrupted` when its producer has not been heard for so long, or up to a second later. */
  readonly silenceMs: number;
}

/** A change of the answer of this id. `run` is what its producer was given by `open`. */
export type AnswerChange = { readonly id: string } & (
  | {
      readonly kind: 'open';
      readonly content: AnswerContent;
      readonly meta?: JsonText | undefined;
      /** Of a producer that comes back: its run goes on, if nobody has opened the answer since. */
      readonly run?: number | undefined;
    }
  | ({ readonly kind: 'append'; readonly run: number; readonly seq?: number | undefined } & Addition)
  | {
      readonly kind: 'end';
      readonly run: number;
      /** The number of the last append. Absent: whatever it was. */
      readonly seq?: number | undefined;
      readonly state: Exclude<AnswerState, 'open'>;
      readonly result?: JsonText | undefined;
    }
  /** Its producer is alive. */
  | { readonly kind: 'renew'; readonly run: number }
  /** A reader wants no more of it, which its producer is told with each outcome. */
  | { readonly kind: 'cancel' }
);

/** Of an answer after a change, or at the moment. */
export interface AnswerStatus {
  /** Of its last change. */
  readonly position: Position;
  /** The offset at which it was made; that of `run` until another producer opens it. */
  readonly number: number;
  /** Of its producer: the last that has opened it. Larger than all before it. */
  readonly run: number;
  /** The number of the last append of this run; 0 before the first. */
  readonly seq: number;
  readonly length: number;
  readonly state: AnswerState;
  readonly isCancelled: boolean;
}

/**
 * `absent`: there is none of this id. `fenced`: another producer has opened it since. `ended`: it is closed or failed.
 * `gap`: appends before this one are missing. `long`: it would be longer than it may be. `full`: as many answers are open as
 * there may be. `all`: there is no room for it in the broker.
 */
export type AnswerRefusal = 'absent' | 'fenced' | 'ended' | 'gap' | 'long' | 'full' | 'all';

export type AnswerOutcome =
  /** `duplicate`: it had been made before, and nothing has changed. */
  | ({ readonly ok: true; readonly duplicate: boolean } & AnswerStatus)
  /** Nothing has changed. `seq`: the number of the last append, 0 without an answer. */
  | { readonly ok: false; readonly why: AnswerRefusal; readonly seq: number };

export interface AnswerRead extends AnswerStatus {
  /** Everything so far. */
  readonly part: AnswerPart;
}

/**
 * Each change is one atomic step: what is kept, the offset, and the order of deliveries. An append with a number that
 * was taken in the same run is a duplicate. `open` makes the answer, or lets a new producer go on with one that has not
 * ended, in a new run: from then on those before are refused. An append or a renewal of the current run makes an interrupted answer open
 * again. Renewals and cancellations are not delivered.
 */
export interface AnswerStore {
  change(channel: ChannelName, change: AnswerChange, limits: AnswerLimits): Promise<AnswerOutcome>;
  /** `undefined`: there is none of this id. */
  get(channel: ChannelName, id: string): Promise<AnswerRead | undefined>;
}

/** A change as subscribers get it. */
export type PartPublication = Publication & { readonly part: AnswerPart };
