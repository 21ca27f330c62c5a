/**
 * Reads the wire format of Protocol Buffers, strictly: nothing is read beyond the end of a message, and a number that
 * is longer than its type is a fault and not cut.
 */

/** The bytes are no such message. */
export class ProtobufFault extends Error {}

/** How the value of a field is written; groups (3, 4) are of older versions than the protocol. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A varint has seven bits in each byte; a number of 64 bits has ten, of which the last has one. */
const maxVarintBytes = 10;
const twoTo32 = 0x1_0000_0000;
/** Shared, since creating one takes longer than decoding a message. A byte order mark is a character like others. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class ProtobufReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  /** Halves of the last varint. */
  #low = 0;
  #high = 0;

  /** A part of the bytes. Default: all. Nothing is copied. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** The number of the next field, above 0, and its wire type in the last three bits. */
  tag(): number {
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw new ProtobufFault('a field without a number');
    return tag;
  }

  uint32(): number {
    this.#varint();
    if (this.#high !== 0) throw new ProtobufFault('a number of more than 32 bits');
    return this.#low;
  }

  /** Exact below 2^53, otherwise at least 2^53. */
  uint64(): number {
    this.#varint();
    return this.#high * twoTo32 + this.#low;
  }

  /** Of 32 or 64 bits, which are written alike. Exact between -2^53 and 2^53, otherwise beyond. */
  int64(): number {
    this.#varint();
    return (this.#high | 0) * twoTo32 + this.#low;
  }

  flag(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  /** Not copied. */
  bytes(): Uint8Array {
    const end = this.#length();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** The text, or `undefined` if the bytes are not UTF-8. */
  utf8(): string | undefined {
    const bytes = this.bytes();
    try {
      return decoder.decode(bytes);
    } catch {
      // Its only error: the bytes are not UTF-8.
      return undefined;
    }
  }

  /** @throws ProtobufFault if it is not UTF-8, which texts have to be */
  text(): string {
    const text = this.utf8();
    if (text === undefined) throw new ProtobufFault('a text that is not UTF-8');
    return text;
  }

  /** A reader of the embedded message, which this one goes on behind. */
  message(): ProtobufReader {
    const end = this.#length();
    const message = new ProtobufReader(this.#bytes, this.#at, end);
    this.#at = end;
    return message;
  }

  skip(wireType: number): void {
    switch (wireType) {
      case wireTypes.varint:
        this.#varint();
        return;
      case wireTypes.fixed64:
        this.#at = this.#endOf(8);
        return;
      case wireTypes.bytes:
        this.#at = this.#length();
        return;
      case wireTypes.fixed32:
        this.#at = this.#endOf(4);
        return;
      default:
        throw new ProtobufFault(`wire type ${wireType}`);
    }
  }

  /** Reads a length; the end of the bytes that follow. */
  #length(): number {
    return this.#endOf(this.uint32());
  }

  #endOf(length: number): number {
    const end = this.#at + length;
    if (end > this.#end) throw new ProtobufFault('longer than what contains it');
    return end;
  }

  #varint(): void {
    let [low, high] = [0, 0];
    for (let n = 0; n < maxVarintBytes; n++) {
      if (this.#at === this.#end) throw new ProtobufFault('ends in a number');
      // safe: before the end
      const byte = this.#bytes[this.#at++] as number;
      const bits = byte & 0x7f;
      if (n < 4) low |= bits << (7 * n);
      else if (n === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * n - 32);
      if (byte < 0x80) {
        if (n === maxVarintBytes - 1 && byte > 1) break;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw new ProtobufFault('a number of more than 64 bits');
  }
}
