/**
 * When keys of maps end, as far as this node knows: then it looks at the map, which removes them. Other nodes do the same;
 * of those that look at one map, the first finds something. The same for answers whose producers may be silent.
 */

import type { Clock } from '../engine/ports/clock.js';
import { Deadlines, type Expiring } from '../engine/time/deadlines.js';
import type { ChannelName } from '../model/channel-name.js';

/** Maps that are looked at at the same time. */
const concurrency = 32;
/** After a look that has failed. */
const retryMs = 5_000;
/** Keys that end later are asked for again then, so that maps are in use as long as they have such keys. */
const maxDelayMs = 3_600_000;
/** Maps that are known here. The keys of others are removed by other nodes, or when somebody uses the map. */
const maxMaps = 100_000;

/** Removes what has ended. @returns how long until the next key ends, if one does */
export type Look = (channel: ChannelName) => Promise<number | undefined>;

interface Known extends Expiring {
  readonly atMs: number;
  tick: number;
}

export class MapEnds {
  readonly #clock: Clock;
  readonly #look: Look;
  readonly #deadlines: Deadlines;
  /** The first end of each. */
  readonly #known = new Map<ChannelName, Known>();
  readonly #due: ChannelName[] = [];
  #numLooks = 0;
  #isClosed = false;

  constructor(clock: Clock, look: Look) {
    this.#clock = clock;
    this.#look = look;
    this.#deadlines = new Deadlines(clock);
  }

  /** The channel is a map, which may have keys that end. */
  found(channel: ChannelName): void {
    if (!this.#known.has(channel)) this.atMost(channel, 0);
  }

  /** A key of the map ends in so long, unless it is set again: the map is looked at then, or up to a second later. */
  atMost(channel: ChannelName, inMs: number): void {
    if (this.#isClosed) return;
    const atMs = this.#clock.nowMs() + Math.min(inMs, maxDelayMs);
    const known = this.#known.get(channel);
    if (known !== undefined) {
      if (known.atMs <= atMs) return;
      this.#deadlines.remove(known, known.tick);
    } else if (this.#known.size >= maxMaps) return;
    const next: Known = { atMs, tick: 0, onDeadline: () => this.#end(channel) };
    next.tick = this.#deadlines.add(next, Math.min(inMs, maxDelayMs));
    this.#known.set(channel, next);
  }

  close(): void {
    this.#isClosed = true;
    this.#deadlines.close();
    this.#known.clear();
    this.#due.length = 0;
  }

  #end(channel: ChannelName): void {
    this.#due.push(channel);
    if (this.#numLooks < concurrency) void this.#work();
  }

  async #work(): Promise<void> {
    this.#numLooks++;
    for (let channel = this.#due.shift(); channel !== undefined; channel = this.#due.shift()) {
      // From now on, what others tell is newer than what the look finds.
      this.#known.delete(channel);
      let inMs: number | undefined;
      try {
        inMs = await this.#look(channel);
      } catch {
        // The broker cannot be reached, or refuses to write: its own checks say so.
        inMs = retryMs;
      }
      if (inMs !== undefined) this.atMost(channel, inMs);
    }
    this.#numLooks--;
  }
}
