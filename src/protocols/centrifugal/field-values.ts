/** Reads fields of requests, each with the type that the protocol gives it. */

import { type ErrorReply, errorCodes } from '../../model/codes.js';
import type { Fields } from '../../model/fields.js';
import { isFields } from '../../model/fields.js';
import { JsonSource } from '../../model/json-source.js';
import type { JsonText } from '../../model/json-text.js';
import type { Payload } from '../../model/payload.js';

/** Stands for bytes that should be JSON and are not, in codecs that can have such. */
export const notJson = Symbol('not JSON');
const noEntries: readonly [string, unknown][] = [];

/** A field that is invalid or asks for something unsupported: only its command fails. */
export class FieldFault extends Error {
  /** @param why the problem, without the value, which may be a secret or private data */
  constructor(
    readonly field: string,
    why: string,
    readonly reply: ErrorReply = errorCodes.badRequest,
  ) {
    super(`${field} ${why}`);
  }
}

export function text(fields: Fields, name: string): string {
  const value = own(fields, name) ?? '';
  if (typeof value !== 'string') throw new FieldFault(name, `is ${kindOf(value)}, and not a text`);
  return value;
}

export function flag(fields: Fields, name: string): boolean {
  const value = own(fields, name) ?? false;
  if (typeof value !== 'boolean') throw new FieldFault(name, `is ${kindOf(value)}, and neither true nor false`);
  return value;
}

/** Absent is 0. A number above 2^53 has already lost digits, so it is refused and not rounded. */
export function integer(fields: Fields, name: string): number {
  const value = own(fields, name) ?? 0;
  if (!Number.isSafeInteger(value)) {
    const why =
      typeof value === 'number' ? 'is not a whole number below 2^53' : `is ${kindOf(value)}, and not a number`;
    throw new FieldFault(name, why);
  }
  // safe: isSafeInteger holds for numbers only
  return value as number;
}

/** What a client publishes: bytes in codecs that can have them. */
export function payload(fields: Fields, name: string): Payload | undefined {
  const value = own(fields, name);
  return value instanceof Uint8Array ? value : json(fields, name);
}

/** The unchanged text. */
export function json(fields: Fields, name: string): JsonText | undefined {
  const value = own(fields, name);
  if (value === undefined) return undefined;
  if (value === notJson) throw new FieldFault(name, 'is not JSON, or nests too deeply');
  if (!(value instanceof JsonSource) || value.hasLoneSurrogate) {
    throw new FieldFault(name, 'has half of a surrogate pair, which is no Unicode');
  }
  return value.text;
}

export function entries(fields: Fields, name: string, most: number): readonly [string, unknown][] {
  const value = own(fields, name);
  if (value === undefined || value === null) return noEntries;
  if (!isFields(value)) throw new FieldFault(name, `is ${kindOf(value)}, and not an object`);
  const list = Object.entries(value);
  if (list.length > most) throw new FieldFault(name, `has more than ${most} entries`);
  return list;
}

/** The type of a value, in place of the value. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

export function cited(name: string): string {
  return name.slice(0, 60);
}

export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new FieldFault(name, 'is missing');
  return value;
}
