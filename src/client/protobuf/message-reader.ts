/** Reads messages of protobuf in a browser. What is not whole, or not as its schema says, throws. */

import type { Embedded, Fields, MessageField } from './schema.js';

/** Wire types: how the value of a field is written. */
const [varint, fixed64, bytes, fixed32] = [0, 1, 2, 5];
/** A number of 64 bits has no more. */
const maxVarintBytes = 10;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The JSON text of a publication's data, while there are subscriptions with deltas. Not enumerable. */
export const wholeText: unique symbol = Symbol('whole text');

export class MessageReader {
  #at = 0;
  #end: number;

  /** @param keepsText whether publications keep the text of their data, to which deltas refer */
  constructor(
    private readonly buffer: Uint8Array,
    private readonly keepsText = false,
  ) {
    this.#end = buffer.length;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** The next message, which is behind its length. */
  delimited(kind: Embedded): Fields {
    const [end, outer] = [this.#number() + this.#at, this.#end];
    if (end > outer) throw new RangeError('longer than what contains it');
    this.#end = end;
    const fields = this.#message(kind);
    this.#end = outer;
    return fields;
  }

  /** Where the next message ends, which may be beyond the bytes that are there; `undefined` if its length is not whole. */
  endOfDelimited(): number | undefined {
    const { buffer } = this;
    for (let at = this.#at; at < buffer.length && at < this.#at + maxVarintBytes; at++) {
      // safe: before the end
      if ((buffer[at] as number) < 0x80) return this.#number() + this.#at;
    }
    if (buffer.length - this.#at >= maxVarintBytes) throw new RangeError('a length that does not end');
    return undefined;
  }

  #message(kind: Embedded): Fields {
    const fields = kind.begin?.() ?? {};
    while (!this.isAtEnd) {
      const tag = this.#number();
      const field = kind.fields.get(Math.floor(tag / 8));
      if (field === undefined) this.#skip(tag % 8);
      else this.#read(fields, field, tag % 8);
    }
    if (kind.mayBeDelta) this.#finishPublication(fields);
    return fields;
  }

  /**
   * Only at its end it is known whether its data is a delta, which is text. Other data stays bytes, of which only the channel
   * tells what they are.
   */
  #finishPublication(fields: Fields): void {
    const { data } = fields;
    if (!(data instanceof Uint8Array)) return;
    if (fields.delta === true) fields.data = decoder.decode(data);
    else {
      // A copy, which the application may keep without the frame.
      const own = new Uint8Array(data);
      fields.data = own;
      if (this.keepsText) Object.defineProperty(fields, wholeText, { get: () => decoder.decode(own) });
    }
  }

  #read(fields: Fields, { name, kind }: MessageField, wireType: number): void {
    const isNumber = kind === 'uint' || kind === 'int' || kind === 'flag';
    if (wireType !== (isNumber ? varint : bytes)) throw new RangeError(`wire type ${wireType} of "${name}"`);
    if (typeof kind === 'object') this.#readEmbedded(fields, name, kind);
    else if (kind === 'flag') fields[name] = this.#number() !== 0;
    else if (isNumber) fields[name] = this.#number();
    else if (kind === 'bytes') fields[name] = this.#bytes();
    else if (kind === 'json') this.#readJson(fields, name);
    else fields[name] = decoder.decode(this.#bytes());
  }

  #readEmbedded(fields: Fields, name: string, kind: Embedded): void {
    const value = this.delimited(kind);
    if (kind.isEntry) {
      const before = fields[name] ?? {};
      fields[name] = before;
      // A key is never more than a key, whatever objects have by nature.
      const entry = { value: value.value ?? '', enumerable: true, configurable: true, writable: true };
      Object.defineProperty(before, String(value.key ?? ''), entry);
    } else if (kind.isList) {
      const before = fields[name];
      fields[name] = Array.isArray(before) ? [...before, value] : [value];
    } else fields[name] = value;
  }

  /** Empty bytes are the same as no data. */
  #readJson(fields: Fields, name: string): void {
    const text = decoder.decode(this.#bytes());
    if (text !== '') fields[name] = JSON.parse(text);
  }

  #bytes(): Uint8Array {
    const length = this.#number();
    this.#forward(length);
    return this.buffer.subarray(this.#at - length, this.#at);
  }

  #skip(wireType: number): void {
    if (wireType === varint) this.#number();
    else if (wireType === bytes) this.#bytes();
    else if (wireType === fixed64 || wireType === fixed32) this.#forward(wireType === fixed64 ? 8 : 4);
    else throw new RangeError(`wire type ${wireType}`);
  }

  #forward(length: number): void {
    this.#at += length;
    if (this.#at > this.#end) throw new RangeError('longer than what contains it');
  }

  /** Exact up to 2^53. */
  #number(): number {
    let [value, unit] = [0, 1];
    for (let n = 0; n < maxVarintBytes && !this.isAtEnd; n++) {
      // safe: before the end
      const byte = this.buffer[this.#at++] as number;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    throw new RangeError('a number that does not end');
  }
}
