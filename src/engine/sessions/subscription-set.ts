/** The subscriptions of one connection, by channel; compact while there are few, which is the usual case. */

import type { ChannelName } from '../../model/channel-name.js';
import { Subscription } from '../fanout/subscription.js';

/** A `Map` costs 300 bytes even when empty; up to this size, searching a list is as fast. */
const mostInList = 8;

type Held = Subscription | readonly Subscription[] | Map<ChannelName, Subscription>;

/** One is stored as it is, a few in a list, many in a map. */
export class SubscriptionSet {
  #held: Held | undefined;

  get size(): number {
    const held = this.#held;
    if (held === undefined) return 0;
    if (held instanceof Subscription) return 1;
    return held instanceof Map ? held.size : held.length;
  }

  get(channel: ChannelName): Subscription | undefined {
    const held = this.#held;
    if (held instanceof Map) return held.get(channel);
    if (held instanceof Subscription) return held.channel === channel ? held : undefined;
    for (const each of held ?? []) if (each.channel === channel) return each;
    return undefined;
  }

  has(channel: ChannelName): boolean {
    return this.get(channel) !== undefined;
  }

  /** The channel must not be in the set yet. */
  add(subscription: Subscription): void {
    const held = this.#held;
    if (held === undefined) this.#held = subscription;
    else if (held instanceof Subscription) this.#held = [held, subscription];
    else if (held instanceof Map) held.set(subscription.channel, subscription);
    // A new list of the exact length: one that grows by `push` reserves room for 17 at once.
    else if (held.length < mostInList) this.#held = [...held, subscription];
    else this.#held = new Map([...held, subscription].map((each) => [each.channel, each]));
  }

  /** No effect unless this subscription is the one in the set. */
  delete(subscription: Subscription): void {
    if (this.get(subscription.channel) !== subscription) return;
    const held = this.#held;
    if (held instanceof Map) held.delete(subscription.channel);
    else if (held instanceof Subscription) this.#held = undefined;
    else this.#held = held?.filter((each) => each !== subscription);
  }

  clear(): void {
    this.#held = undefined;
  }

  [Symbol.iterator](): Iterator<Subscription> {
    const held = this.#held;
    if (held instanceof Subscription) return [held][Symbol.iterator]();
    return (held?.values() ?? [])[Symbol.iterator]();
  }
}
