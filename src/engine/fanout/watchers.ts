/** Who gets a channel's publications without being a subscriber: one function for all of them, so that the hub calls one. */

import type { Publication } from '../../model/publication.js';

/** Gets each publication of a channel as it arrives, with the epoch of its position. Must not throw. */
export type Watcher = (publication: Publication, epoch: string) => void;

export class Watchers {
  readonly #all = new Set<Watcher>();
  readonly tell: Watcher = (publication, epoch) => {
    for (const watcher of this.#all) watcher(publication, epoch);
  };

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  add(watcher: Watcher): void {
    this.#all.add(watcher);
  }

  delete(watcher: Watcher): void {
    this.#all.delete(watcher);
  }
}
