/** What a subscriber is sent of its channel, and in which bytes: subscribers with one variant get the same bytes. */

import type { Encoding } from '../ports/connection.js';

export interface Variant {
  readonly encoding: Encoding;
  /** It is told who comes and goes. */
  readonly joinLeave: boolean;
}

/** Makes one object of each variant, so that the object is the key under which subscribers and their bytes are found. */
export class Variants {
  readonly #byEncoding = new WeakMap<Encoding, { readonly whole: Variant; readonly publications: Variant }>();

  of(encoding: Encoding, joinLeave: boolean): Variant {
    let known = this.#byEncoding.get(encoding);
    if (known === undefined) {
      known = { whole: { encoding, joinLeave: true }, publications: { encoding, joinLeave: false } };
      this.#byEncoding.set(encoding, known);
    }
    return joinLeave ? known.whole : known.publications;
  }
}
