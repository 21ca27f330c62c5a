/**
 * Publications, joins and leaves as AMQP messages: the data is the body, the other fields are headers. Bytes are base64 in
 * quotes, with a header that older versions ignore: for them too it is data.
 */

import * as v from 'valibot';
import { clientInfoSchema, tagsSchema, traceSchema } from '../../engine/channels/publication-schemas.js';
import { trustedJsonText } from '../../model/json-text.js';
import { isBytes, payloadFromText, payloadText } from '../../model/payload.js';
import { type ClientInfo, type NewPublication, publicationAt } from '../../model/publication.js';
import type { ChannelMessage } from '../bus-message.js';

/** A message to send. */
export interface Message {
  readonly type: string;
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A received message; unchecked data. */
export interface Received {
  readonly type: unknown;
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
}

export function encodePublication({ data, info, tags, trace }: NewPublication): Message {
  return {
    type: 'publication',
    content: Buffer.from(payloadText(data)),
    headers: {
      ...(isBytes(data) && { bytes: 'true' }),
      ...(info !== undefined && { info: JSON.stringify(info) }),
      ...(tags !== undefined && { tags: JSON.stringify(tags) }),
      ...(trace !== undefined && { trace }),
    },
  };
}

export function encodeAnnouncement(event: 'join' | 'leave', info: ClientInfo): Message {
  return { type: event, content: Buffer.from(JSON.stringify(info)), headers: {} };
}

/** @throws Error for a message that no node of this version has sent */
export function decodeMessage({ type, content, headers }: Received): ChannelMessage {
  const text = content.toString();
  switch (type) {
    case 'publication':
      return { kind: 'publication', publication: publicationAt(decodePublication(text, headers), 0), epoch: '' };
    case 'join':
    case 'leave':
      return { kind: type, info: v.parse(clientInfoSchema, JSON.parse(text)) };
    default:
      throw new Error('not a message of a node');
  }
}

function decodePublication(text: string, { bytes, info, tags, trace }: Received['headers']): NewPublication {
  if (text === '') throw new Error('a publication without data');
  const data = payloadFromText(trustedJsonText(text), bytes === 'true');
  if (info === undefined && tags === undefined && trace === undefined) return { data };
  return {
    data,
    ...(info !== undefined && { info: v.parse(clientInfoSchema, parsed(info)) }),
    ...(tags !== undefined && { tags: v.parse(tagsSchema, parsed(tags)) }),
    ...(trace !== undefined && { trace: v.parse(traceSchema, trace) }),
  };
}

function parsed(header: unknown): unknown {
  return JSON.parse(v.parse(v.string(), header));
}
