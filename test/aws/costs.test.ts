/** What a connect, a message and a delivery cost, as docs/operations/functions.md says it: counted calls. */

import { expect, test } from 'vitest';
import type { FunctionStore } from '../../src/functions/function-store.js';
import { readPage } from '../docs/page.js';
import { countedStory, messages, subscribers } from '../support/aws/counted-story.js';
import { redisStoreKind } from '../support/aws/stores.js';

/** Counts the calls of all parts of a store, as `connections.take`. */
function counted(store: FunctionStore, counts: Map<string, number>): FunctionStore {
  const part = <Part extends object>(name: string, inner: Part): Part =>
    new Proxy(inner, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value === 'object' && value !== null) return part(`${name}.${String(key)}`, value);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const call = `${name}.${String(key)}`;
          counts.set(call, (counts.get(call) ?? 0) + 1);
          return value.apply(target, args);
        };
      },
    });
  const { broker, connections, order, index, late, revocations } = store;
  return {
    broker: part('broker', broker),
    connections: part('connections', connections),
    order: part('order', order),
    index: part('index', index),
    late: part('late', late),
    revocations,
  };
}

test.skipIf(redisStoreKind.isMissing())(
  'calls of the gateway and of the store are those of the page',
  async () => {
    await using server = await redisStoreKind.start();
    const { make } = await server.ownStore();
    const counts = new Map<string, number>();
    const story = await countedStory((ports) => counted(make(ports), counts), counts);
    const { upgrade, connect, subscribe, publish } = story;
    expect(upgrade).toEqual({ gateway: { invocations: 1 }, store: { 'connections.add': 1 } });
    expect(connect.gateway).toEqual({ invocations: 1, 'POST @connections': 1 });
    expect(connect.store).toEqual({ 'connections.take': 1, 'connections.leave': 1 });
    expect(subscribe.gateway).toEqual({ invocations: 1, 'POST @connections': 1 });
    expect(subscribe.store).toEqual({
      'connections.take': 1,
      'connections.intend': 1,
      'index.add': 1,
      'broker.history.read': 1,
      'connections.leave': 1,
    });
    const deliveries = messages * (subscribers - 1);
    expect(publish.gateway).toEqual({ invocations: messages, 'POST @connections': messages + deliveries });
    expect(publish.store).toEqual({
      'connections.take': messages + deliveries,
      'connections.leave': messages + deliveries,
      'late.mark': messages,
      'broker.publish': messages,
      'index.members': messages,
      'late.unmark': messages,
    });

    // take and leave; then mark, publish, members, unmark.
    const page = readPage('docs/operations/functions.md');
    expect(page).toContain('| a connect and a subscribe | 2 messages in, 2 out | 3 events | 8 | 8 |');
    expect(page).toContain(
      '| a message of a client in a channel with history | 1 in, 1 out with the reply and the message itself | 1 event | 6 | 7 |',
    );
    expect(page).toContain('| each other subscriber of it | 1 out | in the same event | 2 | 2 |');
  },
  60_000,
);
