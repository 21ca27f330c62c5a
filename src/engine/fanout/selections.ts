/** What each filter lets through of one fan-out: each filter is asked once for each publication, whatever the encodings. */

import type { Push } from '../../model/push.js';
import type { TagFilter } from '../filters/tag-filter.js';

/** A push of the fan-out. */
interface Shared {
  readonly push: Push;
}

/** Bits in a character of a mask. */
const bitsPerUnit = 16;

export class Selections<Item extends Shared> {
  readonly #pushes: readonly Item[];
  readonly #publications: readonly Item[];
  /** The publications that pass, as the bits of a text, by filter. */
  readonly #masks = new Map<TagFilter, string>();
  /** By mask: filters that let the same publications through share one list, and so the same bytes. */
  readonly #whole = new Map<string, readonly Item[]>();
  readonly #withoutTraffic = new Map<string, readonly Item[]>();

  /** @param publications the same list without joins and leaves */
  constructor(pushes: readonly Item[], publications: readonly Item[]) {
    this.#pushes = pushes;
    this.#publications = publications;
  }

  /** In order. Joins and leaves have no tags, and pass if they are wanted at all. */
  of(filter: TagFilter, joinLeave: boolean): readonly Item[] {
    let mask = this.#masks.get(filter);
    if (mask === undefined) {
      mask = maskOf(filter, this.#publications);
      this.#masks.set(filter, mask);
    }
    // Without joins and leaves both lists are one, and so must be what is selected.
    const isWhole = joinLeave && this.#pushes !== this.#publications;
    const known = isWhole ? this.#whole : this.#withoutTraffic;
    let selected = known.get(mask);
    if (selected === undefined) {
      const pushes = isWhole ? this.#pushes : this.#publications;
      selected = select(pushes, mask);
      if (selected.length === pushes.length) selected = pushes;
      known.set(mask, selected);
    }
    return selected;
  }
}

function maskOf(filter: TagFilter, publications: readonly Shared[]): string {
  let mask = '';
  let bits = 0;
  for (const [index, { push }] of publications.entries()) {
    const at = index % bitsPerUnit;
    if (push.kind === 'publication' && filter.passes(push.publication)) bits |= 1 << at;
    if (at === bitsPerUnit - 1 || index === publications.length - 1) {
      mask += String.fromCharCode(bits);
      bits = 0;
    }
  }
  return mask;
}

function select<Item extends Shared>(pushes: readonly Item[], mask: string): readonly Item[] {
  let index = 0;
  return pushes.filter(({ push }) => {
    if (push.kind !== 'publication') return true;
    const bit = 1 << (index % bitsPerUnit);
    return (mask.charCodeAt(Math.floor(index++ / bitsPerUnit)) & bit) !== 0;
  });
}
