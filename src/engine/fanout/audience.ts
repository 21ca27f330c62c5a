/** Live subscribers of a channel that get its pushes at the same time, and the pushes that leave together. */

import type { ChannelName } from '../../model/channel-name.js';
import { payloadLength } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import type { TrafficPush } from '../../model/push.js';
import { beginDelivery } from '../channels/message-spans.js';
import type { Rule } from '../channels/rule.js';
import { isSamePolicy, type SlowPolicy } from '../channels/slow-policy.js';
import type { Counters } from '../ports/counters.js';
import type { RuleCounts } from '../ports/rule-counts.js';
import type { Span, Tracer } from '../ports/tracer.js';
import type { DeliverySamples } from '../time/delivery-samples.js';
import type { Flushable, Turn } from '../time/turn.js';
import { DeltaChain } from './delta/chain.js';
import { SharedFrame } from './shared-frame.js';
import { SharedPush } from './shared-push.js';
import { SlowChannel } from './slow/slow-channel.js';
import type { SlowSource } from './slow/slow-reader.js';
import type { SlowReaders } from './slow/slow-readers.js';
import type { FanOut, Subscription } from './subscription.js';
import type { Variant } from './variant.js';

/** What all audiences of a node share. */
export interface AudiencePorts {
  readonly turn: Turn;
  readonly counters: Counters;
  readonly samples: DeliverySamples;
  readonly tracer: Tracer | undefined;
  readonly slowReaders: SlowReaders;
}

/** The channel of an audience. */
export interface AudienceChannel extends FanOut {
  readonly name: ChannelName;
  /** Stands for its name in the variants that are compact; 0 until there is such a subscriber. */
  readonly knownId: number;
  readonly rule: Rule | undefined;
  readonly counts: RuleCounts;
  readonly position: Position | undefined;
}

/** A batch is written at once when it has this many bytes of payload. */
const maxBatchBytes = 65_536;

/**
 * How long joins and leaves may be gathered while the node is busy. Where many come or go at once, each would be a write
 * to all others.
 */
const maxTrafficWaitMs = 20;

const disconnects: SlowPolicy = { kind: 'disconnect' };

export class Audience implements Flushable, SlowSource {
  readonly #channel: AudienceChannel;
  readonly #ports: AudiencePorts;
  /** Live subscribers by variant. Each knows its slot; when one leaves, the last one moves to its slot. */
  readonly #live = new Map<Variant, Subscription[]>();
  #numLive = 0;
  /** Number of them that get joins and leaves. */
  #numTold = 0;
  /** `undefined` without subscribers that get deltas. */
  #deltas: DeltaChain | undefined;
  #batch: SharedPush[] = [];
  #batchBytes = 0;
  /** How long the batch may wait. */
  #maxWaitMs = 0;
  /** Whether it has a publication whose delivery is measured. */
  #isMeasured = false;
  /** Subscribers added since the batch began, with the number of its pushes that came before them. */
  #late: Map<Subscription, number> | undefined;
  /** `undefined` if slow readers are disconnected. With it the batch is flushed before anybody comes or goes. */
  #slow: SlowChannel | undefined;
  /** Of the traced publications in the batch; `undefined` without any. */
  #spans: Span[] | undefined;

  constructor(channel: AudienceChannel, ports: AudiencePorts) {
    this.#channel = channel;
    this.#ports = ports;
    this.followPolicy();
  }

  get name(): ChannelName {
    return this.#channel.name;
  }

  get position(): Position | undefined {
    return this.#channel.position;
  }

  get counts(): RuleCounts {
    return this.#channel.counts;
  }

  get rule(): Rule | undefined {
    return this.#channel.rule;
  }

  /** Number of subscribers. */
  get size(): number {
    return this.#numLive;
  }

  /** Subscribers for which publications wait, since their connections take no more. */
  get numSlow(): number {
    return this.#slow?.numReaders ?? 0;
  }

  /** Another policy for slow readers applies when those that there are have caught up by the one before. */
  followPolicy(): void {
    const slow = this.#slow;
    const { slow: policy = disconnects } = this.#channel.rule ?? {};
    if (isSamePolicy(slow?.policy ?? disconnects, policy)) {
      if (slow !== undefined) slow.isRetired = false;
      return;
    }
    this.flush();
    if (slow !== undefined && slow.numReaders > 0) slow.isRetired = true;
    else this.#slow = policy.kind === 'disconnect' ? undefined : new SlowChannel(this, policy, this.#ports.slowReaders);
  }

  *subscribers(): IterableIterator<Subscription> {
    for (const group of this.#live.values()) yield* group;
  }

  /** Gathers a publication for all of them. Only if there are any. */
  publish(publication: Publication): void {
    const { samples } = this.#ports;
    if (samples.channel === this.#channel.name && samples.arrived(publication.data)) this.#isMeasured = true;
    this.#enqueue(this.#shared(publication), payloadLength(publication.data));
  }

  /**
   * Gives publications to all of them now, after what is gathered.
   *
   * @param late those who get only a part: how many they do not get, of the first ones
   */
  publishNow(publications: readonly Publication[], late: Map<Subscription, number> | undefined): void {
    this.flush();
    for (const publication of publications) {
      this.#batch.push(this.#shared(publication));
      this.#batchBytes += payloadLength(publication.data);
    }
    this.#late = late;
    // What they do not get is what the next one may be a delta to.
    for (const subscription of late?.keys() ?? []) subscription.hasBase = false;
    this.flush();
  }

  /** Gives publications to one of them now, after what is gathered, whole. */
  publishTo(subscription: Subscription, publications: readonly Publication[]): void {
    this.settle(subscription);
    // Who cannot be given what came before gets nothing that came after it.
    if (subscription.outbox.isClosed || this.#slow?.settle(subscription) === false) return;
    const { name: channel, knownId } = this.#channel;
    const pushes = publications.map(
      (each) => new SharedPush({ kind: 'publication', channel, publication: each }, knownId),
    );
    const parcel = new SharedFrame(pushes).parcelFor(subscription.variant);
    subscription.hasBase = false;
    this.#countOut(pushes.length, 0);
    if (parcel !== undefined) subscription.outbox.share(parcel);
  }

  /** Gathers a join or leave for those who get them. */
  announce(push: TrafficPush): void {
    if (this.#numTold > 0) this.#enqueue(new SharedPush(push, this.#channel.knownId), infoLength(push.info));
  }

  /** Gives the batch to all of them. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const late = this.#late;
    // Late subscribers get only the pushes that came after them.
    for (const subscription of late?.keys() ?? []) this.#hand(subscription);
    const frame = new SharedFrame(this.#batch);
    const { counters } = this.#ports;
    const { counts } = this.#channel;
    if (frame.numPublications > 0) counters.batches.observe(frame.numPublications);
    const numOut = frame.numPublications * (this.#numLive - (late?.size ?? 0));
    let [numFiltered, numWaiting] = [0, 0];
    const numCharacters = this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#late = undefined;
    if (this.#slow?.isRetired) this.followPolicy();
    const slow = this.#slow;
    slow?.take(frame, numCharacters);
    for (const [variant, all] of this.#live) {
      const group = slow === undefined ? all : slow.ready(all, frame, late);
      if (group !== all) numWaiting += (all.length - group.length) * frame.numPublicationsFor(variant);
      if (variant.delta === 'on') {
        this.#deltas?.share(frame, group, late, counts);
        continue;
      }
      // Not encoded for nobody: a protocol with state counts what it has encoded as sent.
      const parcel = group.length === 0 ? undefined : frame.parcelFor(variant);
      if (variant.filter !== undefined) {
        const numLeftOut = frame.numPublications - frame.numPublicationsFor(variant);
        numFiltered += numLeftOut * (all.length - numOf(variant, late));
      }
      if (parcel === undefined) continue;
      // Backwards: a slow subscriber may leave at once, and the last one, which already has the batch, takes its slot.
      for (let i = group.length - 1; i >= 0; i--) {
        const subscription = group[i];
        if (subscription !== undefined && late?.has(subscription) !== true) subscription.outbox.share(parcel);
      }
    }
    this.#countOut(numOut - numFiltered - numWaiting, numFiltered);
    if (this.#spans !== undefined) this.#endSpans(this.#spans);
    if (this.#isMeasured) this.#tellWhenWritten();
  }

  /** Adds it to the live subscribers of its variant. */
  putIn(subscription: Subscription): void {
    if (this.#slow !== undefined) this.flush();
    const group = this.#live.get(subscription.variant);
    if (group === undefined) this.#live.set(subscription.variant, [subscription]);
    subscription.goLive(this.#channel, group === undefined ? 0 : group.push(subscription) - 1);
    this.#numLive++;
    if (subscription.variant.joinLeave) this.#numTold++;
    if (subscription.variant.delta === 'on') {
      this.#deltas ??= new DeltaChain();
      this.#deltas.add(subscription, this.#channel.position?.offset);
    }
    this.#hasAll(subscription);
  }

  /** Gives it what was gathered before it leaves or is closed. */
  settle(subscription: Subscription): void {
    if (this.#slow !== undefined) this.flush();
    this.#hand(subscription);
    this.#hasAll(subscription);
  }

  /** The same, and what waits because its connection took no more, as far as there is room. */
  finish(subscription: Subscription): void {
    this.settle(subscription);
    this.#slow?.settle(subscription);
  }

  /** Takes it out for good. @returns whether it has everything that has come for it */
  leave(subscription: Subscription): boolean {
    this.finish(subscription);
    this.takeOut(subscription);
    return this.#slow?.left(subscription) !== true;
  }

  /** Up to where it has been given everything, or what of it is for this subscriber. */
  positionOf(subscription: Subscription): Position | undefined {
    return this.#slow?.positionOf(subscription) ?? this.position;
  }

  takeOut(subscription: Subscription): void {
    const { stage, variant } = subscription;
    if (stage.name !== 'live') return;
    if (this.#slow !== undefined) this.flush();
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

  /** A publication of the history. */
  shared(publication: Publication): SharedPush {
    const { name: channel, knownId } = this.#channel;
    return new SharedPush({ kind: 'publication', channel, publication }, knownId);
  }

  isBase(publication: Publication): boolean {
    return this.#deltas?.isBase(publication) === true;
  }

  countOut(numPublications: number): void {
    this.#countOut(numPublications, 0);
  }

  #shared(publication: Publication): SharedPush {
    const { name: channel, knownId } = this.#channel;
    const { tracer } = this.#ports;
    if (publication.trace !== undefined && tracer !== undefined) this.#trace(tracer, publication.trace);
    const push = { kind: 'publication', channel, publication } as const;
    return this.#deltas?.next(push, knownId) ?? new SharedPush(push, knownId);
  }

  #enqueue(shared: SharedPush, bytes: number): void {
    const { push } = shared;
    this.#batch.push(shared);
    this.#batchBytes += bytes;
    const { batchMs = 0 } = this.#channel.rule ?? {};
    const maxWaitMs = push.kind === 'publication' ? batchMs : Math.max(batchMs, maxTrafficWaitMs);
    // A publication does not wait because joins before it may.
    if (this.#batch.length === 1 || maxWaitMs < this.#maxWaitMs) {
      this.#maxWaitMs = maxWaitMs;
      this.#ports.turn.addChannel(this, maxWaitMs);
    }
    if (this.#batchBytes >= maxBatchBytes) this.flush();
  }

  #trace(tracer: Tracer, trace: string): void {
    const span = beginDelivery(tracer, trace, this.#channel.name, this.#channel.rule);
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
    const { counts } = this.#channel;
    this.#ports.counters.publicationsOut += numPublications;
    counts.publicationsOut += numPublications;
    counts.publicationsFiltered += numFiltered;
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
    if (variant.delta === 'on') this.#deltas?.handed(frame, subscription, this.#channel.counts);
    subscription.outbox.share(parcel);
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
