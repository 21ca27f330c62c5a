/**
 * When keys of maps end. Each map has one deadline, that of its first key to end; then it is looked through, a little in
 * each turn, however many keys end at the same time.
 */

import type { Clock } from '../../engine/ports/clock.js';
import { Deadlines, type Expiring } from '../../engine/time/deadlines.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { DueSlice } from './map-state.js';

/** Removals take a few microseconds each, with their delivery. */
const perTurn = 500;

/** The maps, as they are looked through. */
export interface ExpiringMaps {
  /** Keys whose time is over; `undefined`: the channel has none at all. */
  due(channel: ChannelName, nowMs: number, after: number, limit: number): DueSlice | undefined;
  /** Removes a key, unless it is gone. */
  expire(channel: ChannelName, key: string): void;
}

class MapDeadline implements Expiring {
  tick = 0;
  atMs = Number.POSITIVE_INFINITY;
  /** How far the map has been looked through, while it is. */
  after: number | undefined;

  constructor(
    readonly channel: ChannelName,
    private readonly isDue: (deadline: MapDeadline) => void,
  ) {}

  onDeadline(): void {
    this.isDue(this);
  }
}

export class KeyExpiry {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #maps: ExpiringMaps;
  readonly #byChannel = new Map<ChannelName, MapDeadline>();
  #due: MapDeadline[] = [];
  #isScheduled = false;

  constructor(clock: Clock, maps: ExpiringMaps) {
    this.#clock = clock;
    this.#deadlines = new Deadlines(clock);
    this.#maps = maps;
  }

  /** A key of the channel ends then, by the monotonic clock. */
  note(channel: ChannelName, dueMs: number): void {
    let deadline = this.#byChannel.get(channel);
    if (deadline === undefined) {
      deadline = new MapDeadline(channel, this.#queue);
      this.#byChannel.set(channel, deadline);
    }
    if (dueMs < deadline.atMs) this.#postpone(deadline, dueMs);
  }

  /** The channel has no keys any more. */
  forget(channel: ChannelName): void {
    const deadline = this.#byChannel.get(channel);
    if (deadline === undefined || deadline.after !== undefined) return;
    this.#deadlines.remove(deadline, deadline.tick);
    this.#byChannel.delete(channel);
  }

  close(): void {
    this.#deadlines.close();
    this.#byChannel.clear();
    this.#due = [];
  }

  #postpone(deadline: MapDeadline, dueMs: number): void {
    deadline.atMs = dueMs;
    // It gets its place when it has been looked through.
    if (deadline.after !== undefined) return;
    this.#deadlines.remove(deadline, deadline.tick);
    deadline.tick = this.#deadlines.add(deadline, dueMs - this.#clock.nowMs());
  }

  readonly #queue = (deadline: MapDeadline): void => {
    deadline.after = 0;
    deadline.atMs = Number.POSITIVE_INFINITY;
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
    let left = perTurn;
    for (let deadline = this.#due[0]; deadline !== undefined && left > 0; deadline = this.#due[0]) {
      const { channel, after = 0 } = deadline;
      const found = this.#maps.due(channel, this.#clock.nowMs(), after, left);
      for (const key of found?.keys ?? []) this.#maps.expire(channel, key);
      left -= Math.max(1, found?.keys.length ?? 0);
      deadline.atMs = Math.min(deadline.atMs, found?.nextDueMs ?? Number.POSITIVE_INFINITY);
      if (found !== undefined && found.next !== 0) {
        deadline.after = found.next;
        // Looking takes time, too.
        if (found.keys.length === 0) break;
        continue;
      }
      this.#due.shift();
      deadline.after = undefined;
      if (deadline.atMs === Number.POSITIVE_INFINITY) this.#byChannel.delete(channel);
      else this.#postpone(deadline, deadline.atMs);
    }
    if (this.#due.length > 0) this.#schedule();
  };
}
