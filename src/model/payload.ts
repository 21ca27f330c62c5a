/**
 * The data of publications, calls and answers. Nearly all code forwards it unseen; code that depends on its content
 * uses one of the functions below.
 */

import { fromJsonText, type JsonText, type jsonText } from './json-text.js';

/**
 * JSON text is the only kind today, and any `JsonText` is a payload. The type hides the string, so that nothing depends
 * on the kind by accident: with a second kind in this union, the compiler refuses every call of {@link payloadJson}
 * that does not handle it.
 */
export type Payload = JsonPayload;

interface JsonPayload {
  readonly [jsonText]: true;
}

/** The text, to be stored or to be embedded in a larger one. */
export function payloadJson(payload: JsonPayload): JsonText {
  // safe: nothing but JsonText has the member
  return payload as JsonText;
}

/** For schemas and functions of the application. */
export function payloadValue(payload: Payload): unknown {
  return fromJsonText(payloadJson(payload));
}

/** Its size in memory and in a frame, in characters, which costs nothing to count. */
export function payloadLength(payload: Payload): number {
  return payloadJson(payload).length;
}
