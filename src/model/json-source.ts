/** One JSON value as the text that its sender wrote: it is handed on unchanged, and parsed only when its value is needed. */

import type { JsonText } from './json-text.js';

/**
 * `JSON.stringify` writes what was parsed and so may lose digits, duplicates and the order of keys. Whoever can embed text
 * takes {@link text}.
 */
export class JsonSource {
  readonly text: JsonText;
  /** Half a surrogate pair stands somewhere in it, escaped or not: UTF-8 cannot carry what it means. */
  readonly hasLoneSurrogate: boolean;
  #parsed: { readonly value: unknown } | undefined;

  constructor(text: JsonText, hasLoneSurrogate: boolean) {
    this.text = text;
    this.hasLoneSurrogate = hasLoneSurrogate;
  }

  /** Parsed once, so all callers share one object: none of them may change it. */
  get value(): unknown {
    this.#parsed ??= { value: JSON.parse(this.text) };
    return this.#parsed.value;
  }

  toJSON(): unknown {
    return this.value;
  }
}

/** The parsed value, whether or not it has been parsed already. */
export function parsedValue(value: unknown): unknown {
  return value instanceof JsonSource ? value.value : value;
}
