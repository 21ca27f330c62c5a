/** The subscriptions of one connection, in sets of every size. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChannelName } from '../../model/channel-name.js';
import { Subscription, type SubscriptionOwner } from '../fanout/subscription.js';
import { SubscriptionSet } from './subscription-set.js';

function subscriptionTo(number: number): Subscription {
  // safe: the set only reads the channel
  const owner = { outbox: { variant: () => undefined } } as unknown as SubscriptionOwner;
  const rule = {} as never;
  return new Subscription(owner, `c:${number}` as ChannelName, rule, { joinLeave: false, serverSide: false });
}

describe('a set of subscriptions', () => {
  test('holds what a map would hold, whatever is added and deleted', () => {
    const step = fc.record({ add: fc.boolean(), number: fc.nat({ max: 20 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const set = new SubscriptionSet();
        const model = new Map<string, Subscription>();
        for (const { add, number } of steps) {
          const subscription = subscriptionTo(number);
          const held = model.get(subscription.channel);
          if (add && held === undefined) {
            set.add(subscription);
            model.set(subscription.channel, subscription);
          } else if (!add && held !== undefined) {
            set.delete(held);
            model.delete(held.channel);
          } else set.delete(subscription);
          expect([...set]).toEqual([...model.values()]);
          expect(set.size).toBe(model.size);
          for (const [channel, each] of model) expect(set.get(channel as ChannelName)).toBe(each);
          expect(set.has(subscription.channel)).toBe(model.has(subscription.channel));
        }
        set.clear();
        expect([...set, set.size]).toEqual([0]);
      }),
    );
  });
});
