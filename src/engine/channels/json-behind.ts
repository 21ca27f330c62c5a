/**
 * Functions of the application get parsed values; hooks pass the original JSON text on. The text is a property of the
 * context that is not enumerable, so that a context has only the members that its type names.
 */

import type { JsonSource } from '../../model/json-source.js';

export interface JsonBehind {
  /** What authentication attached; a {@link JsonSource} if it was text. */
  readonly meta: unknown;
  readonly data?: JsonSource | undefined;
}

export const jsonBehind: unique symbol = Symbol('json behind');

interface HasJsonBehind {
  readonly [jsonBehind]: JsonBehind;
}

export function withJsonBehind<Context extends object>(context: Context, json: JsonBehind): Context {
  return Object.defineProperty(context, jsonBehind, { value: json });
}

/** Of a context of the engine, or of a client. */
export function jsonBehindOf(context: object): JsonBehind | undefined {
  return jsonBehind in context ? (context as HasJsonBehind)[jsonBehind] : undefined;
}
