/** Writes the wire format of Protocol Buffers into a buffer that grows. As is usual there, zero values are left out. */

import { wireTypes } from './protobuf-reader.js';

/** Enough for most messages; it doubles when it is full. */
const initialBytes = 256;
/** The longest varint of a number below 2^53. */
const maxNumberBytes = 8;

export class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(initialBytes);
  #at = 0;

  /** What has been written, not copied: nothing may be written afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** @param value a whole number from 0 to 2^53 */
  uint(field: number, value: number): void {
    if (value === 0) return;
    this.#tag(field, wireTypes.varint);
    this.#varint(value);
  }

  double(field: number, value: number): void {
    if (value === 0) return;
    this.#tag(field, wireTypes.fixed64);
    this.#makeRoom(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  flag(field: number, value: boolean): void {
    if (value) this.uint(field, 1);
  }

  text(field: number, value: string): void {
    if (value === '') return;
    const length = Buffer.byteLength(value);
    this.#tag(field, wireTypes.bytes);
    this.#varint(length);
    this.#makeRoom(length);
    this.#bytes.write(value, this.#at, length);
    this.#at += length;
  }

  /** Written even if there are none. */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, wireTypes.bytes);
    this.#varint(value.length);
    this.#makeRoom(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Adds whole fields that another writer has written. */
  fields(fields: Uint8Array): void {
    this.#makeRoom(fields.length);
    this.#bytes.set(fields, this.#at);
    this.#at += fields.length;
  }

  /**
   * Begins an embedded message, which is written even if nothing follows.
   *
   * @returns its place, for {@link close}
   */
  open(field: number): number {
    this.#tag(field, wireTypes.bytes);
    return this.begin();
  }

  /** Begins a message without a field, as one in a list whose elements have only their lengths before them. */
  begin(): number {
    this.#makeRoom(1);
    return ++this.#at;
  }

  /** Ends a message: its length goes before it, for which one byte has been left. */
  close(start: number): void {
    const length = this.#at - start;
    let [more, rest] = [0, length];
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) more++;
    if (more > 0) {
      this.#makeRoom(more);
      this.#bytes.copyWithin(start + more, start, this.#at);
    }
    this.#at = start - 1;
    this.#varint(length);
    this.#at += length;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    this.#makeRoom(maxNumberBytes);
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.#bytes[this.#at++] = (rest % 0x80) + 0x80;
    this.#bytes[this.#at++] = rest;
  }

  #makeRoom(numBytes: number): void {
    const least = this.#at + numBytes;
    if (least <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(least, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}
