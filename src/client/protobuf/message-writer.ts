/** Writes messages of protobuf in a browser. As is usual there, zero values are left out. */

import type { Embedded, Fields, MessageField, MessageTable } from './schema.js';

/** Wire types: how the value of a field is written. */
const [varint, lengthDelimited] = [0, 2];
const encoder = new TextEncoder();

export class MessageWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** What has been written, not copied: nothing may be written afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The message, behind its length. */
  delimited(table: MessageTable, values: Fields): void {
    const inner = new MessageWriter();
    inner.fields(table, values);
    this.#append(inner.finish());
  }

  /** The fields of the table; values by their names in JSON. */
  fields(table: MessageTable, values: Fields): void {
    for (const [number, field] of table) {
      const value = values[field.name];
      if (value !== undefined && value !== null) this.#field(number, field, value);
      else if (value === null && (field.kind === 'json' || field.kind === 'payload')) this.#text(number, 'null');
    }
  }

  #field(number: number, { kind }: MessageField, value: unknown): void {
    const isJson = kind === 'json' || (kind === 'payload' && !(value instanceof Uint8Array));
    if (isJson) this.#text(number, JSON.stringify(value) ?? '');
    else if (kind === 'texts') this.#texts(number, value);
    else if (typeof kind === 'object') this.#embedded(number, kind, value);
    else if (typeof value === 'string') this.#text(number, value);
    else if (typeof value === 'number' || value === true) this.#number(number, Number(value));
    else if (value instanceof Uint8Array) {
      this.#tag(number, lengthDelimited);
      this.#append(value);
    }
  }

  #texts(number: number, list: unknown): void {
    if (!Array.isArray(list)) return;
    for (const text of list) {
      this.#tag(number, lengthDelimited);
      // An empty text of a list is written: it counts.
      this.#append(encoder.encode(String(text)));
    }
  }

  #embedded(number: number, kind: Embedded, value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    for (const message of messagesIn(kind, value)) {
      this.#tag(number, lengthDelimited);
      this.delimited(kind.fields, { ...message });
    }
  }

  #text(number: number, text: string): void {
    if (text === '') return;
    this.#tag(number, lengthDelimited);
    this.#append(encoder.encode(text));
  }

  #number(number: number, value: number): void {
    if (value === 0) return;
    this.#tag(number, varint);
    this.#varint(value);
  }

  #tag(number: number, wireType: number): void {
    this.#varint(number * 8 + wireType);
  }

  /** A negative number is written as that of 64 bits with the same bits. */
  #varint(value: number): void {
    this.#makeRoom(10);
    let rest = value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;
    for (; rest > 0x7f; rest = typeof rest === 'bigint' ? rest >> 7n : Math.floor(rest / 0x80)) {
      this.#bytes[this.#length++] = Number(typeof rest === 'bigint' ? rest & 0x7fn : rest % 0x80) | 0x80;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  /** Bytes, behind their length. */
  #append(bytes: Uint8Array): void {
    this.#varint(bytes.length);
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #makeRoom(numBytes: number): void {
    const least = this.#length + numBytes;
    if (least <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(least, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function messagesIn({ isEntry, isList }: Embedded, value: object): readonly object[] {
  if (isEntry) return Object.entries(value).map(([key, one]) => ({ key, value: one }));
  return isList === true && Array.isArray(value) ? value : [value];
}
