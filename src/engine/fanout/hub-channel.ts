/** One channel on this node: its subscribers and its position. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Unsubscribe } from '../../model/codes.js';
import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';
import type { TrafficPush } from '../../model/push.js';
import type { Rule } from '../channels/rule.js';
import type { ChannelRules } from '../channels/rules.js';
import type { RuleCounts } from '../ports/rule-counts.js';
import { Audience, type AudienceChannel } from './audience.js';
import type { ChannelIds } from './channel-ids.js';
import type { MessageSamples } from './message-samples.js';
import type { PacedAudiencePorts } from './paced-audience.js';
import { PacedAudiences } from './paced-audiences.js';
import { SharedFrame } from './shared-frame.js';
import { SharedPush } from './shared-push.js';
import type { Subscription } from './subscription.js';

/** What all channels of a node share. */
export interface HubChannelPorts extends PacedAudiencePorts {
  readonly channelIds: ChannelIds;
  readonly messageSamples: MessageSamples;
}

/**
 * All live subscribers of a channel have the same position, so order, duplicates and gaps are checked once per
 * publication and not once per subscriber.
 */
export class HubChannel implements AudienceChannel {
  readonly #ports: HubChannelPorts;
  /** Live subscribers that get everything at once. */
  readonly #audience: Audience;
  /** Live subscribers with a rate; `undefined` without any. */
  #paced: PacedAudiences | undefined;
  /** Stands for the name in the variants that are compact; 0 until there is such a subscriber. */
  #id = 0;
  /** Subscribers that are `joining`, `recovering` or `ahead`; `undefined` without any, which is nearly always. */
  #waiting: Set<Subscription> | undefined;
  /** Position of the last publication that arrived; `undefined` before the first, and without a stream. */
  position: Position | undefined;
  /** The rule in {@link #rules}; known once there is a subscriber, since every subscribe looks it up. */
  #rule: Rule | undefined;
  #rules: ChannelRules | undefined;
  /** Of the rule, or of none: where the channel counts, so that nobody has to walk over all channels. */
  #counts: RuleCounts;
  /** Publications that have arrived since it has subscribers here. */
  numPublications = 0;
  /** Who looks at it without being a subscriber; kept by the hub. */
  watcher: ((publication: Publication, epoch: string) => void) | undefined;

  constructor(
    readonly name: ChannelName,
    ports: HubChannelPorts,
  ) {
    this.#ports = ports;
    this.#counts = ports.counters.noRule;
    this.#audience = new Audience(this, ports);
  }

  /** Stands for its name on this node. */
  get id(): number {
    if (this.#id === 0) this.#id = this.#ports.channelIds.next();
    return this.#id;
  }

  get knownId(): number {
    return this.#id;
  }

  get rule(): Rule | undefined {
    return this.#rule;
  }

  get counts(): RuleCounts {
    return this.#counts;
  }

  get isEmpty(): boolean {
    return this.numSubscribers === 0;
  }

  /** Whether there are subscribers to whom publications are written as they arrive. */
  get writesAtOnce(): boolean {
    return this.#audience.size > 0;
  }

  /** Subscribers for which publications wait, since their connections take no more. */
  get numSlow(): number {
    let count = this.#audience.numSlow;
    for (const paced of this.#paced ?? []) count += paced.numSlow;
    return count;
  }

  /** The channel's rule; patterns are matched once for all callers, until the rules change. */
  match(rules: ChannelRules): Rule | undefined {
    if (this.#rules !== rules) {
      this.#rules = rules;
      this.#rule = rules.match(this.name);
      this.#countIn(this.#rule?.counts ?? this.#ports.counters.noRule);
      this.#audience.followPolicy();
      for (const paced of this.#paced ?? []) paced.followPolicy();
    }
    return this.#rule;
  }

  #countIn(counts: RuleCounts): void {
    const { numSubscribers } = this;
    if (numSubscribers > 0) {
      this.#counts.channels--;
      this.#counts.subscriptions -= numSubscribers;
      counts.channels++;
      counts.subscriptions += numSubscribers;
    }
    this.#counts = counts;
  }

  /** Subscribers whose clients have been told that they are subscribed. */
  *subscribers(): IterableIterator<Subscription> {
    yield* this.#audience.subscribers();
    for (const paced of this.#paced ?? []) yield* paced.subscribers();
    for (const subscription of this.#waiting ?? []) if (subscription.isEstablished) yield subscription;
  }

  get numSubscribers(): number {
    return this.#audience.size + (this.#paced?.numSubscribers ?? 0) + (this.#waiting?.size ?? 0);
  }

  addJoining(subscription: Subscription): void {
    if (this.isEmpty) this.#counts.channels++;
    this.#counts.subscriptions++;
    subscription.join();
    this.#waiting ??= new Set();
    this.#waiting.add(subscription);
  }

  /**
   * Adds a subscriber that has everything up to `at` to the fan-out, at once or when the live stream has caught up.
   * `at` is never behind {@link position}: the caller reads history again until that is so.
   */
  promote(subscription: Subscription, at: Position | undefined): void {
    if (at !== undefined) {
      if (this.position !== undefined && this.position.epoch !== at.epoch) this.#loseAll();
      if (this.position === undefined || this.position.epoch !== at.epoch) this.position = at;
      if (at.offset > this.position.offset) {
        subscription.waitAt(at);
        return;
      }
    }
    this.enter(subscription);
  }

  remove(subscription: Subscription, why?: Unsubscribe): void {
    this.#waitsNoLonger(subscription);
    this.leave(subscription);
    this.#counts.subscriptions--;
    if (this.isEmpty) this.#counts.channels--;
    subscription.end(why);
  }

  /** Takes a publication from the broker. */
  deliver(publication: Publication, epoch: string): void {
    if (publication.offset > 0) {
      for (const subscription of this.#waiting ?? []) subscription.keep(publication, epoch);
      const last = this.position;
      if (last !== undefined) {
        if (last.epoch === epoch && publication.offset <= last.offset) return;
        if (last.epoch !== epoch || publication.offset > last.offset + 1) this.#loseAll();
      }
      this.position = { offset: publication.offset, epoch };
    }
    this.numPublications++;
    if (this.#rule?.dictionarySamples === true) this.#ports.messageSamples.take(publication);
    if (this.#audience.size > 0) this.#audience.publish(publication);
    if (this.#paced !== undefined) for (const paced of this.#paced) paced.publish(publication);
    if (this.#waiting !== undefined) this.#catchUp(this.#waiting);
  }

  /** Takes a join or leave from the broker. */
  announce(push: TrafficPush): void {
    this.#audience.announce(push);
    for (const paced of this.#paced ?? []) paced.announce(push);
    for (const subscription of this.#waiting ?? []) {
      const { isEstablished, variant, outbox } = subscription;
      if (isEstablished && variant.joinLeave) outbox.send(new SharedPush(push, this.#id).encodedFor(variant, false));
    }
  }

  /** Gives publications of the history to a subscriber that is not live yet, whole: those that pass its filter. */
  hand({ variant, outbox }: Subscription, publications: readonly Publication[]): void {
    const pushes = publications.map(
      (publication) => new SharedPush({ kind: 'publication', channel: this.name, publication }, this.#id),
    );
    const parcel = new SharedFrame(pushes).parcelFor(variant);
    if (parcel !== undefined) outbox.share(parcel);
  }

  /** Ends the subscriptions of all subscribers, because the channel's position cannot be trusted any more. */
  loseState(): void {
    this.#loseAll();
    this.position = undefined;
  }

  /** Adds it to the live subscribers. What has arrived before is not for it. */
  enter(subscription: Subscription): void {
    this.#waitsNoLonger(subscription);
    const { maxRate } = subscription;
    if (maxRate === undefined) this.#audience.putIn(subscription);
    else {
      this.#paced ??= new PacedAudiences(this, this.#ports);
      this.#paced.enter(subscription, maxRate);
    }
  }

  /** Takes it out, after what has arrived before. */
  leave(subscription: Subscription): boolean {
    if (subscription.stage.name !== 'live') return true;
    if (subscription.maxRate === undefined) return this.#audience.leave(subscription);
    const hasAll = this.#paced?.leave(subscription) ?? true;
    if (this.#paced?.numSubscribers === 0) this.#paced = undefined;
    return hasAll;
  }

  putIn(subscription: Subscription): void {
    this.#audienceOf(subscription)?.putIn(subscription);
  }

  takeOut(subscription: Subscription): void {
    this.#audienceOf(subscription)?.takeOut(subscription);
  }

  settle(subscription: Subscription): void {
    this.#audienceOf(subscription)?.settle(subscription);
  }

  finish(subscription: Subscription): void {
    if (subscription.maxRate === undefined) this.#audience.finish(subscription);
    else this.#paced?.of(subscription)?.finish(subscription);
  }

  positionOf(subscription: Subscription): Position | undefined {
    return this.#audienceOf(subscription)?.positionOf(subscription);
  }

  #audienceOf(subscription: Subscription) {
    return subscription.maxRate === undefined ? this.#audience : this.#paced?.of(subscription);
  }

  #waitsNoLonger(subscription: Subscription): void {
    this.#waiting?.delete(subscription);
    if (this.#waiting?.size === 0) this.#waiting = undefined;
  }

  /** Adds the subscribers that the live stream has reached. */
  #catchUp(waiting: ReadonlySet<Subscription>): void {
    for (const subscription of waiting) {
      const { stage } = subscription;
      if (stage.name !== 'ahead' || this.position === undefined) continue;
      const { at } = stage;
      if (this.position.epoch !== at.epoch || this.position.offset > at.offset) {
        subscription.owner.loseState(subscription);
      } else if (this.position.offset === at.offset) this.enter(subscription);
    }
  }

  /** Subscribers that are `ahead` or `recovering` lose it too: this is too rare to make a difference. */
  #loseAll(): void {
    this.#audience.flush();
    for (const paced of this.#paced ?? []) paced.finishAll();
    for (const subscription of [...this.subscribers()]) subscription.owner.loseState(subscription);
  }
}
