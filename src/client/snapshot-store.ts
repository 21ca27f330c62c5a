/** An immutable snapshot, updated while it has watchers: also what React's `useSyncExternalStore` needs. */

/**
 * The constructor has no effects, so a render that React discards leaves nothing behind. It starts with the first
 * watcher and stops with the last, any number of times.
 */
export abstract class SnapshotStore<Snapshot> {
  readonly #watchers = new Set<() => void>();
  #snapshot: Snapshot;
  #stops: readonly (() => void)[] | undefined;

  constructor(private readonly initial: Snapshot) {
    this.#snapshot = initial;
  }

  readonly watch = (onChange: () => void): (() => void) => {
    const watcher = () => onChange();
    this.#watchers.add(watcher);
    if (this.#stops === undefined) {
      this.#snapshot = this.initial;
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

  /** The snapshot for server rendering. */
  readonly readInitial = (): Snapshot => this.initial;

  /** Starts updating the snapshot; returns functions that stop it, called in this order. */
  protected abstract start(): readonly (() => void)[];

  protected update(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const watcher of [...this.#watchers]) watcher();
  }
}
