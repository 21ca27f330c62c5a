/** What a subscriber gets of its channel, and its encoding: subscribers with the same variant get the same bytes. */

import type { Encoding } from '../ports/connection.js';

export interface Variant {
  readonly encoding: Encoding;
  /** Whether it gets joins and leaves. */
  readonly joinLeave: boolean;
}

/** Makes one object per variant, so that subscribers and bytes can be looked up by it. */
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
