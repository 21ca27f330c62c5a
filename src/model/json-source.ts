/** One JSON value as its sender's text, which is forwarded unchanged and parsed only when its value is needed. */

import type { JsonText } from './json-text.js';

/**
 * `JSON.stringify` writes the parsed value and so may lose digits, duplicates and the order of keys. Use {@link text}
 * where text can be embedded.
 */
export class JsonSource {
  readonly text: JsonText;
  /** Whether it contains a lone surrogate, escaped or not, which UTF-8 cannot represent. */
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
