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
import { Rhythm } from './rhythm.js';
import { NewestByKey } from './slow/newest-by-key.js';
import type { Subscription } from './subscription.js';

export interface PacedAudiencePorts extends AudiencePorts {
  readonly beats: Beats;
}

/** What a delivery costs that leaves in a write with others, as a part of the cost of a write. */
const costOfJoined = 1 / 32;
/** For less than that a beat is not moved: timers are no more exact. */
const leastShiftMs = 0.5;

export class PacedAudience implements Flushable {
  readonly #channel: AudienceChannel;
  readonly #ports: PacedAudiencePorts;
  readonly #audience: Audience;
  readonly #intervalMs: number;
  readonly #waiting = new NewestByKey<Publication>();
  /** Subscribers that are not owed all that waits, with the place in it from which on they are. */
  readonly #newcomers = new Map<Subscription, number>();
  /** When the next beat is due; during a silence, when the last one was. */
  #dueMs = 0;
  /** Of the first subscriber; those who have none yet take it. */
  #rhythm: Rhythm | undefined;
  /** How long after the rhythm its beats come, since there was no room for all of them in one turn. */
  #lagMs = 0;
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
    if (!this.#isSilent) {
      if (numBefore === 0) this.#keepTime();
      return;
    }
    this.#isSilent = false;
    this.#ports.turn.addChannel(this);
  }

  announce(push: TrafficPush): void {
    this.#audience.announce(push);
  }

  /** The end of the turn in which a silence has ended. */
  flush(): void {
    this.#dueMs = this.#ports.beats.nowMs();
    this.#lagMs = 0;
    this.#rhythm?.begin(this.#dueMs);
    this.#beat(false);
  }

  /** Gives all of them what waits, because its place in the stream is about to be lost. */
  finishAll(): void {
    this.#audience.flush();
    this.#give();
  }

  /** Adds a subscriber that has everything that has come, or came after it. */
  enter(subscription: Subscription): void {
    const { outbox } = subscription;
    this.#rhythm ??= outbox.rhythm ?? new Rhythm();
    outbox.keepRhythm(this.#rhythm);
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
    // Otherwise it is silent, or will be at the end of this turn.
    if (this.#cancel !== undefined) {
      this.#cancel();
      this.#rhythm?.end();
    }
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

  /**
   * Something waits for the next beat, which may come an interval after it at the latest: it comes with those of the rhythm, or
   * as much nearer to them.
   */
  #keepTime(): void {
    // Before the first beat after a silence, which comes at the end of this turn.
    if (this.#cancel === undefined) return;
    const { beats } = this.#ports;
    const inTimeMs = (this.#rhythm?.next(this.#dueMs - this.#lagMs, this.#intervalMs) ?? 0) + this.#lagMs;
    const dueMs = Math.min(inTimeMs, beats.nowMs() + this.#intervalMs);
    if (dueMs - this.#dueMs < leastShiftMs) return;
    this.#cancel();
    this.#dueMs = dueMs;
    this.#cancel = beats.at(dueMs, this.#onTime);
  }

  readonly #onTime = (isPostponed: boolean): number => {
    this.#channel.counts.publicationsDelayed += this.#waiting.size * this.size;
    return this.#beat(isPostponed);
  };

  /** @returns what it costs */
  #beat(isPostponed: boolean): number {
    this.#cancel = undefined;
    const numDeliveries = this.#waiting.size * this.size;
    if (numDeliveries === 0) {
      this.#isSilent = true;
      this.#rhythm?.end();
      return 0;
    }
    const { beats, turn } = this.#ports;
    const numWrites = turn.numOutboxes;
    this.#give();
    const numMoreWrites = Math.max(0, turn.numOutboxes - numWrites);
    const dueMs = beats.after(this.#dueMs, this.#intervalMs);
    const lateMs = dueMs - this.#dueMs - this.#intervalMs;
    if (lateMs > 0) {
      if (isPostponed) this.#lagMs = (this.#lagMs + lateMs) % this.#intervalMs;
      else this.#rhythm?.delay(this.#dueMs - this.#lagMs, this.#intervalMs, lateMs);
    }
    this.#dueMs = dueMs;
    this.#cancel = beats.at(dueMs, this.#onTime);
    return numMoreWrites + (numDeliveries - numMoreWrites) * costOfJoined;
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
