/** What a connect, a message and a delivery cost, as docs/operations/functions.md says it: counted calls. */

import { channel, fanfare } from 'fanfare';
import { lambda } from 'fanfare/aws';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../src/engine/ports/logger.js';
import type { FunctionStore } from '../../src/functions/function-store.js';
import { readPage } from '../docs/page.js';
import { EmulatedFunctions } from '../support/aws/emulated-functions.js';
import { redisStoreKind } from '../support/aws/stores.js';

const subscribers = 10;
const messages = 5;

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
    const app = fanfare({
      anonymous: true,
      channels: { 'chat:{n}': channel({ subscribe: 'anyone', publish: 'subscriber', history: { size: 10 } }) },
      log: silentLogger,
    });
    const functions = await EmulatedFunctions.start({
      makeHandler: (endpoint) =>
        lambda(app, {
          store: (ports) => counted(make(ports), counts),
          endpoint,
          // To prolong one is a call that only a slow machine makes.
          times: { leaseMs: 600_000 },
        }),
    });
    onTestFinished(() => functions[Symbol.asyncDispose]());
    const { gateway } = functions;
    const during = async (work: () => Promise<unknown>) => {
      await gateway.settled();
      counts.clear();
      gateway.counts.clear();
      await work();
      await gateway.settled();
      return { store: Object.fromEntries(counts), gateway: Object.fromEntries(gateway.counts) };
    };
    const open = async () => {
      const ws = new WebSocket(gateway.url);
      onTestFinished(() => ws.terminate());
      await new Promise((resolve) => ws.once('open', resolve));
      // An answer arrives before its function has given the connection back: one that comes meanwhile asks for it twice.
      const send = async (command: object) => {
        const answered = new Promise((resolve) => ws.once('message', resolve));
        ws.send(JSON.stringify(command));
        await answered;
        await gateway.settled();
      };
      return { send };
    };

    const first = await open();
    const connecting = await during(() => first.send({ id: 1, connect: {} }));
    expect(connecting.gateway).toEqual({ invocations: 1, 'POST @connections': 1 });
    expect(connecting.store).toEqual({ 'connections.take': 1, 'connections.leave': 1 });
    const subscribing = await during(() => first.send({ id: 2, subscribe: { channel: 'chat:a' } }));
    expect(subscribing.gateway).toEqual({ invocations: 1, 'POST @connections': 1 });
    expect(subscribing.store).toEqual({
      'connections.take': 1,
      'connections.intend': 1,
      'index.add': 1,
      'broker.history.read': 1,
      'connections.leave': 1,
    });
    for (let n = 1; n < subscribers; n++) {
      const { send } = await open();
      await send({ id: 1, connect: {} });
      await send({ id: 2, subscribe: { channel: 'chat:a' } });
    }
    const publishing = await during(async () => {
      for (let n = 0; n < messages; n++) await first.send({ id: 3 + n, publish: { channel: 'chat:a', data: n } });
    });
    const deliveries = messages * (subscribers - 1);
    expect(publishing.gateway).toEqual({ invocations: messages, 'POST @connections': messages + deliveries });
    expect(publishing.store).toEqual({
      'connections.take': messages + deliveries,
      'connections.leave': messages + deliveries,
      'late.mark': messages,
      'broker.publish': messages,
      'index.members': messages,
      'late.unmark': messages,
    });

    // take and leave; then mark, publish, members, unmark.
    const page = readPage('docs/operations/functions.md');
    expect(page).toContain('| a connect and a subscribe | 2 messages in, 2 out | 3 events | 8 |');
    expect(page).toContain(
      '| a message of a client in a channel with history | 1 in, 1 out with the reply and the message itself | 1 event | 6 |',
    );
    expect(page).toContain('| each other subscriber of it | 1 out | in the same event | 2 |');
  },
  60_000,
);
