/** Parts of answers as nodes are told them through Redis, and answers as they are kept there: the only decoders. */

import * as v from 'valibot';
import type { AnswerRead } from '../../engine/ports/answer-store.js';
import { type AnswerPart, answerStates, partData } from '../../model/answer-part.js';
import { defined } from '../../model/defined.js';
import { fromJsonText, trustedJsonText } from '../../model/json-text.js';
import { type Publication, partPublication } from '../../model/publication.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** JSON in a string of JSON, since it may contain line ends. */
const text = v.exactOptional(v.pipe(v.string(), v.transform(trustedJsonText)));

const head = v.object({
  answer: count,
  from: count,
  content: v.picklist(['text', 'items']),
  length: count,
  state: v.exactOptional(v.picklist(answerStates)),
  id: v.exactOptional(v.string()),
  meta: text,
  result: text,
});

/** See lua/answer.ts. */
const record = v.pipe(
  v.string(),
  v.transform((words) => words.split(' ')),
  v.array(v.string()),
  v.length(11),
);
const state = v.picklist(answerStates);
const content = v.picklist(['text', 'items']);

/** `offset:epoch:head`, a line end, and the body. @throws Error for what no node has sent */
export function decodePart(message: string): { readonly publication: Publication; readonly epoch: string } {
  const afterOffset = message.indexOf(':');
  const afterEpoch = message.indexOf(':', afterOffset + 1);
  const end = message.indexOf('\n', afterEpoch);
  const offset = Number(message.slice(0, afterOffset));
  if (afterOffset < 1 || afterEpoch === -1 || end === -1 || !Number.isSafeInteger(offset)) {
    throw new Error('not a message of a node');
  }
  const part = v.parse(head, JSON.parse(message.slice(afterEpoch + 1, end)));
  const publication = partPublication({ ...part, body: message.slice(end + 1) }, offset);
  return { publication, epoch: message.slice(afterOffset + 1, afterEpoch) };
}

/** @param fields id, offset, record, meta, result, body @throws Error for what no node has written */
export function decodeAnswer(fields: readonly string[], epoch: string): AnswerRead {
  const [id = '', offset = '', words, meta = '', result = '', body = ''] = fields;
  const [number, run, seq, length, , , , , state_, content_, cancelled] = v.parse(record, words);
  const part: AnswerPart = {
    answer: Number(number),
    id,
    from: 0,
    content: v.parse(content, content_),
    body,
    length: Number(length),
    state: v.parse(state, state_),
    ...defined({ meta: embedded(meta), result: embedded(result) }),
  };
  // Somebody else may have written it.
  fromJsonText(partData(part));
  return {
    position: { offset: Number(offset), epoch },
    number: part.answer,
    run: Number(run),
    seq: Number(seq),
    length: part.length,
    state: part.state ?? 'open',
    isCancelled: cancelled === '1',
    part,
  };
}

function embedded(json: string) {
  if (json === '') return undefined;
  return trustedJsonText(v.parse(v.string(), JSON.parse(json)));
}
