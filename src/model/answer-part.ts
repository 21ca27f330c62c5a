/** Parts of an answer, a message that grows, and the small envelope in which clients get them (PROTOCOL.md, "Streams"). */

import { defined } from './defined.js';
import { type JsonText, trustedJsonText } from './json-text.js';

/** `interrupted`: its producer is gone; it may go on. `closed` and `failed` are final. */
export type AnswerState = 'open' | 'closed' | 'failed' | 'interrupted';

export const answerStates = ['open', 'closed', 'failed', 'interrupted'] as const satisfies readonly AnswerState[];

/** What an answer is made of: one text, or a list of items of JSON. */
export type AnswerContent = 'text' | 'items';

/** What is added to an answer. */
export interface Addition {
  /** JSON between the quotes of a text, or between the brackets of a list, so that parts are joined without parsing them. */
  readonly body: string;
  /** UTF-16 units of text, or items. */
  readonly length: number;
}

export interface AnswerPart extends Addition {
  /** The answer's number in its channel: the offset at which it was opened. */
  readonly answer: number;
  /** The name that its producer has given it. With it, the part is everything so far. */
  readonly id?: string;
  readonly meta?: JsonText;
  /** Length of what comes before it. */
  readonly from: number;
  readonly content: AnswerContent;
  /** What it becomes. Absent: it stays what it is, or is open if the part is everything so far. */
  readonly state?: AnswerState;
  readonly result?: JsonText;
}

export const nothingAdded: Addition = { body: '', length: 0 };

export function textAddition(text: string): Addition {
  return { body: JSON.stringify(text).slice(1, -1), length: text.length };
}

/** @param items each is JSON */
export function itemsAddition(items: readonly JsonText[]): Addition {
  return { body: items.join(','), length: items.length };
}

export function joined(content: AnswerContent, before: Addition, after: Addition): Addition {
  if (after.length === 0) return before;
  if (before.length === 0) return after;
  const between = content === 'text' ? '' : ',';
  return { body: `${before.body}${between}${after.body}`, length: before.length + after.length };
}

/** One part for two that follow each other. */
export function joinParts(older: AnswerPart, newer: AnswerPart): AnswerPart {
  if (newer.id !== undefined) return newer;
  const state = newer.state ?? older.state;
  const result = newer.result ?? older.result;
  const { body, length } = joined(older.content, older, newer);
  return { ...older, body, length, ...defined({ state, result }) };
}

/** As clients get it: the keys are short, since there are many parts, and those of any JSON come last. */
export function partData({ answer, id, from, content, body, length, state, meta, result }: AnswerPart): JsonText {
  const head = id === undefined ? `{"s":${answer},"n":${from}` : `{"s":${answer},"i":${JSON.stringify(id)}`;
  // What is everything so far says what it is made of, even if that is nothing yet.
  const isSaid = length > 0 || id !== undefined;
  const value = !isSaid ? '' : content === 'text' ? `,"t":"${body}"` : `,"d":[${body}]`;
  const end = state === undefined || (state === 'open' && id !== undefined) ? '' : `,"e":"${state}"`;
  const rest = `${meta === undefined ? '' : `,"m":${meta}`}${result === undefined ? '' : `,"r":${result}`}`;
  return trustedJsonText(`${head}${value}${end}${rest}}`);
}
