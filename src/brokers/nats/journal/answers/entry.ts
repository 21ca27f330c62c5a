/**
 * An entry of the log of a channel with answers: changes that are stored as one message, which is also what nodes get. Each
 * follows the one before it, so that the answers are the same wherever the log is read.
 */

import * as v from 'valibot';
import { type AnswerPart, type AnswerState, answerStates } from '../../../../model/answer-part.js';
import { defined } from '../../../../model/defined.js';
import { trustedJsonText } from '../../../../model/json-text.js';

export interface Entry {
  /** From 1, without a gap. */
  readonly n: number;
  /** Number of the message of the entry before it; 0 for the first. */
  readonly before: number;
  /** Of the channel after it. */
  readonly offset: number;
  /** Name of the channel's life, from its first entry. */
  readonly birth: string;
  /** The life of the servers in which it was stored; see `life.ts`. */
  readonly life: string;
  /** By the server's clock as the sender knew it. */
  readonly timeMs: number;
  /** The last entry that heads and pieces contain: 0, or one before this. */
  readonly covered: number;
  /**
   * If it covers those before it: keys of the answers that the heads stand for. JetStream brings old messages back when it is
   * killed, if what had replaced them has ended since.
   */
  readonly heads: readonly number[];
  /** Answers after it. */
  readonly count: number;
  /** The newest offset of an answer that is forgotten. */
  readonly forgottenUpTo: number;
  /** Keys of the answers that are forgotten, after the steps. */
  readonly forgotten: readonly number[];
  readonly steps: readonly EntryStep[];
}

/** One answer as it is afterwards. */
export interface EntryStep {
  /** The offset at which it was made, also in later lives. */
  readonly key: number;
  readonly offset: number;
  readonly number: number;
  readonly run: number;
  readonly seq: number;
  readonly state: AnswerState;
  readonly isCancelled: boolean;
  /** Whether the time for which it stays as it is counts from now on. */
  readonly isSign: boolean;
  readonly silenceMs: number;
  readonly ttlMs: number;
  /** What subscribers get, at its offset. */
  readonly part?: AnswerPart | undefined;
}

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** JSON in a string of JSON. */
const text = v.exactOptional(v.pipe(v.string(), v.transform(trustedJsonText)));

const partHead = v.object({
  from: whole,
  content: v.picklist(['text', 'items']),
  length: whole,
  state: v.exactOptional(v.picklist(answerStates)),
  id: v.exactOptional(v.string()),
  meta: text,
  result: text,
});

/** The fields of a step in their order; then the characters of its body, and the rest of its part. */
const step = v.tuple([
  v.tuple([whole, whole, whole, whole, whole]),
  v.picklist(answerStates),
  v.tuple([v.boolean(), v.boolean()]),
  v.tuple([whole, whole]),
  whole,
  v.nullable(partHead),
]);

const head = v.tuple([
  v.tuple([whole, whole, whole, whole, whole, whole, whole]),
  v.tuple([v.string(), v.string()]),
  v.array(whole),
  v.array(step),
  v.array(v.pipe(v.number(), v.safeInteger())),
]);

const mark = 'a';

export function isEntry(message: string): boolean {
  return message.startsWith(mark);
}

export function encodeEntry(entry: Entry): string {
  const { n, before, offset, timeMs, covered, count, forgottenUpTo, birth, life, forgotten, steps, heads } = entry;
  const numbers = [n, before, offset, timeMs, covered, count, forgottenUpTo];
  // Differences, since they are many and close to each other.
  const gaps = heads.map((key, index) => key - (heads[index - 1] ?? 0));
  const json = JSON.stringify([numbers, [birth, life], forgotten, steps.map(encodeStep), gaps]);
  return `${mark}${json.length}:${json}${steps.map(({ part }) => part?.body ?? '').join('')}`;
}

function encodeStep(made: EntryStep): unknown {
  const { key, offset, number, run, seq, state, isCancelled, isSign, silenceMs, ttlMs, part } = made;
  const rest = part && {
    ...{ from: part.from, content: part.content, length: part.length },
    ...defined({ state: part.state, id: part.id, meta: part.meta, result: part.result }),
  };
  const length = part?.body.length ?? 0;
  return [
    [key, offset, number, run, seq],
    state,
    [isCancelled, isSign],
    [Math.ceil(silenceMs), Math.ceil(ttlMs)],
    length,
    rest ?? null,
  ];
}

/** @throws Error for a text that {@link encodeEntry} has not made */
export function decodeEntry(message: string): Entry {
  const begin = message.indexOf(':') + 1;
  const length = Number(message.slice(mark.length, begin - 1));
  if (!isEntry(message) || begin < 3 || !Number.isSafeInteger(length)) throw new Error('not an entry');
  let at = begin + length;
  const [numbers, [birth, life], forgotten, steps, gaps] = v.parse(head, JSON.parse(message.slice(begin, at)));
  const [n, before, offset, timeMs, covered, count, forgottenUpTo] = numbers;
  const decoded = steps.map(([[key, own, number, run, seq], state, [isCancelled, isSign], times, size, rest]) => {
    const body = message.slice(at, at + size);
    if (body.length !== size) throw new Error('an entry that is cut');
    at += size;
    const [silenceMs, ttlMs] = times;
    const part = rest === null ? undefined : { ...rest, answer: number, body };
    return { key, offset: own, number, run, seq, state, isCancelled, isSign, silenceMs, ttlMs, part };
  });
  let key = 0;
  const heads = gaps.map((gap) => {
    key += gap;
    return key;
  });
  return {
    ...{ n, before, offset, timeMs, covered, count, forgottenUpTo },
    ...{ birth, life, forgotten, steps: decoded, heads },
  };
}
