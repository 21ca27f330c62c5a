// @ts-check
/** Messages in protobuf as clients of benchmarks write and read them: commands, and the fields of what comes back. */
import { varint } from '../bytes/protobuf-field.mjs';

/** @typedef {{ number: number, value: number, from: number, to: number }} Field from, to: of what follows a length */

/** An empty message: a ping, and the answer to one. */
export const EMPTY = Buffer.of(0);

/** @param {number} value */
function varintOf(value) {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

/**
 * A field that has a length.
 * @param {number} number
 * @param {string | Uint8Array} content
 */
export function field(number, content) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([varintOf(number * 8 + 2), varintOf(bytes.length), bytes]);
}

/**
 * A message behind its length: its id in field 1, and one field more.
 * @param {number} id
 * @param {Uint8Array} body the other field
 */
export function command(id, body) {
  const idField = varintOf(id);
  return Buffer.concat([varintOf(1 + idField.length + body.length), Buffer.of(0x08), idField, body]);
}

/**
 * The fields of each message of a frame.
 * @param {Buffer} bytes @param {number} from @param {number} to
 */
export function* messagesOf(bytes, from, to) {
  for (let at = from; at < to; ) {
    const [length, start] = varint(bytes, at);
    at = start + length;
    yield fieldsOf(bytes, start, at);
  }
}

/**
 * @param {Buffer} bytes @param {number} from @param {number} to
 * @returns {Field[]}
 */
export function fieldsOf(bytes, from, to) {
  const fields = [];
  for (let at = from; at < to; ) {
    const [tag, afterTag] = varint(bytes, at);
    // Eight bytes: a number that is none of those looked for.
    if ((tag & 7) === 1) {
      at = afterTag + 8;
      continue;
    }
    const [value, next] = varint(bytes, afterTag);
    at = (tag & 7) === 0 ? next : next + value;
    fields.push({ number: tag >>> 3, value, from: next, to: at });
  }
  return fields;
}
