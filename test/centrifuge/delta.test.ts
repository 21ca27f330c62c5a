/** Deltas and channel numbers with the unmodified official client, in both of its builds. */

import type { SubscriptionOptions } from 'centrifuge';
import { channel, fanfare } from 'fanfare';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { type SdkBuild, sdkBuilds } from '../support/centrifuge/sdk-builds.js';
import { FaultProxy } from '../support/network/fault-proxy.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const both = { delta: true, compaction: true } as const;
const app = fanfare({
  anonymous: true,
  channels: {
    'live:{id}': channel({ subscribe: 'anyone', ...both, joinLeave: true }),
    'stream:{id}': channel({ subscribe: 'anyone', history: { size: 50 }, ...both }),
    'cache:{id}': channel({ subscribe: 'anyone', history: { size: 1 }, recovery: 'cache', ...both }),
    'plain:{id}': channel({ subscribe: 'anyone' }),
  },
  log,
});
const { port } = await app.listen(0);
const proxy = await FaultProxy.start({ port });
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await app.close(500);
});

/** Keeps what the server sends. */
function recordingSocket(frames: string[]) {
  return class extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      this.on('message', (bytes) => frames.push(Buffer.from(bytes as Buffer).toString()));
    }
  };
}

async function subscribedTo(build: SdkBuild, name: string, options: SubscriptionOptions = { delta: 'fossil' }) {
  const frames: string[] = [];
  const client = new build.Client(`ws://127.0.0.1:${proxy.port}/connection/websocket`, {
    websocket: recordingSocket(frames),
    minReconnectDelay: 1,
    maxReconnectDelay: 5,
  });
  onTestFinished(() => client.disconnect());
  const room = client.newSubscription(name, options);
  const received = gather(room, 'publication', ({ data }) => build.value(data));
  const errors: unknown[] = [];
  client.on('error', (context) => errors.push(context));
  room.subscribe();
  client.connect();
  await room.ready(20_000);
  return { client, room, received, frames, errors };
}

const board = (changes: Readonly<Record<number, unknown>> = {}) => ({
  title: 'Ünïcödé 😀 板',
  rows: Array.from({ length: 30 }, (_, n) => ({ team: `Mannschaft ${n}é`, points: changes[n] ?? n })),
});

describe.each(Object.entries(sdkBuilds))('%s', (_, build) => {
  test('publications after the first come as deltas, far smaller, and are what was published', async () => {
    const { room, received } = await subscribedTo(build, 'live:1');
    const documents = [board(), board({ 3: 'é' }), board({ 3: 'è', 20: 5 }), board({ 29: '😁' })];
    for (const document of documents) await app.publish('live:1', document);
    expect(await received.atLeast(documents.length)).toEqual(documents);
    expect(room.deltaStats()).toMatchObject({ numPublications: 4, numFullPayloads: 1, numDeltaPayloads: 3 });
    expect(room.deltaStats().compressionRatio).toBeGreaterThan(0.6);
  });

  test('a burst in one turn is a chain of deltas in one frame', async () => {
    const { room, received } = await subscribedTo(build, 'live:2');
    const documents = Array.from({ length: 10 }, (__, n) => board({ 5: n * 1_000 }));
    await Promise.all(documents.map((document) => app.publish('live:2', document)));
    expect(await received.atLeast(10)).toEqual(documents);
    expect(room.deltaStats().numDeltaPayloads).toBe(9);
  });

  test('after a cut, what was missed comes whole, and deltas go on from it', async () => {
    const { room, received, errors } = await subscribedTo(build, 'stream:1');
    await app.publish('stream:1', board({ 1: 'a' }));
    await received.atLeast(1);
    const again = nextEvent(room, 'subscribed');
    proxy.cut();
    for (const value of ['b', 'c']) await app.publish('stream:1', board({ 1: value }));
    proxy.restore();
    expect(await again).toMatchObject({ wasRecovering: true, recovered: true });
    await app.publish('stream:1', board({ 1: 'd' }));
    await app.publish('stream:1', board({ 2: 'e' }));
    const expected = [...['a', 'b', 'c', 'd'].map((value) => board({ 1: value })), board({ 2: 'e' })];
    expect(await received.atLeast(5)).toEqual(expected);
    expect(room.deltaStats()).toMatchObject({ numFullPayloads: 4, numDeltaPayloads: 1 });
    expect(errors).toEqual([]);
  });

  test('after a cut in which nothing was missed, deltas go on', async () => {
    const { room, received } = await subscribedTo(build, 'stream:2');
    await app.publish('stream:2', board());
    await received.atLeast(1);
    const again = nextEvent(room, 'subscribed');
    proxy.cut();
    proxy.restore();
    await again;
    for (const value of [1, 2]) await app.publish('stream:2', board({ 0: value }));
    expect(await received.atLeast(3)).toEqual([board(), board({ 0: 1 }), board({ 0: 2 })]);
  });

  test('the last value of a cache begins the chain', async () => {
    await app.publish('cache:1', board());
    const { room, received } = await subscribedTo(build, 'cache:1');
    await app.publish('cache:1', board({ 7: 7_000 }));
    expect(await received.atLeast(2)).toEqual([board(), board({ 7: 7_000 })]);
    await app.publish('cache:1', board({ 7: 8_000 }));
    await received.atLeast(3);
    expect(room.deltaStats().numDeltaPayloads).toBeGreaterThanOrEqual(1);
  });

  test('where the rule has no deltas they are declined, and data is as usual', async () => {
    const { received, frames } = await subscribedTo(build, 'plain:1');
    for (const value of [1, 2]) await app.publish('plain:1', board({ 0: value }));
    expect(await received.atLeast(2)).toEqual([board({ 0: 1 }), board({ 0: 2 })]);
    expect(frames.join('')).toContain('plain:1');
  });
});

describe('a number for the channel', () => {
  const name = 'live:a-channel-with-a-long-name';

  test('replaces its name in everything that comes for it, with and without deltas', async () => {
    const { room, received, frames } = await subscribedTo(sdkBuilds.JSON, name, { delta: 'fossil', joinLeave: true });
    const joined = nextEvent(room, 'join');
    const other = await subscribedTo(sdkBuilds.JSON, name, {});
    expect((await joined).info.client).not.toBe('');
    await app.publish(name, board());
    for (const each of [received, other.received]) expect(await each.atLeast(1)).toEqual([board()]);
    const left = nextEvent(room, 'leave');
    other.client.disconnect();
    await left;
    for (const each of [frames, other.frames]) expect(each.join('')).not.toContain('long-name');
  });

  test('is another one for each channel of a connection, and both are told apart', async () => {
    const { client, received } = await subscribedTo(sdkBuilds.JSON, 'live:x', {});
    const other = client.newSubscription('live:y');
    const others = gather(other, 'publication', ({ data }) => data);
    other.subscribe();
    await other.ready(20_000);
    await app.publish('live:x', 'for x');
    await app.publish('live:y', 'for y');
    expect(await received.atLeast(1)).toEqual(['for x']);
    expect(await others.atLeast(1)).toEqual(['for y']);
  });

  test('is not given over protobuf, where the official client would drop what comes with it', async () => {
    const { received, frames } = await subscribedTo(sdkBuilds.protobuf, name, {});
    await app.publish(name, board());
    expect(await received.atLeast(1)).toEqual([board()]);
    expect(frames.join('')).toContain('long-name');
  });
});
