/** What a subscriber gets of its channel, and its encoding: subscribers with the same variant get the same bytes. */

import type { Encoding } from '../ports/connection.js';

/** What was agreed for one subscription. */
export interface Terms {
  /** Whether it gets joins and leaves. */
  readonly joinLeave: boolean;
  readonly delta: DeltaTerms;
  /** Whether the client was told the channel's number, which replaces the name. */
  readonly compact: boolean;
}

/**
 * `on`: it gets deltas. `whole`: its client could decode them, and expects data in the form for that, but the rule has
 * none any more.
 */
export type DeltaTerms = 'off' | 'whole' | 'on';

export interface Variant extends Terms {
  readonly encoding: Encoding;
}

const deltaPlaces = { off: 0, whole: 4, on: 8 } as const satisfies Record<DeltaTerms, number>;

/** Makes one object per variant, so that subscribers and bytes can be looked up by it. */
export class Variants {
  readonly #byEncoding = new WeakMap<Encoding, (Variant | undefined)[]>();

  of(encoding: Encoding, terms: Terms): Variant {
    let known = this.#byEncoding.get(encoding);
    if (known === undefined) {
      known = [];
      this.#byEncoding.set(encoding, known);
    }
    const { joinLeave, delta } = terms;
    const compact = terms.compact && encoding.protocol.hasChannelIds === true;
    const place = deltaPlaces[delta] + (compact ? 2 : 0) + (joinLeave ? 1 : 0);
    known[place] ??= { encoding, joinLeave, delta, compact };
    return known[place];
  }
}
