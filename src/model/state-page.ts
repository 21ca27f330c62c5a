/** A part of a map's state that many newcomers get: its entries, and their encoding, which is made once for all of them. */

import { payloadLength } from './payload.js';
import type { Publication } from './publication.js';

/** The entries must not change. */
export class StatePage {
  readonly entries: readonly Publication[];
  /** Usually all newcomers use one codec. */
  #encodings: Map<object, unknown> | undefined;

  constructor(entries: readonly Publication[]) {
    this.entries = entries;
  }

  /** Characters of keys and data. */
  get length(): number {
    return this.entries.reduce((sum, { key = '', data }) => sum + key.length + payloadLength(data), 0);
  }

  /** The entries as a codec writes them, from the first call on the same value. */
  encodedBy<Encoded>(encode: (entries: readonly Publication[]) => Encoded): Encoded {
    const known = this.#encodings?.get(encode);
    // safe: the function is the key, and this is what it has returned
    if (known !== undefined) return known as Encoded;
    const encoded = encode(this.entries);
    this.#encodings ??= new Map();
    this.#encodings.set(encode, encoded);
    return encoded;
  }
}
