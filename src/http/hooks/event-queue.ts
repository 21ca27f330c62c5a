/** Bounded queue of events for a backend, oldest first. */

/** How many empty places at the front are allowed before the list is compacted. */
const maxGap = 1_024;

export class EventQueue<Event> {
  #maxEvents: number;
  #events: (Event | undefined)[] = [];
  #head = 0;

  /** @param maxEvents at least 1 */
  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  /** Changes the limit; events above it stay until they are taken. @param maxEvents at least 1 */
  set maxEvents(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  get size(): number {
    return this.#events.length - this.#head;
  }

  /** Returns false if the oldest event was dropped. */
  push(event: Event): boolean {
    const isFull = this.size >= this.#maxEvents;
    if (isFull) this.take(1);
    this.#events.push(event);
    return !isFull;
  }

  /** Takes up to `count` events from the front. */
  take(count: number): Event[] {
    const end = Math.min(this.#head + count, this.#events.length);
    // safe: between head and end nothing has been taken
    const taken = this.#events.slice(this.#head, end) as Event[];
    this.#events.fill(undefined, this.#head, end);
    this.#head = end;
    if (this.#head > maxGap) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }
}
