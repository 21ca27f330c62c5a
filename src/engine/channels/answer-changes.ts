/** Changes of answers as callers ask for them: checked against size and schema, and written as JSON. */

import { type Addition, itemsAddition, textAddition } from '../../model/answer-part.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { JsonText } from '../../model/json-text.js';
import { type JsonPayload, payloadJson } from '../../model/payload.js';
import type { AnswerChange } from '../ports/answer-store.js';
import { acceptMessage } from './publishing.js';
import type { Rule } from './rule.js';

/** What is added: to a text, or to a list of items, each of which is JSON. */
export type NewAddition = { readonly text: string } | { readonly items: readonly JsonText[] };

type Append = Extract<AnswerChange, { kind: 'append' }>;

/** A change that is not checked yet. */
export type NewAnswerChange =
  | Omit<Extract<AnswerChange, { kind: 'open' }>, 'content'>
  | (Pick<Append, 'kind' | 'id' | 'run' | 'seq'> & { readonly added: NewAddition })
  | Exclude<AnswerChange, { kind: 'open' | 'append' }>;

/** @throws FanfareError `ERR_MESSAGE_TOO_LARGE`, `ERR_MESSAGE_INVALID`, `ERR_NOT_AVAILABLE` */
export async function acceptChange(rule: Rule, change: NewAnswerChange): Promise<AnswerChange> {
  if (change.kind === 'open') return { ...change, content: contentOf(rule) };
  if (change.kind !== 'append') return change;
  const { added, ...rest } = change;
  return { ...rest, ...(await acceptAddition(rule, added)) };
}

/** @throws as {@link acceptChange} */
export async function acceptAddition(rule: Rule, added: NewAddition): Promise<Addition> {
  const content = contentOf(rule);
  if ('text' in added) {
    if (content !== 'text') throw wrongContent('items of JSON', 'text');
    const addition = textAddition(added.text);
    if (Buffer.byteLength(addition.body) > rule.maxMessageBytes) {
      throw new FanfareError('ERR_MESSAGE_TOO_LARGE', `what is appended is larger than ${rule.maxMessageBytes} bytes`);
    }
    return addition;
  }
  if (content !== 'items') throw wrongContent('text', 'items');
  const accepted: JsonText[] = [];
  for (const item of added.items) {
    const { data } = await acceptMessage(rule, item);
    // safe: the data of these rules is JSON
    accepted.push(payloadJson(data as JsonPayload));
  }
  return itemsAddition(accepted);
}

function contentOf({ streams, pattern }: Rule) {
  if (streams !== undefined) return streams.content;
  throw new FanfareError('ERR_NOT_AVAILABLE', `the channels of "${pattern.text}" have no streams`);
}

function wrongContent(is: string, got: string): FanfareError {
  return new FanfareError('ERR_MESSAGE_INVALID', `the streams of this channel are made of ${is}, got ${got}`);
}
