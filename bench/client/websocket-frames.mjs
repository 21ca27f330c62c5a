// @ts-check
/** WebSocket frames as a client reads them: unmasked (RFC 6455, 5.2). Used by the raw clients of benchmarks and tests. */

export const opcodes = /** @type {const} */ ({ continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 });

/**
 * Passes on every complete frame; returns the start of the first incomplete one.
 * @param {Buffer} bytes
 * @param {number} from
 * @param {number} end
 * @param {(opcode: number, bytes: Buffer, from: number, to: number) => void} onFrame gets the range of the payload
 */
export function readFrames(bytes, from, end, onFrame) {
  let at = from;
  while (end - at >= 2) {
    let length = bytes.readUInt8(at + 1) & 0x7f;
    let body = at + 2;
    if (length === 126) {
      if (end - at < 4) break;
      length = bytes.readUInt16BE(at + 2);
      body = at + 4;
    } else if (length === 127) {
      if (end - at < 10) break;
      length = Number(bytes.readBigUInt64BE(at + 2));
      body = at + 10;
    }
    if (end - body < length) break;
    onFrame(bytes.readUInt8(at) & 0x0f, bytes, body, body + length);
    at = body + length;
  }
  return at;
}
