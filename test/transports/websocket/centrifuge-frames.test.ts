/** What the official client and the server put into one WebSocket frame, and how they prove each other alive. */

import { Centrifuge } from 'centrifuge';
import { channel, fanfare, rpc } from 'fanfare';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { Gathered } from '../../support/centrifuge/awaiting.js';
import { served } from '../../support/servers/served.js';

const pingIntervalMs = 2_000;

let app: ReturnType<typeof makeApp>;
let url: string;

function makeApp() {
  return fanfare({
    anonymous: true,
    limits: { pingIntervalMs, pongTimeoutMs: 1_900 },
    log: silentLogger,
    channels: { 'room:{name}': channel({ subscribe: 'anyone', history: { size: 100 } }) },
    rpc: { echo: rpc({ allow: 'anyone', run: (value) => value }) },
  });
}

const endpointOf = (address: string) => `${address.replace('http', 'ws')}/connection/websocket`;

beforeEach(async () => {
  ({ app, url } = await served(makeApp()));
  url = endpointOf(url);
});

/** The SDK with a WebSocket that keeps what passes through it. */
function observedClient() {
  const sent = new Gathered<string>();
  const received = new Gathered<string>();
  class ObservedWebSocket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols);
      this.on('message', (data) => received.add(String(data)));
      const send = (data: string) => super.send(data);
      // The SDK sends text and nothing else.
      this.send = (data: unknown) => {
        sent.add(String(data));
        send(String(data));
      };
    }
  }
  const client = new Centrifuge(url, { websocket: ObservedWebSocket });
  onTestFinished(() => client.disconnect());
  return { client, sent, received };
}

/** A connection by hand, connected and subscribed. */
async function rawClient(): Promise<{ socket: WebSocket; frames: Gathered<string>; closed: Promise<number> }> {
  const socket = new WebSocket(url);
  onTestFinished(() => socket.terminate());
  const frames = new Gathered<string>();
  socket.on('message', (data) => frames.add(String(data)));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve) => socket.on('open', () => resolve()));
  socket.send('{"connect":{},"id":1}\n{"subscribe":{"channel":"room:a"},"id":2}');
  await gatherLines(frames, 2);
  return { socket, frames, closed };
}

/** Frames until they have so many lines. */
async function gatherLines(frames: Gathered<string>, count: number): Promise<void> {
  while (frames.items.flatMap((frame) => frame.split('\n')).length < count)
    await frames.atLeast(frames.items.length + 1);
}

describe('frames', () => {
  test('the client connects with all its subscriptions in one frame', async () => {
    const { client, sent } = observedClient();
    const rooms = Array.from({ length: 20 }, (_, n) => client.newSubscription(`room:${n}`));
    for (const room of rooms) room.subscribe();
    client.connect();
    await Promise.all(rooms.map((room) => room.ready(20_000)));
    expect(sent.items).toHaveLength(1);
    expect(sent.items[0]?.split('\n')).toHaveLength(21);
  });

  test('a client with as many channels as its server allows comes back with all of them', async () => {
    // Once, a frame held 512 commands at most: who had more channels was sent away for good (3501).
    const names = Array.from({ length: 700 }, (_, n) => `room:${n}`);
    const large = fanfare({
      anonymous: true,
      limits: { maxChannelsPerConnection: 700, maxPendingCommands: 1_000, maxFrameBytes: 131_072 },
      channels: { 'room:{name}': channel({ subscribe: 'anyone', history: { size: 100 } }) },
    });
    const client = new Centrifuge(endpointOf((await served(large)).url), { websocket: WebSocket });
    onTestFinished(() => client.disconnect());
    const rooms = names.map((name) => client.newSubscription(name));
    for (const room of rooms) room.subscribe();
    client.connect();
    await Promise.all(rooms.map((room) => room.ready(20_000)));
    const recovered = rooms.map((room) => new Promise((resolve) => room.once('subscribed', resolve)));
    client.disconnect();
    client.connect();
    for (const outcome of await Promise.all(recovered)) expect(outcome).toMatchObject({ recovered: true });
  });

  test('a batch of the client is one frame, and so are its replies', async () => {
    const { client, sent, received } = observedClient();
    client.connect();
    await client.ready(20_000);
    const [sentBefore, receivedBefore] = [sent.items.length, received.items.length];
    client.startBatching();
    const calls = Array.from({ length: 50 }, (_, n) => client.rpc('echo', n));
    client.stopBatching();
    await Promise.all(calls);
    expect(sent.items.slice(sentBefore).map((frame) => frame.split('\n').length)).toEqual([50]);
    expect(received.items.slice(receivedBefore).map((frame) => frame.split('\n').length)).toEqual([50]);
  });

  test('publications of one turn of the event loop arrive in one frame', async () => {
    const { frames } = await rawClient();
    const before = frames.items.length;
    await Promise.all(Array.from({ length: 10 }, (_, n) => app.publish('room:a', n)));
    const [frame] = (await frames.atLeast(before + 1)).slice(before);
    const numbers = frame?.split('\n').map((line) => JSON.parse(line).push.pub.data);
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('publications of different turns are not held back for one another', async () => {
    const { frames } = await rawClient();
    const before = frames.items.length;
    for (let n = 1; n <= 3; n++) {
      await app.publish('room:a', n);
      await frames.atLeast(before + n);
    }
    expect(frames.items.length).toBe(before + 3);
  });
});

describe('pings', () => {
  test('the client is told the interval, answers each ping, and stays connected', async () => {
    const { client, sent, received } = observedClient();
    const interruptions: number[] = [];
    client.on('connecting', ({ code }) => interruptions.push(code));
    client.connect();
    await client.ready(20_000);
    expect(JSON.parse(received.items[0] ?? '').connect).toMatchObject({ ping: pingIntervalMs / 1_000, pong: true });
    const before = received.items.length;
    const pings = (await received.atLeast(before + 2)).slice(before);
    expect(pings).toEqual(['{}', '{}']);
    // One frame is the connect command, the others are pongs.
    expect((await sent.atLeast(3)).slice(1)).toEqual(['{}', '{}']);
    expect(interruptions).toEqual([0]);
  });

  test('B37: a client that does not answer is closed with 3012', async () => {
    const { frames, closed } = await rawClient();
    expect(await closed).toBe(3012);
    expect(frames.items.at(-1)).toBe('{}');
  });

  test('any other command is no answer to a ping', async () => {
    const { socket, frames, closed } = await rawClient();
    let id = 2;
    // Busy, but without a pong.
    socket.on('message', (data) => {
      if (String(data) === '{}') socket.send(`{"ping":{},"id":${++id}}`);
    });
    expect(await closed).toBe(3012);
    expect(frames.items.at(-1)).toBe('{"id":3,"ping":{}}');
  });
});
