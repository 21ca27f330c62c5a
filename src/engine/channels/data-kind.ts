/** The kinds of data that a channel may have, and whether a message has the one that its rule says. */

import { bytesFromBase64 } from '../../model/base64.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { parseSource } from '../../model/json-parse.js';
import { isBytes, type JsonPayload, type Payload, payloadValue } from '../../model/payload.js';
import { decodeUtf8 } from '../../model/utf8.js';

/**
 * `bytes`: of clients that speak a binary protocol. `base64`: the same, and clients that speak JSON get and send them as
 * strings of base64.
 */
export const dataKinds = ['json', 'bytes', 'base64'] as const;
export type DataKind = (typeof dataKinds)[number];

/** The part of a channel rule that is used here. */
interface RuleOfData {
  readonly pattern: { readonly text: string };
  readonly data: DataKind;
}

/** The first of a byte order mark, with which JSON may not begin (RFC 8259, section 8.1). */
const firstOfMark = 0xef;

/** A message that is not of the kind that its channel has. */
export class WrongKind extends FanfareError {
  constructor({ pattern: { text }, data }: RuleOfData, why: string) {
    super('ERR_MESSAGE_INVALID', `message ${why}, and the channel rule "${text}" has data: ${data}`);
  }
}

/**
 * Bytes stand for JSON in a channel of JSON: only the rule tells what somebody has sent who can send any bytes.
 *
 * @throws WrongKind
 */
export function ofKind(rule: RuleOfData, data: Payload): Payload {
  if (rule.data === 'json') return isBytes(data) ? jsonIn(rule, data) : data;
  if (isBytes(data)) return data;
  throw new WrongKind(rule, 'is JSON');
}

/** Clients that speak JSON send bytes as text. @throws WrongKind */
export function sentByClient(rule: RuleOfData, data: Payload): Payload {
  if (rule.data !== 'base64' || isBytes(data)) return data;
  const text = payloadValue(data);
  const bytes = typeof text === 'string' ? bytesFromBase64(text) : undefined;
  if (bytes === undefined) throw new WrongKind(rule, 'is no text in base64');
  return bytes;
}

function jsonIn(rule: RuleOfData, bytes: Uint8Array): JsonPayload {
  const text = bytes[0] === firstOfMark ? undefined : decodeUtf8(bytes);
  const source = text === undefined ? undefined : parseSource(text);
  if (source === undefined) throw new WrongKind(rule, 'is bytes that are no JSON, or nest too deeply');
  if (source.hasLoneSurrogate) throw new FanfareError('ERR_MESSAGE_INVALID', 'message has a lone surrogate');
  return source.text;
}
