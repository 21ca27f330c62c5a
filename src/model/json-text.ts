/** JSON that is already text: what brokers store and protocols embed without encoding it again. */

export declare const jsonText: unique symbol;

/** A string known to be one well-formed JSON value. */
export type JsonText = string & { readonly [jsonText]: true };

/** An escape of a lone surrogate; `JSON.stringify` writes whole pairs unescaped. */
const loneSurrogateEscape = /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/;

/**
 * Encodes a value, or returns `undefined` for what JSON cannot carry: functions, `undefined`, symbols.
 *
 * @throws TypeError on cycles and bigints, as `JSON.stringify` does.
 */
export function toJsonText(value: unknown): JsonText | undefined {
  // safe: JSON.stringify returns JSON or undefined
  return JSON.stringify(value) as JsonText | undefined;
}

/** Decodes text that {@link toJsonText} or a validating decoder has made. */
export function fromJsonText(text: JsonText): unknown {
  return JSON.parse(text);
}

/** Marks text from our own store, which only contains encoded JSON. */
export function trustedJsonText(text: string): JsonText {
  // safe: the caller guarantees that toJsonText wrote the text
  return text as JsonText;
}

/** Whether the value has a lone surrogate somewhere, which no UTF-8 consumer can receive. */
export function hasLoneSurrogate(text: JsonText): boolean {
  return text.includes('\\ud') && loneSurrogateEscape.test(text);
}
