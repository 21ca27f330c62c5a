/** What a client does in functions, with the calls of the store and of the gateway that each part of it takes. */

import { channel, fanfare } from 'fanfare';
import { type FunctionStoreFactory, lambda } from 'fanfare/aws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { EmulatedFunctions } from './emulated-functions.js';

/** Of the channel, with the one who publishes. */
export const subscribers = 10;
export const messages = 5;

interface Calls {
  readonly store: Readonly<Record<string, number>>;
  readonly gateway: Readonly<Record<string, number>>;
}

/** @param counts where the store counts its calls */
export async function countedStory(
  store: FunctionStoreFactory,
  counts: Map<string, number>,
): Promise<Readonly<Record<'upgrade' | 'connect' | 'subscribe' | 'publish', Calls>>> {
  const app = fanfare({
    anonymous: true,
    channels: { 'chat:{n}': channel({ subscribe: 'anyone', publish: 'subscriber', history: { size: 10 } }) },
    log: silentLogger,
  });
  const functions = await EmulatedFunctions.start({
    // To prolong a lease is a call that only a slow machine makes.
    makeHandler: (endpoint) => lambda(app, { store, endpoint, times: { leaseMs: 600_000 } }),
  });
  onTestFinished(() => functions[Symbol.asyncDispose]());
  const { gateway } = functions;
  const during = async (work: () => Promise<unknown>): Promise<Calls> => {
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
    return {
      connect: () => send({ id: 1, connect: {} }),
      subscribe: () => send({ id: 2, subscribe: { channel: 'chat:a' } }),
      publish: (n: number) => send({ id: 3 + n, publish: { channel: 'chat:a', data: n } }),
    };
  };

  // The first one finds no stream, and begins it.
  const first = await open();
  await first.connect();
  await first.subscribe();
  const opened: Awaited<ReturnType<typeof open>>[] = [];
  const upgrade = await during(async () => opened.push(await open()));
  const connect = await during(async () => opened[0]?.connect());
  const subscribe = await during(async () => opened[0]?.subscribe());
  for (let n = 2; n < subscribers; n++) {
    const client = await open();
    await client.connect();
    await client.subscribe();
  }
  const publish = await during(async () => {
    for (let n = 0; n < messages; n++) await first.publish(n);
  });
  return { upgrade, connect, subscribe, publish };
}
