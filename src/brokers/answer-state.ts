/** One answer as a broker keeps it, and what each change makes of it: the rules of `AnswerStore`, without a place to keep it. */

import type { AnswerChange, AnswerLimits, AnswerRefusal } from '../engine/ports/answer-store.js';
import {
  type Addition,
  type AnswerContent,
  type AnswerPart,
  type AnswerState,
  joined,
  nothingAdded,
} from '../model/answer-part.js';
import { defined } from '../model/defined.js';
import type { JsonText } from '../model/json-text.js';

/** A new object at each change that subscribers get; the others are noted in it. */
export interface Answer extends Addition {
  readonly id: string;
  /** The offset at which it was opened. */
  readonly number: number;
  readonly content: AnswerContent;
  readonly meta: JsonText | undefined;
  readonly result: JsonText | undefined;
  readonly state: AnswerState;
  /** The offset of the last `open`. */
  readonly run: number;
  readonly seq: number;
  readonly isCancelled: boolean;
  /** The offset of its last change. */
  readonly offset: number;
}

export type AnswerStep =
  /** Subscribers get the part, at the offset of the answer. */
  | { readonly kind: 'changed'; readonly answer: Answer; readonly part: AnswerPart }
  /** Nobody is told, and no offset is used. */
  | { readonly kind: 'noted'; readonly answer: Answer }
  | { readonly kind: 'duplicate'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly why: AnswerRefusal; readonly seq: number };

export function isFinal({ state }: Pick<Answer, 'state'>): boolean {
  return state === 'closed' || state === 'failed';
}

/** Characters that it takes. */
export function sizeOf({ id, body, meta, result }: Pick<Answer, 'id' | 'body' | 'meta' | 'result'>): number {
  return id.length + body.length + (meta?.length ?? 0) + (result?.length ?? 0);
}

/** Everything so far. */
export function wholePart({ number, id, meta, content, body, length, state, result }: Answer): AnswerPart {
  return { answer: number, id, from: 0, content, body, length, ...defined({ meta, state, result }) };
}

/** @param offset the next one of the channel */
export function changed(
  answer: Answer | undefined,
  change: AnswerChange,
  offset: number,
  { maxLength }: Pick<AnswerLimits, 'maxLength'>,
): AnswerStep {
  if (change.kind === 'open') return opened(answer, change, offset, maxLength);
  if (answer === undefined) return { kind: 'refused', why: 'absent', seq: 0 };
  if (change.kind === 'cancel') {
    if (isFinal(answer)) return refused(answer, 'ended');
    return answer.isCancelled
      ? { kind: 'duplicate', answer }
      : { kind: 'noted', answer: { ...answer, isCancelled: true } };
  }
  if (change.run !== answer.run) return refused(answer, 'fenced');
  switch (change.kind) {
    case 'append':
      return appended(answer, change, offset, maxLength);
    case 'end':
      return ended(answer, change, offset, maxLength);
    case 'renew':
      return isFinal(answer) ? refused(answer, 'ended') : alive(answer, offset);
  }
}

/** Its producer gives a sign of life. */
function alive(answer: Answer, offset: number): AnswerStep {
  if (answer.state !== 'interrupted') return { kind: 'noted', answer };
  return goesOn(answer, nothingAdded, answer.seq, offset);
}

/** Its producer is silent. */
export function interrupted(answer: Answer, offset: number): Extract<AnswerStep, { kind: 'changed' }> {
  return become(answer, { state: 'interrupted', offset }, { state: 'interrupted' });
}

function opened(
  answer: Answer | undefined,
  { id, content, meta, run }: Extract<AnswerChange, { kind: 'open' }>,
  offset: number,
  maxLength: number,
): AnswerStep {
  if (answer === undefined) {
    if (run !== undefined) return { kind: 'refused', why: 'absent', seq: 0 };
    const made: Answer = {
      ...nothingAdded,
      id,
      number: offset,
      content,
      meta,
      result: undefined,
      state: 'open',
      run: offset,
      seq: 0,
      isCancelled: false,
      offset,
    };
    if (sizeOf(made) > maxLength) return { kind: 'refused', why: 'long', seq: 0 };
    return { kind: 'changed', answer: made, part: wholePart(made) };
  }
  if (isFinal(answer)) return refused(answer, 'ended');
  if (run !== undefined) return run === answer.run ? alive(answer, offset) : refused(answer, 'fenced');
  return become(answer, { state: 'open', run: offset, seq: 0, offset }, { state: 'open' });
}

function appended(
  answer: Answer,
  { seq = answer.seq + 1, body, length }: Extract<AnswerChange, { kind: 'append' }>,
  offset: number,
  maxLength: number,
): AnswerStep {
  if (seq <= answer.seq) return { kind: 'duplicate', answer };
  if (isFinal(answer)) return refused(answer, 'ended');
  if (seq > answer.seq + 1) return refused(answer, 'gap');
  if (sizeOf(answer) + body.length + 1 > maxLength) return refused(answer, 'long');
  return goesOn(answer, { body, length }, seq, offset);
}

function ended(
  answer: Answer,
  { seq = answer.seq, state, result }: Extract<AnswerChange, { kind: 'end' }>,
  offset: number,
  maxLength: number,
): AnswerStep {
  if (answer.state === state) return { kind: 'duplicate', answer };
  if (isFinal(answer)) return refused(answer, 'ended');
  if (seq > answer.seq) return refused(answer, 'gap');
  if (sizeOf(answer) + (result?.length ?? 0) > maxLength) return refused(answer, 'long');
  return become(answer, { state, result, offset }, defined({ state, result }));
}

function goesOn(answer: Answer, added: Addition, seq: number, offset: number): AnswerStep {
  const { body, length } = joined(answer.content, answer, added);
  const isResumed = answer.state === 'interrupted';
  return become(
    answer,
    { body, length, seq, state: 'open', offset },
    { ...added, ...(isResumed && { state: 'open' }) },
  );
}

function become(
  answer: Answer,
  fields: Partial<Answer>,
  part: Partial<Pick<AnswerPart, 'body' | 'length' | 'state' | 'result'>>,
): Extract<AnswerStep, { kind: 'changed' }> {
  const { number, content, length: from } = answer;
  const told: AnswerPart = { answer: number, from, content, ...nothingAdded, ...part };
  return { kind: 'changed', answer: { ...answer, ...fields }, part: told };
}

function refused({ seq }: Answer, why: AnswerRefusal): AnswerStep {
  return { kind: 'refused', why, seq };
}
