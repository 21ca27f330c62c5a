/** Changes of messages in the wire format of protobuf: fields, their numbers and types, lengths that lie, numbers too long. */

import type { SeededRandom } from '../../chaos/seeded-random.js';
import { interestingNumber } from './mutate-text.js';

interface WireField {
  readonly number: number;
  readonly type: number;
  readonly content: Buffer;
}

const bytesType = 2;
const maxBytes = 8_192;

/** A frame: messages, each behind its length. */
export function mutatedFrame(random: SeededRandom, frame: Buffer, others: readonly Buffer[]): Buffer {
  const messages = messagesOf(frame);
  if (messages === undefined || random.below(6) === 0) return mutatedBytes(random, frame, others);
  const made = messages.flatMap((message) => {
    switch (random.below(10)) {
      case 0:
        return [];
      case 1:
        return [message, message];
      default:
        return [mutatedMessage(random, message)];
    }
  });
  return Buffer.concat(made.map((message) => Buffer.concat([lengthOf(random, message), message]))).subarray(
    0,
    maxBytes,
  );
}

/** Bytes that are cut, put in, changed, or continued as others. */
export function mutatedBytes(random: SeededRandom, bytes: Buffer, others: readonly Buffer[]): Buffer {
  const at = random.below(bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const other = random.pick(others);
  const made = [
    () => before,
    () => Buffer.concat([before, after.subarray(1 + random.below(4))]),
    () => Buffer.concat([before, Buffer.of(random.below(256)), after.subarray(1)]),
    () => Buffer.concat([before, Buffer.alloc(1 + random.below(16), random.pick([0, 0x7f, 0x80, 0xff])), after]),
    () => Buffer.concat([before, other.subarray(random.below(other.length + 1))]),
    () => Buffer.concat([bytes, other]),
  ];
  return random.pick(made)().subarray(0, maxBytes);
}

function mutatedMessage(random: SeededRandom, message: Buffer, levels = 4): Buffer {
  const fields = fieldsOf(message);
  if (fields === undefined || fields.length === 0) return mutatedBytes(random, message, [message]);
  const at = random.below(fields.length);
  return Buffer.concat(
    fields
      .flatMap((field, n) => (n === at ? changedField(random, field, levels) : [field]))
      .map((field) => written(random, field)),
  );
}

function changedField(random: SeededRandom, field: WireField, levels: number): readonly WireField[] {
  const { type, content } = field;
  switch (random.below(8)) {
    case 0:
      return [];
    case 1:
      return [field, field];
    case 2:
      return [{ ...field, number: random.pick([0, 1, 2, 15, 16, 100, 2 ** 29 - 1]) }];
    case 3:
      return [{ ...field, type: random.below(8) }];
    case 4:
      return [{ ...field, content: type === bytesType ? Buffer.alloc(random.below(300), 0x61) : number(random) }];
    case 5:
      return [{ ...field, content: mutatedBytes(random, content, [content]) }];
    default:
      if (type !== bytesType || levels === 0) return [{ ...field, content: number(random) }];
      return [{ ...field, content: mutatedMessage(random, content, levels - 1) }];
  }
}

function written(random: SeededRandom, { number, type, content }: WireField): Buffer {
  const tag = varint(number * 8 + type);
  return Buffer.concat(type === bytesType ? [tag, lengthOf(random, content), content] : [tag, content]);
}

/** Mostly right, and sometimes a lie, or written longer than it has to be. */
function lengthOf(random: SeededRandom, content: Buffer): Buffer {
  switch (random.below(40)) {
    case 0:
      return varint(content.length + 1);
    case 1:
      return varint(2 ** 32 - 1);
    case 2:
      return Buffer.concat([varint(content.length).map((byte) => byte | 0x80), Buffer.of(0)]);
    case 3:
      return Buffer.alloc(11, 0x80);
    default:
      return varint(content.length);
  }
}

function number(random: SeededRandom): Buffer {
  const value = Math.abs(Math.trunc(interestingNumber(random)));
  // All bits: what protobuf makes of negative ones.
  return Number.isSafeInteger(value) ? varint(value) : Buffer.from('ffffffffffffffffff01', 'hex');
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Its end too, or `undefined` if there is none. */
function readVarint(bytes: Buffer, start: number): readonly [value: number, end: number] | undefined {
  let value = 0;
  for (let n = 0; n < 10; n++) {
    const byte = bytes[start + n];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * n);
    if (byte < 0x80) return [value, start + n + 1];
  }
  return undefined;
}

function messagesOf(frame: Buffer): Buffer[] | undefined {
  const messages: Buffer[] = [];
  for (let at = 0; at < frame.length; ) {
    const [length, start] = readVarint(frame, at) ?? [];
    if (length === undefined || start === undefined || start + length > frame.length) return undefined;
    messages.push(frame.subarray(start, start + length));
    at = start + length;
  }
  return messages;
}

function fieldsOf(message: Buffer): WireField[] | undefined {
  const fields: WireField[] = [];
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = readVarint(message, at) ?? [];
    if (tag === undefined || afterTag === undefined) return undefined;
    const type = tag % 8;
    const end = endOf(message, afterTag, type);
    if (end === undefined || end.at > message.length) return undefined;
    fields.push({ number: Math.floor(tag / 8), type, content: message.subarray(end.from, end.at) });
    at = end.at;
  }
  return fields;
}

function endOf(bytes: Buffer, start: number, type: number): { readonly from: number; readonly at: number } | undefined {
  if (type === 1) return { from: start, at: start + 8 };
  if (type === 5) return { from: start, at: start + 4 };
  const [value, end] = readVarint(bytes, start) ?? [];
  if (value === undefined || end === undefined) return undefined;
  if (type === 0) return { from: start, at: end };
  return type === bytesType ? { from: end, at: end + value } : undefined;
}
