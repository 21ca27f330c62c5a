/** WebSocket frames as a client reads and writes them (RFC 6455, section 5): unmasked in, masked out. */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** @param bytes contain the payload from `from` to `to`, during the call only: an object for each would cost much of the rest */
export type OnMessage = (opcode: number, bytes: Buffer, from: number, to: number) => void;

/** Takes bytes as they come, and passes on whole messages and control frames. */
export class FrameReader {
  /** The beginning of a frame that has not arrived completely. */
  #rest: Buffer | undefined;
  /** Parts of a message that is not complete. */
  #parts: Buffer[] = [];
  #opcode = 0;

  constructor(private readonly onMessage: OnMessage) {}

  read(arrived: Buffer): void {
    const bytes = this.#rest === undefined ? arrived : Buffer.concat([this.#rest, arrived]);
    let at = 0;
    while (bytes.length - at >= 2) {
      const first = bytes[at] ?? 0;
      let length = (bytes[at + 1] ?? 0) & 0x7f;
      let body = at + 2;
      if (length === 126) {
        if (bytes.length - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        body = at + 4;
      } else if (length === 127) {
        if (bytes.length - at < 10) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        body = at + 10;
      }
      if (bytes.length - body < length) break;
      this.#take(first, bytes, body, body + length);
      at = body + length;
    }
    // A copy: the buffer that it was read into is used again.
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
  }

  #take(first: number, bytes: Buffer, from: number, to: number): void {
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    if (opcode >= opcodes.close || (isFinal && opcode !== opcodes.continuation)) {
      this.onMessage(opcode, bytes, from, to);
      return;
    }
    if (opcode !== opcodes.continuation) this.#opcode = opcode;
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
    if (!isFinal) return;
    const message = Buffer.concat(this.#parts);
    this.#parts = [];
    this.onMessage(this.#opcode, message, 0, message.length);
  }
}

/** With the masking key zero, which leaves the payload as it is: nothing here is a secret from proxies. */
export function frameOf(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headBytes + 4 + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (headBytes === 4) frame.writeUInt16BE(length, 2);
  if (headBytes === 10) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.writeUInt32BE(0, headBytes);
  payload.copy(frame, headBytes + 4);
  return frame;
}
