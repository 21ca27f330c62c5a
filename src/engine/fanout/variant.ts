/** What a subscriber gets of its channel, and its encoding: subscribers with the same variant get the same bytes. */

import type { TagFilter } from '../filters/tag-filter.js';
import type { Encoding } from '../ports/connection.js';

/** What was agreed for one subscription. */
export interface Terms {
  /** Whether it gets joins and leaves. */
  readonly joinLeave: boolean;
  readonly delta: DeltaTerms;
  /** Whether the client was told the channel's number, which replaces the name. */
  readonly compact: boolean;
  /** Which publications it gets. Absent: all of them. */
  readonly filter?: TagFilter | undefined;
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

/** The variants of an encoding that differ in nothing but the terms with a place. */
type Places = WeakMap<Encoding, (Variant | undefined)[]>;

/** Makes one object per variant, so that subscribers and bytes can be looked up by it. */
export class Variants {
  readonly #byEncoding: Places = new WeakMap();
  readonly #byFilter = new WeakMap<TagFilter, Places>();

  of(encoding: Encoding, terms: Terms): Variant {
    const { joinLeave, delta, filter } = terms;
    const places = filter === undefined ? this.#byEncoding : this.#filteredBy(filter);
    let known = places.get(encoding);
    if (known === undefined) {
      known = [];
      places.set(encoding, known);
    }
    const compact = terms.compact && encoding.protocol.hasChannelIds === true;
    const place = deltaPlaces[delta] + (compact ? 2 : 0) + (joinLeave ? 1 : 0);
    known[place] ??= { encoding, joinLeave, delta, compact, filter };
    return known[place];
  }

  #filteredBy(filter: TagFilter): Places {
    let places = this.#byFilter.get(filter);
    if (places === undefined) {
      places = new WeakMap();
      this.#byFilter.set(filter, places);
    }
    return places;
  }
}
