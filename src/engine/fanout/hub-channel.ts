/** One channel on this node: its subscribers, its place in the stream, and the pushes of this turn. */

import type { ChannelName } from '../../model/channel-name.js';
import { payloadLength } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';
import type { Push } from '../../model/push.js';
import type { Rule, RuleMatch } from '../channels/rule.js';
import type { ChannelRules } from '../channels/rules.js';
import type { Counters } from '../ports/counters.js';
import type { Flushable, Turn } from '../time/turn.js';
import { SharedFrame } from './shared-frame.js';
import type { FanOut, Subscription } from './subscription.js';
import type { Variant } from './variant.js';

/** A batch is written before the end of the turn when it has grown to this many bytes of payload. */
const maxBatchBytes = 65_536;

/**
 * All live subscribers of a channel are at the same place, so order, duplicates and holes are found once per
 * publication and not once per subscriber.
 */
export class HubChannel implements Flushable, FanOut {
  readonly #turn: Turn;
  readonly #counters: Counters;
  /** In the fan-out, by what they are sent. A subscriber knows its slot; leaving moves the last one into it. */
  readonly #live = new Map<Variant, Subscription[]>();
  #numLive = 0;
  /** `joining` or `ahead`. */
  readonly #waiting = new Set<Subscription>();
  #batch: Push[] = [];
  #batchBytes = 0;
  #batchPublications = 0;
  /** Place of the last publication that came through; undefined before the first and without a stream. */
  position: Position | undefined;
  /** Found among {@link #rules}. */
  #rule: Rule | undefined;
  #rules: ChannelRules | undefined;

  constructor(
    readonly name: ChannelName,
    turn: Turn,
    counters: Counters,
  ) {
    this.#turn = turn;
    this.#counters = counters;
  }

  get isEmpty(): boolean {
    return this.numSubscribers === 0;
  }

  /** The rule of the channel; patterns are matched once for all that ask, until there are other rules. */
  match(rules: ChannelRules): RuleMatch | undefined {
    if (this.#rules !== rules) {
      this.#rules = rules;
      this.#rule = rules.match(this.name)?.rule;
    }
    const rule = this.#rule;
    return rule && { rule, params: rule.pattern.match(this.name) ?? {} };
  }

  /** Those whose clients have been told that they are subscribed. */
  *subscribers(): IterableIterator<Subscription> {
    for (const group of this.#live.values()) yield* group;
    for (const subscription of this.#waiting) if (subscription.stage === 'ahead') yield subscription;
  }

  get numSubscribers(): number {
    return this.#numLive + this.#waiting.size;
  }

  addJoining(subscription: Subscription): void {
    this.#waiting.add(subscription);
  }

  /**
   * Puts a subscriber that has everything up to `at` into the fan-out, at once or when the live stream has caught up.
   * `at` is never behind {@link position}: the caller has read history again until it was not.
   */
  promote(subscription: Subscription, at: Position | undefined): void {
    subscription.buffer = undefined;
    if (at !== undefined) {
      if (this.position !== undefined && this.position.epoch !== at.epoch) this.#loseAll();
      if (this.position === undefined || this.position.epoch !== at.epoch) this.position = at;
      if (at.offset > this.position.offset) {
        subscription.stage = 'ahead';
        subscription.aheadAt = at;
        return;
      }
    }
    this.#enterLive(subscription);
  }

  remove(subscription: Subscription): void {
    this.#waiting.delete(subscription);
    if (subscription.stage === 'live') {
      // What was published before it leaves is still for it.
      this.flush();
      this.#takeOut(subscription);
    }
    subscription.stage = 'ended';
    subscription.buffer = undefined;
  }

  /** Changes what a subscriber is sent from now on. */
  setVariant(subscription: Subscription, variant: Variant): void {
    if (subscription.variant === variant) return;
    this.flush();
    this.#takeOut(subscription);
    subscription.variant = variant;
    this.#putIn(subscription);
  }

  /** A publication has come from the broker. */
  deliver(publication: Publication, epoch: string): void {
    if (publication.offset > 0) {
      for (const subscription of this.#waiting) {
        if (subscription.stage === 'joining') subscription.keep(publication, epoch);
      }
      const last = this.position;
      if (last !== undefined) {
        if (last.epoch === epoch && publication.offset <= last.offset) return;
        if (last.epoch !== epoch || publication.offset > last.offset + 1) this.#loseAll();
      }
      this.position = { offset: publication.offset, epoch };
    }
    this.#enqueuePublication(publication);
    if (this.#waiting.size > 0) this.#catchUp();
  }

  /** A join or leave has come from the broker. */
  announce(push: Push): void {
    if (this.#numLive > 0) this.#enqueue(push, 0);
  }

  /** Ends the subscriptions of everyone at a place in the stream that is not trusted any more. */
  loseState(): void {
    this.#loseAll();
    this.position = undefined;
  }

  /** Writes this turn's pushes to all live subscribers. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const frame = new SharedFrame(this.#batch, this.#batchPublications);
    this.#counters.publicationsOut += this.#batchPublications * this.#numLive;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#batchPublications = 0;
    // A copy of the list: whoever comes in meanwhile has all of this from history.
    for (const group of [...this.#live.values()]) {
      const bytes = group[0] && frame.bytesFor(group[0].variant);
      if (bytes === undefined) continue;
      // Backwards: a subscriber found slow leaves at once, and the last one, already served, takes its slot.
      for (let i = group.length - 1; i >= 0; i--) group[i]?.outbox.writeShared(bytes);
    }
  }

  #enqueuePublication(publication: Publication): void {
    if (this.#numLive === 0) return;
    this.#batchPublications++;
    this.#enqueue({ kind: 'publication', channel: this.name, publication }, payloadLength(publication.data));
  }

  #enqueue(push: Push, bytes: number): void {
    this.#batch.push(push);
    this.#batchBytes += bytes;
    if (this.#batch.length === 1) this.#turn.addChannel(this);
    if (this.#batchBytes >= maxBatchBytes) this.flush();
  }

  #enterLive(subscription: Subscription): void {
    // The batch holds publications from before this subscriber's place; it has them already.
    this.flush();
    this.#waiting.delete(subscription);
    subscription.aheadAt = undefined;
    subscription.stage = 'live';
    this.#putIn(subscription);
  }

  #putIn(subscription: Subscription): void {
    const group = this.#live.get(subscription.variant);
    if (group === undefined) this.#live.set(subscription.variant, [subscription]);
    subscription.slot = group === undefined ? 0 : group.push(subscription) - 1;
    subscription.fanOut = this;
    this.#numLive++;
  }

  #takeOut(subscription: Subscription): void {
    const { variant, slot } = subscription;
    const group = this.#live.get(variant);
    subscription.fanOut = undefined;
    const last = group?.pop();
    if (group === undefined || last === undefined) return;
    this.#numLive--;
    if (group.length === 0) this.#live.delete(variant);
    else if (slot < group.length) {
      group[slot] = last;
      last.slot = slot;
    }
  }

  /** Lets those in whom the live stream has reached. */
  #catchUp(): void {
    for (const subscription of this.#waiting) {
      const at = subscription.aheadAt;
      if (at === undefined || this.position === undefined) continue;
      if (this.position.epoch !== at.epoch || this.position.offset > at.offset) {
        subscription.owner.loseState(subscription);
      } else if (this.position.offset === at.offset) this.#enterLive(subscription);
    }
  }

  /** Those ahead go too: whether they still are is not worth telling apart in so rare a case. */
  #loseAll(): void {
    this.flush();
    for (const subscription of [...this.subscribers()]) subscription.owner.loseState(subscription);
  }
}
