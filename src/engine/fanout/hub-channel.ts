/** One channel on this node: its subscribers, its position, and the pushes that leave together. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Unsubscribe } from '../../model/codes.js';
import { payloadLength } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import type { TrafficPush } from '../../model/push.js';
import { beginDelivery } from '../channels/message-spans.js';
import type { Rule } from '../channels/rule.js';
import type { ChannelRules } from '../channels/rules.js';
import type { Counters } from '../ports/counters.js';
import type { RuleCounts } from '../ports/rule-counts.js';
import type { Span, Tracer } from '../ports/tracer.js';
import type { DeliverySamples } from '../time/delivery-samples.js';
import type { Flushable, Turn } from '../time/turn.js';
import type { ChannelIds } from './channel-ids.js';
import { DeltaChain } from './delta/chain.js';
import type { MessageSamples } from './message-samples.js';
import { SharedFrame } from './shared-frame.js';
import { SharedPush } from './shared-push.js';
import type { FanOut, Subscription } from './subscription.js';
import type { Variant } from './variant.js';

/** What all channels of a node share. */
export interface HubChannelPorts {
  readonly turn: Turn;
  readonly counters: Counters;
  readonly samples: DeliverySamples;
  readonly messageSamples: MessageSamples;
  readonly tracer: Tracer | undefined;
  readonly channelIds: ChannelIds;
}

/** A batch is written at once when it has this many bytes of payload. */
const maxBatchBytes = 65_536;

/**
 * How long joins and leaves may be gathered while the node is busy. Where many come or go at once, each would be a write
 * to all others.
 */
const maxTrafficWaitMs = 20;

/**
 * All live subscribers of a channel have the same position, so order, duplicates and gaps are checked once per
 * publication and not once per subscriber.
 */
export class HubChannel implements Flushable, FanOut {
  readonly #ports: HubChannelPorts;
  /** Live subscribers by variant. Each knows its slot; when one leaves, the last one moves to its slot. */
  readonly #live = new Map<Variant, Subscription[]>();
  #numLive = 0;
  /** Number of them that get joins and leaves. */
  #numTold = 0;
  /** `undefined` without subscribers that get deltas. */
  #deltas: DeltaChain | undefined;
  /** Stands for the name in the variants that are compact; 0 until there is such a subscriber. */
  #id = 0;
  /** Subscribers that are `joining` or `ahead`; `undefined` without any, which is nearly always. */
  #waiting: Set<Subscription> | undefined;
  #batch: SharedPush[] = [];
  #batchBytes = 0;
  /** How long the batch may wait. */
  #maxWaitMs = 0;
  /** Whether it has a publication whose delivery is measured. */
  #isMeasured = false;
  /** Subscribers added since the batch began, with the number of its pushes that came before them. */
  #late: Map<Subscription, number> | undefined;
  /** Position of the last publication that arrived; `undefined` before the first, and without a stream. */
  position: Position | undefined;
  /** The rule in {@link #rules}; known once there is a subscriber, since every subscribe looks it up. */
  #rule: Rule | undefined;
  #rules: ChannelRules | undefined;
  /** Of the rule, or of none: where the channel counts, so that nobody has to walk over all channels. */
  #counts: RuleCounts;
  /** Of the traced publications in the batch; `undefined` without any. */
  #spans: Span[] | undefined;
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
  }

  /** Stands for its name on this node. */
  get id(): number {
    if (this.#id === 0) this.#id = this.#ports.channelIds.next();
    return this.#id;
  }

  /** Of the rule by which it has its subscribers. */
  get isMap(): boolean {
    return this.#rule?.map !== undefined;
  }

  get isEmpty(): boolean {
    return this.numSubscribers === 0;
  }

  /** The channel's rule; patterns are matched once for all callers, until the rules change. */
  match(rules: ChannelRules): Rule | undefined {
    if (this.#rules !== rules) {
      this.#rules = rules;
      this.#rule = rules.match(this.name);
      this.#countIn(this.#rule?.counts ?? this.#ports.counters.noRule);
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
    for (const group of this.#live.values()) yield* group;
    for (const subscription of this.#waiting ?? []) if (subscription.stage.name === 'ahead') yield subscription;
  }

  get numSubscribers(): number {
    return this.#numLive + (this.#waiting?.size ?? 0);
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
    this.putIn(subscription);
  }

  remove(subscription: Subscription, why?: Unsubscribe): void {
    this.#waitsNoLonger(subscription);
    this.takeOut(subscription);
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
    if (this.#numLive > 0) {
      const { samples, tracer } = this.#ports;
      if (publication.trace !== undefined && tracer !== undefined) this.#trace(tracer, publication.trace);
      if (samples.channel === this.name && samples.arrived(publication.data)) this.#isMeasured = true;
      if (this.#rule?.dictionarySamples === true) this.#ports.messageSamples.take(publication);
      const push = { kind: 'publication', channel: this.name, publication } as const;
      this.#enqueue(
        this.#deltas?.next(push, this.#id) ?? new SharedPush(push, this.#id),
        payloadLength(publication.data),
      );
    }
    if (this.#waiting !== undefined) this.#catchUp(this.#waiting);
  }

  /** Takes a join or leave from the broker. */
  announce(push: TrafficPush): void {
    if (this.#numTold > 0) this.#enqueue(new SharedPush(push, this.#id), infoLength(push.info));
  }

  /** Ends the subscriptions of all subscribers, because the channel's position cannot be trusted any more. */
  loseState(): void {
    this.#loseAll();
    this.position = undefined;
  }

  /** Gives the batch to all live subscribers. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const late = this.#late;
    // Late subscribers get only the pushes that came after them.
    for (const subscription of late?.keys() ?? []) this.#hand(subscription);
    const frame = new SharedFrame(this.#batch);
    const { counters } = this.#ports;
    if (frame.numPublications > 0) counters.batches.observe(frame.numPublications);
    const numOut = frame.numPublications * (this.#numLive - (late?.size ?? 0));
    let numFiltered = 0;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#late = undefined;
    for (const [variant, group] of this.#live) {
      if (variant.delta === 'on') {
        this.#deltas?.share(frame, group, late, this.#counts);
        continue;
      }
      const parcel = frame.parcelFor(variant);
      if (variant.filter !== undefined) {
        const numLeftOut = frame.numPublications - frame.numPublicationsFor(variant);
        numFiltered += numLeftOut * (group.length - numOf(variant, late));
      }
      if (parcel === undefined) continue;
      // Backwards: a slow subscriber may leave at once, and the last one, which already has the batch, takes its slot.
      for (let i = group.length - 1; i >= 0; i--) {
        const subscription = group[i];
        if (subscription !== undefined && late?.has(subscription) !== true) subscription.outbox.share(parcel);
      }
    }
    this.#countOut(numOut - numFiltered, numFiltered);
    if (this.#spans !== undefined) this.#endSpans(this.#spans);
    if (this.#isMeasured) this.#tellWhenWritten();
  }

  #trace(tracer: Tracer, trace: string): void {
    const span = beginDelivery(tracer, trace, this.name, this.#rule);
    if (span === undefined) return;
    this.#spans ??= [];
    this.#spans.push(span);
  }

  /** As an outbox, which comes after those that got this batch: then it has been written. */
  #endSpans(spans: readonly Span[]): void {
    this.#spans = undefined;
    const subscribers = { 'fanfare.subscribers': this.#numLive };
    this.#ports.turn.addOutbox({
      flush() {
        for (const span of spans) {
          span.set(subscribers);
          span.end();
        }
      },
    });
  }

  #tellWhenWritten(): void {
    this.#isMeasured = false;
    this.#ports.turn.onceWritten(this.#ports.samples);
  }

  #countOut(numPublications: number, numFiltered: number): void {
    this.#ports.counters.publicationsOut += numPublications;
    this.#counts.publicationsOut += numPublications;
    this.#counts.publicationsFiltered += numFiltered;
  }

  #enqueue(shared: SharedPush, bytes: number): void {
    const { push } = shared;
    this.#batch.push(shared);
    this.#batchBytes += bytes;
    const { batchMs = 0 } = this.#rule ?? {};
    const maxWaitMs = push.kind === 'publication' ? batchMs : Math.max(batchMs, maxTrafficWaitMs);
    // A publication does not wait because joins before it may.
    if (this.#batch.length === 1 || maxWaitMs < this.#maxWaitMs) {
      this.#maxWaitMs = maxWaitMs;
      this.#ports.turn.addChannel(this, maxWaitMs);
    }
    if (this.#batchBytes >= maxBatchBytes) this.flush();
  }

  /** Adds it to the live subscribers of its variant. */
  putIn(subscription: Subscription): void {
    this.#waitsNoLonger(subscription);
    const group = this.#live.get(subscription.variant);
    if (group === undefined) this.#live.set(subscription.variant, [subscription]);
    subscription.goLive(this, group === undefined ? 0 : group.push(subscription) - 1);
    this.#numLive++;
    if (subscription.variant.joinLeave) this.#numTold++;
    if (subscription.variant.delta === 'on') {
      this.#deltas ??= new DeltaChain();
      this.#deltas.add(subscription, this.position?.offset);
    }
    this.#hasAll(subscription);
  }

  #waitsNoLonger(subscription: Subscription): void {
    this.#waiting?.delete(subscription);
    if (this.#waiting?.size === 0) this.#waiting = undefined;
  }

  /** Gives it what was published before it leaves or is closed. */
  settle(subscription: Subscription): void {
    this.#hand(subscription);
    this.#hasAll(subscription);
  }

  takeOut(subscription: Subscription): void {
    const { stage, variant } = subscription;
    if (stage.name !== 'live') return;
    this.#hand(subscription);
    this.#late?.delete(subscription);
    const group = this.#live.get(variant);
    const last = group?.pop();
    if (group === undefined || last === undefined) return;
    this.#numLive--;
    if (variant.joinLeave) this.#numTold--;
    if (variant.delta === 'on' && this.#deltas?.remove() === 0) this.#deltas = undefined;
    if (group.length === 0) this.#live.delete(variant);
    else if (last !== subscription) {
      group[stage.slot] = last;
      last.moveTo(stage.slot);
    }
  }

  /** The pushes in the batch are from before this subscriber, or already given to it. */
  #hasAll(subscription: Subscription): void {
    if (this.#batch.length === 0) return;
    this.#late ??= new Map();
    this.#late.set(subscription, this.#batch.length);
  }

  /** Gives one subscriber its part of the batch now. */
  #hand(subscription: Subscription): void {
    const from = this.#late?.get(subscription) ?? 0;
    if (from === this.#batch.length || subscription.outbox.isClosed) return;
    const frame = new SharedFrame(this.#batch.slice(from));
    const { variant, hasBase } = subscription;
    const parcel = frame.parcelFor(variant, hasBase);
    const numOut = frame.numPublicationsFor(variant);
    this.#countOut(numOut, frame.numPublications - numOut);
    if (parcel === undefined) return;
    if (variant.delta === 'on') this.#deltas?.handed(frame, subscription, this.#counts);
    subscription.outbox.share(parcel);
  }

  /** Adds the subscribers that the live stream has reached. */
  #catchUp(waiting: ReadonlySet<Subscription>): void {
    for (const subscription of waiting) {
      const { stage } = subscription;
      if (stage.name !== 'ahead' || this.position === undefined) continue;
      const { at } = stage;
      if (this.position.epoch !== at.epoch || this.position.offset > at.offset) {
        subscription.owner.loseState(subscription);
      } else if (this.position.offset === at.offset) this.putIn(subscription);
    }
  }

  /** Subscribers that are `ahead` lose it too: this is too rare to make a difference. */
  #loseAll(): void {
    this.flush();
    for (const subscription of [...this.subscribers()]) subscription.owner.loseState(subscription);
  }
}

/** The late subscribers of this variant. */
function numOf(variant: Variant, late: ReadonlyMap<Subscription, number> | undefined): number {
  let count = 0;
  for (const subscription of late?.keys() ?? []) if (subscription.variant === variant) count++;
  return count;
}

function infoLength({ user, client, connInfo, chanInfo }: ClientInfo): number {
  return user.length + client.length + (connInfo?.length ?? 0) + (chanInfo?.length ?? 0);
}
