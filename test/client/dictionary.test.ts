/** `dictionary` of `connect()`: frames compressed with the server's dictionary, and what cannot be read. */

import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { bytes, channel, fanfare } from 'fanfare';
import type { ConnectOptions } from 'fanfare/client';
import { dictionary } from 'fanfare/client/dictionary';
import { protobuf } from 'fanfare/client/protobuf';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { served } from '../support/servers/served.js';
import { next, quickClient, take } from './chat-server.js';

const price = z.object({ symbol: z.string(), bid: z.number(), state: z.enum(['open', 'suspended']) });
const data = (bid: number) => ({ symbol: 'EURUSD', bid, state: 'suspended' }) as const;

function pricesApp() {
  return fanfare({
    auth: ({ profile }) => ({ user: 'ada', data: { profile }, channels: ['own:ada'] }),
    channels: {
      'prices:{market}': channel({
        message: price,
        subscribe: 'anyone',
        publish: 'anyone',
        history: { size: 10 },
        delta: true,
      }),
      'frames:{match}': channel({ message: bytes({ base64: true }), subscribe: 'anyone' }),
      'own:{user}': channel({ subscribe: 'user', history: { size: 10 } }),
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

async function start(deflate: boolean | { readonly dictionary: boolean } = { dictionary: true }) {
  const { app, url } = await served(pricesApp(), { deflate });
  const client = (options: ConnectOptions) => quickClient<typeof app>(url, options);
  return { app, client };
}

/** The connect commands that went over WebSockets, and the length of each frame that came. */
function recorded() {
  const connects: Record<string, unknown>[] = [];
  const sizes: number[] = [];
  class Recorded extends WebSocket {
    constructor(url: string, offered?: string | string[]) {
      super(url, offered, { perMessageDeflate: false });
      this.on('message', (frame: ArrayBuffer | Buffer) => sizes.push(Buffer.from(frame as Buffer).length));
    }

    override send(frame: string) {
      for (const line of typeof frame === 'string' ? frame.split('\n') : []) {
        const { connect } = JSON.parse(line);
        if (connect !== undefined) connects.push(connect);
      }
      super.send(frame);
    }
  }
  return { websocket: Recorded as never, connects, sizes };
}

describe.each([
  ['JSON', {}, 2.5],
  ['protobuf', { codec: protobuf }, 1.3],
])('in %s', (_, codec, least) => {
  test('messages are the same, and shorter on the wire', async () => {
    const { app, client } = await start();
    const [with_, without] = [recorded(), recorded()];
    const [one, other] = [
      client({ ...codec, websocket: with_.websocket, dictionary: dictionary() }).channel('prices:fx'),
      client({ ...codec, websocket: without.websocket }).channel('prices:fx'),
    ];
    await Promise.all([one.ready(), other.ready()]);
    const received = Promise.all([take(one, 'message', 3), take(other, 'message', 3)]);
    for (const bid of [1.25, 1.5, 2]) await app.publish('prices:fx', data(bid));
    const [read, whole] = await received;
    expect(read).toEqual(whole);
    expect(read.map((message) => message.data.bid)).toEqual([1.25, 1.5, 2]);
    const [short = 0, long = 0] = [with_.sizes.at(-1), without.sizes.at(-1)];
    expect(long / short).toBeGreaterThan(least);
  });

  test('procedures, history, deltas, bytes and large messages are whole', async () => {
    const { app, client } = await start();
    const fan = client({ ...codec, dictionary: dictionary() });
    const prices = fan.channel('prices:fx', { delta: true });
    const frames = fan.channel('frames:final', { bytes: true });
    await Promise.all([prices.ready(), frames.ready()]);
    const arrived = take(prices, 'message', 3);
    const long = { ...data(3), symbol: 'é🎺'.repeat(9_000) };
    await app.publish('prices:fx', data(1));
    await prices.publish(data(2));
    await app.publish('prices:fx', long);
    expect((await arrived).map((message) => message.data)).toEqual([data(1), data(2), long]);
    expect((await prices.history()).messages.map((message) => message.data)).toEqual([data(1), data(2), long]);
    const frame = next(frames, 'message');
    await app.publish('frames:final', Uint8Array.of(0, 1, 255));
    expect((await frame).data).toEqual(Uint8Array.of(0, 1, 255));
  });

  test('G4: after a reconnect it has the dictionary, and recovers exactly what it has missed', async () => {
    const { app, client } = await start();
    const { websocket, sizes } = recorded();
    const fan = client({ ...codec, websocket, dictionary: dictionary() });
    const prices = fan.channel('prices:fx');
    await prices.ready();
    const [first = 0] = sizes;
    const back = next(prices, 'subscribed');
    const arrived = take(prices, 'message', 1);
    sizes.length = 0;
    app.disconnect('ada', { reconnect: true });
    await app.publish('prices:fx', data(7));
    expect(await back).toMatchObject({ recovered: true });
    expect((await arrived).map((message) => message.data)).toEqual([data(7)]);
    // The reply to connect has only its name.
    expect(Math.min(...sizes.filter((size) => size > 150))).toBeLessThan(first);
  });
});

test('the command says so: the flag, the profile, and on a later connection the dictionary that it has', async () => {
  const { app, client } = await start();
  const { websocket, connects } = recorded();
  const fan = client({ websocket, dictionary: dictionary({ profile: 'ticker' }) });
  const connected = take(fan, 'connected', 2);
  await fan.ready();
  app.disconnect('ada', { reconnect: true });
  expect((await connected).map((event) => event.data)).toEqual([{ profile: 'ticker' }, { profile: 'ticker' }]);
  // With the bit for recoveries in pages.
  expect(connects[0]).toMatchObject({ flag: 65_537, profile: 'ticker' });
  expect(connects[0]).not.toHaveProperty('dict');
  expect(connects[1]).toMatchObject({ flag: 65_537, profile: 'ticker', dict: expect.stringMatching(/^[\w-]{16}$/) });
});

test.each([
  ['a server without a dictionary', true, {}],
  ['another transport', { dictionary: true }, { transports: ['http_stream'] }],
  ['another transport in protobuf', { dictionary: true }, { transports: ['http_stream'], codec: protobuf }],
  ['long polling', { dictionary: true }, { transports: ['long_polling'] }],
] satisfies [string, boolean | { dictionary: boolean }, ConnectOptions][])(
  'over %s it goes as without',
  async (_, deflate, options) => {
    const { app, client } = await start(deflate);
    const fan = client({ ...options, dictionary: dictionary() });
    const prices = fan.channel('prices:fx');
    await prices.ready();
    const arrived = next(prices, 'message');
    await app.publish('prices:fx', data(1));
    expect((await arrived).data).toEqual(data(1));
  },
);

const content = Buffer.from('{"push":{"channel":"prices:fx","pub":{"data":');
const id = createHash('sha256').update(content).digest().subarray(0, 12).toString('base64url');
const whole = { id, data_b64: deflateRawSync(content).toString('base64') };
const push = '{"push":{"message":{"data":"hello"}}}';
const deflated = (text: string) => deflateRawSync(Buffer.from(text), { dictionary: content });

/** A server that confirms the flag of each connection with this dictionary, sends this frame after that, and nothing else. */
async function lying(dict: object, frame: Buffer | string) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const asked = new Gathered<Record<string, unknown>>();
  server.on('connection', (socket) => {
    socket.on('message', (text) => {
      const { id, connect } = JSON.parse(String(text).split('\n')[0] ?? '');
      if (connect === undefined) return;
      asked.add(connect);
      const asks = (connect.flag & 1) === 1;
      const reply = { client: 'c', version: 'v', ping: 25, pong: true, ...(asks && { flag: 1, dict }) };
      socket.send(JSON.stringify({ id, connect: reply }));
      socket.send(asks ? frame : push);
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { readonly port: number };
  return { url: `ws://127.0.0.1:${port}/connection/websocket`, asked };
}

test('a frame of such a server that can be read', async () => {
  const { url, asked } = await lying(whole, Buffer.concat([Buffer.of(1), deflated(push)]));
  const fan = quickClient(url, { dictionary: dictionary(), transports: ['websocket'] });
  expect(await next(fan, 'message')).toEqual({ data: 'hello' });
  expect(asked.items).toHaveLength(1);
});

test.each<[string, object, Buffer | string]>([
  ['a dictionary that is no DEFLATE', { id, data_b64: '/////w==' }, Buffer.concat([Buffer.of(1), deflated(push)])],
  ['a dictionary that is no base64', { id, data_b64: '%' }, Buffer.concat([Buffer.of(1), deflated(push)])],
  [
    'a dictionary that is too large',
    { id, data_b64: deflateRawSync(Buffer.alloc(65_537)).toString('base64') },
    Buffer.concat([Buffer.of(1), deflated(push)]),
  ],
  ['the name of a dictionary that it has not sent', { id }, Buffer.concat([Buffer.of(1), deflated(push)])],
  ['a frame that is no DEFLATE', whole, Buffer.of(1, 255, 255, 255)],
  ['a frame that is not whole', whole, Buffer.concat([Buffer.of(1), deflated(push).subarray(0, -1)])],
  ['a frame that is too large', whole, Buffer.concat([Buffer.of(1), deflated('x'.repeat(2_000))])],
  ['a frame with another mark', whole, Buffer.of(2, 1, 2, 3)],
  ['a frame without a mark', whole, Buffer.alloc(0)],
  ['a text', whole, push],
])('%s: it is told, and the client goes on without', async (_, dict, frame) => {
  const { url, asked } = await lying(dict, frame);
  const fan = quickClient(url, { dictionary: dictionary({ maxFrameBytes: 1_000 }), transports: ['websocket'] });
  const error = next(fan, 'error');
  expect(await next(fan, 'message')).toEqual({ data: 'hello' });
  expect(await error).toMatchObject({ code: 'ERR_DICTIONARY', retryable: true });
  expect(asked.items.map(({ flag }) => flag)).toEqual([65_537, 65_536]);
});
