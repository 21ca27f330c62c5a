// @ts-check
/** Finds one field of bytes in a message in protobuf. */

/**
 * @param {Buffer} bytes messages, each behind its length
 * @param {number[]} path numbers of fields, from the first message to the one that is wanted
 * @returns {Buffer | undefined}
 */
export function fieldOfFirst(bytes, path) {
  const [length, start] = varint(bytes, 0);
  return field(bytes.subarray(start, start + length), path);
}

/**
 * @param {Buffer} message
 * @param {number[]} path
 * @returns {Buffer | undefined}
 */
function field(message, [wanted, ...rest]) {
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = varint(message, at);
    const [value, next] = varint(message, afterTag);
    // The schema has numbers and what follows a length, nothing else.
    at = (tag & 7) === 0 ? next : next + value;
    if (tag >>> 3 !== wanted) continue;
    const found = message.subarray(next, at);
    return rest.length === 0 ? found : field(found, rest);
  }
  return undefined;
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 * @returns {[value: number, end: number]}
 */
export function varint(bytes, at) {
  for (let value = 0, factor = 1; ; factor *= 128) {
    const byte = bytes.readUInt8(at++);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, at];
  }
}
