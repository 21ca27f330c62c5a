/** A part of a stream as the server sends it: the only decoder of the envelope (PROTOCOL.md, "Streams"). */

import { type AnswerState, answerStates } from '../../model/answer-part.js';

export interface ReceivedPart {
  /** The stream's number in its channel, within one epoch. */
  readonly number: number;
  /** With it the part is everything so far. */
  readonly id?: string;
  /** Length of what comes before it. */
  readonly from: number;
  readonly text?: string;
  readonly items?: readonly unknown[];
  readonly state?: AnswerState;
  readonly meta?: unknown;
  readonly result?: unknown;
}

/** `undefined` for what is none. Keys that it does not know are of later versions. */
export function readPart(data: unknown): ReceivedPart | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { s, i, n = 0, t, d, e, m, r } = data as Readonly<Record<string, unknown>>; // safe: every object may be read so
  if (typeof s !== 'number' || typeof n !== 'number') return undefined;
  const state = answerStates.find((known) => known === e);
  return {
    number: s,
    from: n,
    ...(typeof i === 'string' && { id: i }),
    ...(typeof t === 'string' && { text: t }),
    ...(Array.isArray(d) && { items: d }),
    ...(state !== undefined && { state }),
    ...(m !== undefined && { meta: m }),
    ...(r !== undefined && { result: r }),
  };
}
