/**
 * The data of publications, calls and answers. Nearly all code forwards it unseen; code that depends on its content
 * uses one of the functions below.
 */

import { bytesFromBase64, toBase64 } from './base64.js';
import { fromJsonText, type JsonText, type jsonText, trustedJsonText } from './json-text.js';

/** Publications have data of either kind, as the rule of their channel says. Nobody may change the bytes. */
export type Payload = JsonPayload | Uint8Array;

/** The data of all else. Any `JsonText` is such a payload; the type hides the string, so that nothing depends on it by accident. */
export interface JsonPayload {
  readonly [jsonText]: true;
}

export function isBytes(payload: Payload): payload is Uint8Array {
  return typeof payload !== 'string';
}

/** The text, to be stored or to be embedded in a larger one. */
export function payloadJson(payload: JsonPayload): JsonText {
  // safe: nothing but JsonText has the member
  return payload as JsonText;
}

/** For what carries JSON alone: bytes become a string of base64, which {@link payloadFromText} reads. */
export function payloadText(payload: Payload): JsonText {
  return isBytes(payload) ? trustedJsonText(`"${toBase64(payload)}"`) : payloadJson(payload);
}

/** @throws Error for text that {@link payloadText} has not made of bytes */
export function payloadFromText(text: JsonText, areBytes: boolean): Payload {
  if (!areBytes) return text;
  const bytes = bytesFromBase64(text.slice(1, -1));
  if (bytes === undefined || text[0] !== '"') throw new Error('not bytes in base64');
  return bytes;
}

/** For schemas and functions of the application, which may change what they get. */
export function payloadValue(payload: Payload): unknown {
  return isBytes(payload) ? new Uint8Array(payload) : fromJsonText(payloadJson(payload));
}

/** Its size in memory and in a frame, in characters or bytes, which costs nothing to count. */
export function payloadLength(payload: Payload): number {
  return isBytes(payload) ? payload.length : payloadJson(payload).length;
}

export function isSamePayload(one: Payload, other: Payload): boolean {
  if (!isBytes(one) || !isBytes(other)) return one === other;
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
