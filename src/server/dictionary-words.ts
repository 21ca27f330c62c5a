/** The text of a dictionary: what messages have in common, as far as declarations and samples tell. */

import { jsonSchemaOf } from '../asyncapi/json-schema.js';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';

/** The window of DEFLATE has 32 KiB, of which a frame needs a part; loading more takes longer, too. */
const maxBytes = 8_192;
/** Of pieces of sampled messages, in characters, beside what is from declarations. */
export const maxSampledLength = 4_096;
/** Of the schema of one channel. */
const maxDepth = 6;

/** What the protocol itself writes, the most frequent last: what is near the end is referred to in fewer bits. */
const protocolWords = [
  '{"id":1,"error":{"code":103,"message":"permission denied"}}\n{"id":2,"unsubscribe":{}}\n{"id":3,"publish":{}}\n',
  '{"id":4,"subscribe":{"recoverable":true,"epoch":"","publications":[{"data":{"offset":1},"offset":2}],"recovered":true,',
  '"offset":12,"positioned":true,"was_recovering":true}}\n{"push":{"channel":"","leave":{"info":{"user":"","client":""',
  '}}}}\n{"push":{"channel":"","join":{"info":{"user":"","client":"","conn_info":{"name":""}}}}}\n',
  '{"push":{"channel":"","pub":{"data":{"id":"","offset":12,"info":{"user":"","client":""},"tags":{"}}}\n',
].join('');

/**
 * @param isJson whether the client speaks JSON; in protobuf only data and names of channels are text
 * @param sampled pieces of messages, the most useful last
 * @returns the same for the same declarations, so that nodes and later versions agree about it
 */
export function dictionaryWords(
  channels: Readonly<Record<string, ChannelDeclaration>>,
  isJson: boolean,
  sampled = '',
): Buffer {
  let words = '';
  for (const [pattern, { options }] of Object.entries(channels)) {
    const name = pattern.replace(/\{.*/s, '');
    const schema = options.message && jsonSchemaOf(options.message, 'output', '#');
    const data = schema?.ok ? sampleOf(schema.schema, 0) : '{';
    words += isJson ? `{"push":{"channel":"${name}","pub":{"data":${data},"offset":1}}}\n` : `${name}${data}`;
  }
  const learned = Buffer.from(sampled);
  const own = Buffer.from(words).subarray(0, Math.max(0, maxBytes - learned.length));
  return Buffer.concat(isJson ? [own, learned, Buffer.from(protocolWords)] : [own, learned]);
}

/** JSON as values of this schema may be: its keys, and the values that it lists. */
function sampleOf(schema: unknown, depth: number): string {
  if (typeof schema !== 'object' || schema === null || depth > maxDepth) return '';
  // safe: each field is checked below
  const { properties, items, enum: listed, const: constant, anyOf, oneOf, type } = schema as Record<string, unknown>;
  const known = Array.isArray(listed) ? listed : constant === undefined ? [] : [constant];
  if (known.length > 0) return known.map((value) => JSON.stringify(value)).join(',');
  if (typeof properties === 'object' && properties !== null) {
    const members = Object.entries(properties).map(([key, value]) => {
      return `${JSON.stringify(key)}:${sampleOf(value, depth + 1)}`;
    });
    return `{${members.join(',')}}`;
  }
  const variants = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  if (variants.length > 0) return variants.map((variant) => sampleOf(variant, depth + 1)).join(',');
  if (items !== undefined) return `[${sampleOf(items, depth + 1)}]`;
  return type === 'string' ? '""' : type === 'boolean' ? 'true' : type === 'null' ? 'null' : '';
}
