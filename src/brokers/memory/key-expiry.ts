/** When keys of maps end: one timer for all, and a little work in each turn, however many end at the same time. */

import type { Clock } from '../../engine/ports/clock.js';
import { Deadlines, type Expiring } from '../../engine/time/deadlines.js';
import type { ChannelName } from '../../model/channel-name.js';

/** Removals take a few microseconds each, with their delivery. */
const perTurn = 500;

class KeyDeadline implements Expiring {
  tick = 0;

  constructor(
    readonly channel: ChannelName,
    readonly key: string,
    private readonly due: (deadline: KeyDeadline) => void,
  ) {}

  onDeadline(): void {
    this.due(this);
  }
}

export class KeyExpiry {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #end: (channel: ChannelName, key: string) => void;
  readonly #byChannel = new Map<ChannelName, Map<string, KeyDeadline>>();
  #due: KeyDeadline[] = [];
  #isScheduled = false;

  /** @param end removes the key; it is called once its time is over */
  constructor(clock: Clock, end: (channel: ChannelName, key: string) => void) {
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock);
    this.#end = end;
  }

  /** Replaces the key's deadline. `undefined`: it has none. */
  set(channel: ChannelName, key: string, ttlMs: number | undefined): void {
    this.#forget(channel, key);
    if (ttlMs === undefined) return;
    const deadline = new KeyDeadline(channel, key, this.#queue);
    deadline.tick = this.#deadlines.add(deadline, ttlMs);
    let ofChannel = this.#byChannel.get(channel);
    if (ofChannel === undefined) {
      ofChannel = new Map();
      this.#byChannel.set(channel, ofChannel);
    }
    ofChannel.set(key, deadline);
  }

  close(): void {
    this.#deadlines.close();
    this.#byChannel.clear();
    this.#due = [];
  }

  #forget(channel: ChannelName, key: string): void {
    const ofChannel = this.#byChannel.get(channel);
    const known = ofChannel?.get(key);
    if (ofChannel === undefined || known === undefined) return;
    this.#deadlines.remove(known, known.tick);
    ofChannel.delete(key);
    if (ofChannel.size === 0) this.#byChannel.delete(channel);
  }

  readonly #queue = (deadline: KeyDeadline): void => {
    this.#due.push(deadline);
    this.#schedule();
  };

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.afterTurn(this.#work);
  }

  readonly #work = (): void => {
    this.#isScheduled = false;
    for (const deadline of this.#due.splice(0, perTurn)) {
      const { channel, key } = deadline;
      // Somebody may have set it again since the deadline.
      if (this.#byChannel.get(channel)?.get(key) === deadline) this.#end(channel, key);
    }
    if (this.#due.length > 0) this.#schedule();
  };
}
