/** The filters of a node's subscribers: equal ones are one object, which lives as long as one of its subscriptions. */

import type { FilterNode } from '../../model/filter.js';
import { canonical } from './canonical.js';
import { TagFilter } from './tag-filter.js';

export class TagFilters {
  /** By their canonical form. Holds none alive; an entry goes when its filter is collected. */
  readonly #known = new Map<string, WeakRef<TagFilter>>();
  readonly #collected = new FinalizationRegistry<string>((text) => {
    // The same form may have come again meanwhile.
    if (this.#known.get(text)?.deref() === undefined) this.#known.delete(text);
  });

  of(node: FilterNode): TagFilter {
    const form = canonical(node);
    return this.#filterOf(form, JSON.stringify(form));
  }

  /** @param text as {@link TagFilter.text} */
  ofText(text: string): TagFilter {
    // safe: the canonical form that a filter has given
    return this.#filterOf(JSON.parse(text) as FilterNode, text);
  }

  #filterOf(form: FilterNode, text: string): TagFilter {
    const known = this.#known.get(text)?.deref();
    if (known !== undefined) return known;
    const filter = new TagFilter(form, text);
    this.#known.set(text, new WeakRef(filter));
    this.#collected.register(filter, text);
    return filter;
  }
}
