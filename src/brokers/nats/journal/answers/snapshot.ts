/**
 * Answers as they are stored beside the log, so that its entries can go: a head for each, and its body in pieces. Pieces only
 * ever grow, and a head says how much of them it stands for.
 */

import * as v from 'valibot';
import { answerStates } from '../../../../model/answer-part.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { defined } from '../../../../model/defined.js';
import { trustedJsonText } from '../../../../model/json-text.js';
import type { KeyedMessage } from '../keyed-stream.js';
import type { AnswerSubjects } from './answer-subjects.js';
import {
  type ChannelAnswers,
  firstPiece,
  type KeptAnswer,
  leastStayMs,
  numPieces,
  pieceChars,
} from './channel-answers.js';
import type { Entry } from './entry.js';

/** What has to be stored with an entry that covers those before it. */
export class Covering {
  constructor(
    private readonly names: AnswerSubjects,
    private readonly channel: ChannelName,
    /** How long messages of a channel stay that nobody uses, at least. */
    private readonly maxAgeMs: number,
    /** Before the entry. */
    private readonly known: ChannelAnswers,
    private readonly entry: Entry,
  ) {}

  /** None if the entry covers nothing. Pieces before their head, which is what gives them a meaning. */
  messages(): KeyedMessage[] {
    if (!this.#isCovering) return [];
    const { names, channel, known } = this;
    const { birth, timeMs } = this.entry;
    const { changed, forgotten } = known.uncovered;
    const messages: KeyedMessage[] = [];
    for (const kept of changed) {
      const ttlMs = this.stayMs([kept]);
      for (const [index, text] of piecesOf(kept, birth, timeMs)) {
        messages.push({ subject: names.piece(channel, kept.key, index), text, ttlMs });
      }
      const text = encodeHead(kept, birth, known.last.n, timeMs);
      messages.push({ subject: names.head(channel, kept.key), text, ttlMs });
    }
    for (const key of forgotten.keys()) {
      messages.push({ subject: names.head(channel, key), text: nothing, ttlMs: nothingTtlMs });
    }
    return messages;
  }

  /** In place of pieces that have no head any more, once the entry is stored. */
  useless(): KeyedMessage[] {
    if (!this.#isCovering) return [];
    const { names, channel, known } = this;
    return [...known.uncovered.forgotten].flatMap(([key, count]) =>
      Array.from({ length: count }, (_, index) => ({
        subject: names.piece(channel, key, index),
        text: nothing,
        ttlMs: nothingTtlMs,
      })),
    );
  }

  /** Twice the time after which messages are stored again, or what they say is forgotten. */
  stayMs(answers: Iterable<{ readonly ttlMs: number }> = [...this.known.all(), ...this.entry.steps]): number {
    let longest = Math.max(leastStayMs, this.maxAgeMs);
    for (const { ttlMs } of answers) longest = Math.max(longest, ttlMs);
    return 2 * longest;
  }

  get #isCovering(): boolean {
    return this.entry.covered > this.known.covered;
  }
}

/** A head as it was stored. */
interface Head {
  /** Of the channel's life; what another one has left behind does not count. */
  readonly birth: string;
  readonly kept: KeptAnswer;
}

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const json = v.exactOptional(v.pipe(v.string(), v.transform(trustedJsonText)));

const headFields = v.object({
  birth: v.string(),
  key: whole,
  number: whole,
  offset: whole,
  run: whole,
  seq: whole,
  length: whole,
  id: v.string(),
  content: v.picklist(['text', 'items']),
  state: v.picklist(answerStates),
  isCancelled: v.boolean(),
  silenceMs: whole,
  ttlMs: whole,
  sinceMs: v.number(),
  storedMs: whole,
  upTo: whole,
  stored: whole,
  meta: json,
  result: json,
});

/** Stands in place of a head or a piece of an answer that is forgotten, for a short while. */
export const nothing = 'r';
/** How long it stays. */
export const nothingTtlMs = 1_000;

/** @param nowMs as in the entry that covers it */
export function encodeHead({ answer, ...kept }: KeptAnswer, birth: string, upTo: number, nowMs: number): string {
  const { id, number, content, meta, result, state, run, seq, isCancelled, offset, length, body } = answer;
  const { key, silenceMs, ttlMs, sinceMs } = kept;
  const storedMs = firstPiece({ answer, ...kept }, nowMs) === 0 ? nowMs : kept.storedMs;
  return `h${JSON.stringify({
    ...{ birth, key, number, offset, run, seq, length, id, content, state, isCancelled, silenceMs, ttlMs, sinceMs },
    ...{ storedMs, upTo, stored: body.length },
    ...defined({ meta, result }),
  })}`;
}

/** @throws Error for a text that {@link encodeHead} has not made */
export function decodeHead(text: string): Head {
  if (!text.startsWith('h')) throw new Error('not the head of an answer');
  const { birth, key, silenceMs, ttlMs, sinceMs, storedMs, upTo, stored, ...rest } = v.parse(
    headFields,
    JSON.parse(text.slice(1)),
  );
  const answer = { meta: undefined, result: undefined, ...rest, body: '' };
  return { birth, kept: { key, answer, silenceMs, ttlMs, sinceMs, storedMs, upTo, stored } };
}

/** Pieces that have to be stored, by their places. @param nowMs as in the entry that covers them */
export function piecesOf(kept: KeptAnswer, birth: string, nowMs: number): readonly [index: number, text: string][] {
  const { body } = kept.answer;
  const first = firstPiece(kept, nowMs);
  const pieces: [number, string][] = [];
  for (let index = first; index < numPieces(body.length); index++) {
    // What is there already to its end stays.
    if (first > 0 && body.length === kept.stored) break;
    pieces.push([index, `p${birth}:${body.slice(index * pieceChars, (index + 1) * pieceChars)}`]);
  }
  return pieces;
}

/** @throws Error for a text that {@link piecesOf} has not made */
export function decodePiece(text: string): { readonly birth: string; readonly body: string } {
  const colon = text.indexOf(':');
  if (!text.startsWith('p') || colon === -1) throw new Error('not a piece of an answer');
  return { birth: text.slice(1, colon), body: text.slice(colon + 1) };
}
