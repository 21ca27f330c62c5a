/** The listeners of one object, by event. Each is called, even if another one throws. */

interface Entry<Payload> {
  readonly listener: (payload: Payload) => void;
}

export class Listeners<Events> {
  readonly #entries = new Map<keyof Events, Set<Entry<never>>>();

  /**
   * @param report receives exceptions of listeners. Default: they become uncaught exceptions, as in an `EventTarget`
   */
  constructor(private readonly report: (error: unknown) => void = throwLater) {}

  /** Returns a function that removes the listener; calling it twice does nothing. */
  add<Event extends keyof Events>(event: Event, listener: (payload: Events[Event]) => void): () => void {
    const entries = this.#entries.get(event) ?? new Set();
    this.#entries.set(event, entries);
    const entry = { listener };
    entries.add(entry);
    return () => {
      entries.delete(entry);
    };
  }

  has(event: keyof Events): boolean {
    return (this.#entries.get(event)?.size ?? 0) > 0;
  }

  /** Calls listeners in the order in which they were added, but none that is added or removed meanwhile. */
  emit<Event extends keyof Events>(event: Event, payload: Events[Event]): void {
    const entries = this.#entries.get(event);
    if (entries === undefined) return;
    for (const entry of [...entries]) {
      if (!entries.has(entry)) continue;
      try {
        // safe: `add` puts listeners of this event into its set only
        (entry as unknown as Entry<Events[Event]>).listener(payload);
      } catch (error) {
        this.report(error);
      }
    }
  }

  clear(): void {
    for (const entries of this.#entries.values()) entries.clear();
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
