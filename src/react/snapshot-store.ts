/** What React's `useSyncExternalStore` reads: an immutable snapshot, kept up to date while somebody watches. */

/**
 * Making one has no effect, so a render that React throws away leaves nothing behind. It starts with the first watcher
 * and stops with the last, any number of times.
 */
export abstract class SnapshotStore<Snapshot> {
  readonly #initial: Snapshot;
  readonly #watchers = new Set<() => void>();
  #snapshot: Snapshot;
  #stops: readonly (() => void)[] | undefined;

  constructor(initial: Snapshot) {
    this.#initial = initial;
    this.#snapshot = initial;
  }

  readonly watch = (onChange: () => void): (() => void) => {
    const watcher = () => onChange();
    this.#watchers.add(watcher);
    if (this.#stops === undefined) {
      this.#snapshot = this.#initial;
      this.#stops = this.start();
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0 || this.#stops === undefined) return;
      const stops = this.#stops;
      this.#stops = undefined;
      for (const stop of stops) stop();
    };
  };

  readonly read = (): Snapshot => this.#snapshot;

  /** What a page that is rendered on a server shows. */
  readonly readInitial = (): Snapshot => this.#initial;

  /** Takes up whatever keeps the snapshot up to date; returns how to let go of it, in this order. */
  protected abstract start(): readonly (() => void)[];

  protected update(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const watcher of [...this.#watchers]) watcher();
  }
}
