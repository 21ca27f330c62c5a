/**
 * The subscribers of a channel with one rate: the newest publication of each key, or what was added to each answer, waits
 * for the next beat, and leaves to all of them. The first after a silence leaves at once. Joins and leaves do not wait.
 */

import type { Position } from '../../model/position.js';
import { joinPublications, type Publication } from '../../model/publication.js';
import type { TrafficPush } from '../../model/push.js';
import type { TagFilter } from '../filters/tag-filter.js';
import type { Cancel } from '../ports/clock.js';
import type { Flushable } from '../time/turn.js';
import { Audience, type AudienceChannel, type AudiencePorts } from './audience.js';
import type { Beats } from './beats.js';
import { keyOf } from './newest-of-keys.js';
import { NewestByKey } from './slow/newest-by-key.js';
import type { Subscription } from './subscription.js';

export interface PacedAudiencePorts extends AudiencePorts {
  readonly beats: Beats;
}

export class PacedAudience implements Flushable {
  readonly #channel: AudienceChannel;
  readonly #ports: PacedAudiencePorts;
  readonly #audience: Audience;
  readonly #intervalMs: number;
  readonly #waiting = new NewestByKey<Publication>();
  /** Subscribers that are not owed all that waits, with the place in it from which on they are. */
  readonly #newcomers = new Map<Subscription, number>();
  /** When the last beat was due. */
  #dueMs = 0;
  /** Nothing waits, and nothing has left within the last interval. */
  #isSilent = true;
  #cancel: Cancel | undefined;

  /**
   * @param maxRate publications per second and key
   * @param filter of all of them: the newest publication that passes is not the newest one of others
   */
  constructor(
    channel: AudienceChannel,
    ports: PacedAudiencePorts,
    readonly maxRate: number,
    readonly filter: TagFilter | undefined,
  ) {
    this.#channel = channel;
    this.#ports = ports;
    this.#audience = new Audience(channel, ports);
    this.#intervalMs = 1_000 / maxRate;
  }

  /** Number of subscribers. */
  get size(): number {
    return this.#audience.size;
  }

  subscribers(): IterableIterator<Subscription> {
    return this.#audience.subscribers();
  }

  /** Lets a publication wait. */
  publish(publication: Publication): void {
    const { counts } = this.#channel;
    if (this.filter?.passes(publication) === false) {
      counts.publicationsFiltered += this.size;
      return;
    }
    const numBefore = this.#waiting.size;
    const key = keyOf(publication);
    // Of an answer, nothing is left out.
    const isPart = publication.part !== undefined;
    this.#waiting.add(key, isPart ? joinPublications(this.#waiting.get(key), publication) : publication);
    if (this.#waiting.size === numBefore && !isPart) counts.publicationsConflated += this.size - this.#newcomers.size;
    // What waits is newer than all of them.
    if (this.#waiting.size === 1) this.#newcomers.clear();
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#ports.turn.addChannel(this);
  }

  announce(push: TrafficPush): void {
    this.#audience.announce(push);
  }

  /** The end of the turn in which a silence has ended. */
  flush(): void {
    this.#dueMs = this.#ports.beats.nowMs();
    this.#beat();
  }

  /** Gives all of them what waits, because its place in the stream is about to be lost. */
  finishAll(): void {
    this.#audience.flush();
    this.#give();
  }

  /** Adds a subscriber that has everything that has come, or came after it. */
  enter(subscription: Subscription): void {
    this.#giveParts();
    this.#audience.putIn(subscription);
    this.#hasAll(subscription);
  }

  /** Takes it out, after what waits for it. @returns whether it has everything that has come for it */
  leave(subscription: Subscription): boolean {
    this.finish(subscription);
    const hasAll = this.#audience.leave(subscription);
    this.#newcomers.delete(subscription);
    if (this.size > 0) return hasAll;
    this.#waiting.clear();
    this.#cancel?.();
    return hasAll;
  }

  followPolicy(): void {
    this.#audience.followPolicy();
  }

  get numSlow(): number {
    return this.#audience.numSlow;
  }

  takeOut(subscription: Subscription): void {
    this.#audience.takeOut(subscription);
  }

  putIn(subscription: Subscription): void {
    this.#audience.putIn(subscription);
  }

  settle(subscription: Subscription): void {
    this.#audience.settle(subscription);
  }

  finish(subscription: Subscription): void {
    this.#giveParts();
    const waiting = this.#waiting.after(this.#newcomers.get(subscription) ?? 0);
    if (waiting.length === 0) this.#audience.finish(subscription);
    else {
      this.#audience.publishTo(
        subscription,
        waiting.map(({ item }) => item),
      );
      this.#hasAll(subscription);
    }
  }

  /** Parts that are joined later would not be for all: those that wait leave before somebody comes, or has to have everything. */
  #giveParts(): void {
    if (this.#channel.rule?.streams !== undefined) this.#give();
  }

  /** After {@link finish}. */
  positionOf(subscription: Subscription): Position | undefined {
    return this.#audience.positionOf(subscription);
  }

  #hasAll(subscription: Subscription): void {
    if (this.#waiting.size > 0) this.#newcomers.set(subscription, this.#waiting.numAdded);
  }

  readonly #onTime = (): number => {
    this.#channel.counts.publicationsDelayed += this.#waiting.size * this.size;
    return this.#beat();
  };

  /** @returns the number of deliveries */
  #beat(): number {
    this.#cancel = undefined;
    const numDeliveries = this.#waiting.size * this.size;
    if (numDeliveries === 0) {
      this.#isSilent = true;
      return 0;
    }
    this.#give();
    const { beats } = this.#ports;
    this.#dueMs = beats.after(this.#dueMs, this.#intervalMs);
    this.#cancel = beats.at(this.#dueMs, this.#onTime);
    return numDeliveries;
  }

  #give(): void {
    const waiting = this.#waiting.after(0);
    if (waiting.length === 0) return;
    const late = new Map<Subscription, number>();
    for (const [subscription, place] of this.#newcomers) {
      const first = waiting.findIndex(({ number }) => number > place);
      const numOthers = first === -1 ? waiting.length : first;
      if (numOthers > 0) late.set(subscription, numOthers);
    }
    this.#waiting.clear();
    this.#newcomers.clear();
    this.#audience.publishNow(
      waiting.map(({ item }) => item),
      late.size === 0 ? undefined : late,
    );
  }
}
