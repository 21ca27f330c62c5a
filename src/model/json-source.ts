/** One JSON value as somebody wrote it: handed on as it came, and parsed only for those who look into it. */

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

  /** Parsed once: whoever changes it changes it for all. */
  get value(): unknown {
    this.#parsed ??= { value: JSON.parse(this.text) };
    return this.#parsed.value;
  }

  toJSON(): unknown {
    return this.value;
  }
}

/** What a value means, be it still as it came. */
export function parsedValue(value: unknown): unknown {
  return value instanceof JsonSource ? value.value : value;
}
