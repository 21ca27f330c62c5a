/** Compression on WebSockets, with clients that others wrote: `ws`, and the official SDK on it. */

import { once } from 'node:events';
import { deflateRawSync } from 'node:zlib';
import { Centrifuge } from 'centrifuge';
import { channel, fanfare, type Limits, type ListenOptions } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { transportSuite } from '../../conformance/transport-suite.js';
import { gather, nextEvent } from '../../support/centrifuge/awaiting.js';
import { type DeflatingPeer, openDeflating } from '../../support/clients/deflating-peer.js';
import { RawWebSocket } from '../../support/clients/raw-websocket.js';
import { openWebSocket } from '../../support/clients/websocket-peer.js';
import { served } from '../../support/servers/served.js';

/** 64 KiB of zeros. */
const bomb = deflateRawSync(Buffer.alloc(65_536)).toString('hex');

const log = { debug() {}, info() {}, warn() {}, error() {} };

/** A JSON of about so many bytes, such as applications have. */
const table = (bytes: number) => Array.from({ length: bytes / 32 }, (_, n) => ({ id: n, name: `row ${n}`, ok: true }));

async function start(options: ListenOptions = { deflate: true }, limits: Limits = {}) {
  const room = channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 100, read: 'anyone' } });
  const app = fanfare({
    anonymous: true,
    log,
    limits,
    channels: { 'room:{name}': room },
    transports: { oneWay: true },
  });
  const { url } = await served(app, { metrics: true, ...options });
  const metric = async (name: string) => {
    const page = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^fanfare_${name} (\\d+)$`, 'm').exec(page)?.[1]);
  };
  return { app, url, metric };
}

/** A client that is subscribed to `room:a`. */
async function join(
  url: string,
  ...offer: Parameters<typeof openDeflating> extends [string, ...infer Rest] ? Rest : never
) {
  const peer = await openDeflating(url, ...offer);
  onTestFinished(() => peer.close());
  peer.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:a"}}');
  await peer.messages.atLeast(1);
  return peer;
}

/** Data of the publications, in order. */
function dataOf({ messages }: DeflatingPeer): unknown[] {
  const lines = messages.items.flatMap((message) => message.split('\n'));
  return lines.map((line) => JSON.parse(line).push?.pub?.data).filter((data) => data !== undefined);
}

describe('what is agreed on', () => {
  const neither = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

  test('is nothing unless the listener has the option', async () => {
    const { url, app } = await start({});
    const peer = await join(url);
    await app.publish('room:a', table(2_000));
    await peer.messages.atLeast(2);
    expect([peer.agreed, peer.wire.some(({ isCompressed }) => isCompressed)]).toEqual([undefined, false]);
  });

  test.each([
    ['the offer of ws and of browsers', {}, neither],
    ['a small window', { serverMaxWindowBits: 10 }, `${neither}; server_max_window_bits=10`],
    ['no context', { clientNoContextTakeover: true, serverNoContextTakeover: true }, neither],
    ['a window that zlib cannot write for', { serverMaxWindowBits: 8 }, undefined],
    ['nothing', false, undefined],
  ])('for a client that offers %s', async (_, offer, agreed) => {
    const { url, app } = await start();
    const peer = await join(url, offer);
    expect(peer.agreed).toBe(agreed);
    await app.publish('room:a', table(2_000));
    await peer.messages.atLeast(2);
    expect(dataOf(peer)).toEqual([table(2_000)]);
    expect(peer.wire.at(-1)?.isCompressed).toBe(agreed !== undefined);
  });

  test('is nothing on the endpoint for listeners, where each has frames of its own', async () => {
    const { url, app } = await start();
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?channels=room:a`);
    onTestFinished(() => socket.terminate());
    const message = once(socket, 'message');
    await once(socket, 'open');
    while (app.numClients === 0) await new Promise(setImmediate);
    await app.publish('room:a', table(2_000));
    const [data] = await message;
    expect([socket.extensions, JSON.parse(String(data))]).toEqual(['', table(2_000)]);
  });

  test('is for one listener of several', async () => {
    const { app, url } = await start();
    const plain = await app.listen(0);
    expect([(await join(url)).agreed, (await join(plain.url)).agreed]).toEqual([neither, undefined]);
  });
});

describe('a frame for several clients', () => {
  test('is compressed once a flush for each form, and once more for nobody', async () => {
    const { url, app, metric } = await start({ deflate: { minBytes: 1_000 } });
    const whole = await Promise.all(Array.from({ length: 5 }, () => join(url)));
    const plain = await Promise.all(Array.from({ length: 2 }, () => join(url, false)));
    await app.publish('room:a', table(2_000));
    await Promise.all([...whole, ...plain].map(({ messages }) => messages.atLeast(2)));
    expect(await metric('deflated_frames_total')).toBe(1);

    const small = await Promise.all([11, 12, 13].map((serverMaxWindowBits) => join(url, { serverMaxWindowBits })));
    // Published in one turn, so that they leave in one frame.
    await Promise.all([app.publish('room:a', table(3_000)), app.publish('room:a', table(1_000))]);
    await Promise.all([...whole, ...plain].map(({ messages }) => messages.atLeast(3)));
    await Promise.all(small.map(({ messages }) => messages.atLeast(2)));
    // For windows of 15, 12 and 9 bits.
    expect(await metric('deflated_frames_total')).toBe(1 + 3);
    for (const peer of [...whole, ...plain]) expect(dataOf(peer)).toEqual([2_000, 3_000, 1_000].map(table));
    for (const peer of small) expect(dataOf(peer)).toEqual([3_000, 1_000].map(table));

    const [first, ...others] = whole.map(({ wire }) => wire.map(({ payload }) => payload.toString('hex')).slice(1));
    for (const other of others) expect(other).toEqual(first);
    expect(await metric('deflate_output_bytes_total')).toBeLessThan((await metric('deflate_input_bytes_total')) / 3);
  });

  test('keeps its place among frames that are not compressed, and among replies', async () => {
    const { url, app } = await start({ deflate: { minBytes: 1_000 } });
    const peer = await join(url);
    const sizes = Array.from({ length: 60 }, (_, n) => [32, 2_000, 64, 40_000][n % 4] ?? 0);
    for (const [n, size] of sizes.entries()) {
      await app.publish('room:a', [n, ...table(size)]);
      peer.send(`{"id":${n + 3},"publish":{"channel":"room:a","data":"own ${n}"}}`);
    }
    while (dataOf(peer).length < 2 * sizes.length) await peer.messages.atLeast(peer.messages.items.length + 1);
    const published = dataOf(peer).filter((data) => Array.isArray(data));
    expect(published.map(([n]) => n)).toEqual(sizes.map((_, n) => n));
    const own = dataOf(peer).filter((data) => typeof data === 'string');
    expect(own).toEqual(sizes.map((_, n) => `own ${n}`));
    expect(new Set(peer.wire.map(({ isCompressed }) => isCompressed)).size).toBe(2);
  });
});

describe('one reply', () => {
  test('is compressed if it is long enough, as the option says', async () => {
    const { url, app } = await start({ deflate: { minBytes: 1_000 } });
    for (let n = 0; n < 20; n++) await app.publish('room:a', table(200));
    const peer = await join(url);
    peer.send('{"id":3,"history":{"channel":"room:a","limit":100}}');
    const [, reply = ''] = await peer.messages.atLeast(2);
    expect(JSON.parse(reply).history.publications.length).toBe(20);
    expect(peer.wire.map(({ isCompressed }) => isCompressed)).toEqual([false, true]);
  });
});

describe('what a client sends', () => {
  test('is decompressed, and counts with its full length', async () => {
    const { url, metric } = await start({ deflate: true }, { maxFrameBytes: 32_768 });
    const peer = await join(url, { threshold: 0 });
    peer.send(JSON.stringify({ id: 3, publish: { channel: 'room:a', data: table(20_000) } }));
    while (dataOf(peer).length === 0) await peer.messages.atLeast(peer.messages.items.length + 1);
    expect(dataOf(peer)).toEqual([table(20_000)]);
    expect(await metric('inflated_messages_total')).toBe(2);
    expect(await metric('inflate_output_bytes_total')).toBe(await metric('received_bytes_total'));
    expect(await metric('inflate_input_bytes_total')).toBeLessThan(10_000);
  });

  test('is decompressed message by message, however many come at once', async () => {
    const { url } = await start();
    const peer = await join(url, { threshold: 0 });
    const all = Array.from({ length: 400 }, (_, n) => n);
    for (const n of all) peer.send(`{"id":${n + 3},"publish":{"channel":"room:a","data":[${n}]}}`);
    while (dataOf(peer).length < all.length) await peer.messages.atLeast(peer.messages.items.length + 1);
    expect(dataOf(peer).flat()).toEqual(all);
  });
});

describe('a message that breaks the rules', () => {
  test.each([
    ['is no deflate', 4, 'ffffffff', 1007, { check: 'compression', option: 'deflate.enabled' }],
    ['inflates beyond the limit', 4, bomb, 1009, { check: 'limit', option: 'limits.maxFrameBytes', limit: 1_024 }],
    [
      'is marked as no message may be',
      6,
      'ff',
      1002,
      { reason: 'Invalid WebSocket frame: RSV2 and RSV3 must be clear' },
    ],
  ])('leaves a line in the log if it %s', async (_, rsv, hex, code, expected) => {
    const lines: object[] = [];
    const tell = (fields: object) => void lines.push(fields);
    const app = fanfare({ anonymous: true, limits: { maxFrameBytes: 1_024 }, log: { ...log, info: tell, warn: tell } });
    const { port } = await served(app, { deflate: true });
    // Of the start: the limit is unusually low.
    lines.length = 0;
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    const ws = await RawWebSocket.open(port, { headers });
    ws.sendFrame({ opcode: 1, rsv, payload: Buffer.from(hex, 'hex') });
    expect((await ws.closed).code).toBe(code);
    expect(lines).toMatchObject([expected]);
  });

  test('leaves the same line where compression is off: the option would allow it', async () => {
    const lines: object[] = [];
    const tell = (fields: object) => void lines.push(fields);
    const { port } = await served(fanfare({ anonymous: true, log: { ...log, info: tell, warn: tell } }));
    const ws = await RawWebSocket.open(port);
    ws.sendFrame({ opcode: 1, rsv: 4, payload: 'x' });
    expect((await ws.closed).code).toBe(1002);
    expect(lines).toMatchObject([{ check: 'compression', code: 1002, option: 'deflate.enabled' }]);
  });
});

describe('the official SDK', () => {
  test('publishes, gets publications and recovers them over a compressed connection', async () => {
    const { url, app, metric } = await start();
    const websocket = class extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { perMessageDeflate: { threshold: 0 } });
      }
    };
    const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { websocket });
    onTestFinished(() => client.disconnect());
    const subscription = client.newSubscription('room:a');
    const data = gather(subscription, 'publication', (context) => context.data);
    subscription.subscribe();
    client.connect();
    await nextEvent(subscription, 'subscribed');
    await subscription.publish(table(2_000));
    await data.atLeast(1);
    client.disconnect();
    for (let n = 0; n < 10; n++) await app.publish('room:a', [n, ...table(500)]);
    client.connect();
    await data.atLeast(11);
    expect(data.items).toEqual([table(2_000), ...Array.from({ length: 10 }, (_, n) => [n, ...table(500)])]);
    expect(await metric('deflated_frames_total')).toBeGreaterThan(1);
    // At least the two connects, and the publication.
    expect(await metric('inflated_messages_total')).toBeGreaterThanOrEqual(3);
  });
});

describe('with compression', () => {
  transportSuite({
    name: 'websocket with compression',
    connect: openWebSocket,
    listen: { deflate: { minBytes: 0 } },
    wireBytes: (frame) => Buffer.byteLength(frame) + (Buffer.byteLength(frame) < 65_536 ? 4 : 10),
  });
});
