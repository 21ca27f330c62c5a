/** Frames compressed with a dictionary, read as the protocol says: by Node's zlib, from the bytes on the wire. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { inflateRawSync } from 'node:zlib';
import { channel, fanfare, type ListenOptions } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { Gathered } from '../../support/centrifuge/awaiting.js';
import { served } from '../../support/servers/served.js';

const price = z.object({ symbol: z.string(), bid: z.number(), state: z.enum(['open', 'suspended']) });
const data = { symbol: 'EURUSD', bid: 1.25, state: 'suspended' } as const;

async function start(options: ListenOptions = { deflate: { dictionary: true } }) {
  const app = fanfare({
    auth: () => ({ user: 'ada', channels: ['own:ada'] }),
    channels: {
      'prices:{market}': channel({ message: price, subscribe: 'anyone', joinLeave: true }),
      'own:{user}': channel({ subscribe: 'user', history: { size: 10 } }),
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const { url } = await served(app, { metrics: true, ...options });
  const metric = async (name: string) => {
    const page = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^fanfare_${name} (\\d+)$`, 'm').exec(page)?.[1]);
  };
  return { app, url, metric };
}

interface Frame {
  readonly isBinary: boolean;
  readonly bytes: Buffer;
}

/** Connects, and has the first frame and the later ones as they came. */
async function connect(url: string, fields: object, perMessageDeflate = false) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`, { perMessageDeflate });
  onTestFinished(() => socket.terminate());
  const frames = new Gathered<Frame>();
  socket.on('message', (bytes: Buffer, isBinary) => frames.add({ bytes, isBinary }));
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, connect: fields }));
  const [first] = await frames.atLeast(1);
  expect(first?.isBinary).toBe(false);
  const reply = JSON.parse(String(first?.bytes)).connect;
  const content = reply.dict?.data_b64 && inflateRawSync(Buffer.from(reply.dict.data_b64, 'base64'));
  return { frames, reply, content, send: (command: object) => socket.send(JSON.stringify(command)) };
}

/** The message in a frame, and whether it was compressed. */
function read({ bytes, isBinary }: Frame, dictionary: Buffer): { readonly text: string; readonly mark: number } {
  expect(isBinary).toBe(true);
  const [mark = -1] = bytes;
  const rest = bytes.subarray(1);
  return { mark, text: String(mark === 1 ? inflateRawSync(rest, { dictionary }) : rest) };
}

describe('a client that can read dictionaries', () => {
  test('gets one with the reply to connect, whose id is the hash of its content', async () => {
    const { url } = await start();
    const { reply, content } = await connect(url, { flag: 1 });
    expect(reply.flag).toBe(1);
    expect(reply.dict.id).toBe(createHash('sha256').update(content).digest().subarray(0, 12).toString('base64url'));
    for (const word of ['prices:', '"symbol":', 'suspended', '"push":{"channel":"'])
      expect(String(content)).toContain(word);
  });

  test('gets every later frame with a mark: what is short in a few bytes, what cannot be compressed as it is', async () => {
    const { url, app } = await start();
    const { frames, content, send } = await connect(url, { flag: 1 });
    send({ id: 2, subscribe: { channel: 'prices:fx' } });
    send({ id: 3, ping: {} });
    while (!frames.items.slice(1).some((frame) => read(frame, content).text.includes('"id":2'))) {
      await frames.atLeast(frames.items.length + 1);
    }
    const before = frames.items.length;
    await app.publish('prices:fx', data);
    const frame = (await frames.atLeast(before + 1)).at(-1);
    const { text, mark } = read(frame as Frame, content);
    expect([JSON.parse(text), mark]).toEqual([{ push: { channel: 'prices:fx', pub: { data } } }, 1]);
    expect(frame?.bytes.length).toBeLessThan(text.length / 2.5);
  });

  test('gets publications of subscriptions that the server made while it connected, and of its own, in order', async () => {
    const { url, app } = await start();
    const { frames, content, reply } = await connect(url, { flag: 1 });
    expect(Object.keys(reply.subs)).toEqual(['own:ada']);
    for (let n = 1; n <= 20; n++) await app.publish('own:ada', { n });
    const offsets = () =>
      frames.items.slice(1).flatMap((frame) => {
        const lines = read(frame, content).text.split('\n');
        return lines.map((line) => JSON.parse(line).push.pub.offset);
      });
    while (offsets().length < 20) await frames.atLeast(frames.items.length + 1);
    expect(offsets()).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });

  test('that has the dictionary gets its id alone, and one that has another gets it whole', async () => {
    const { url } = await start();
    const { reply, content } = await connect(url, { flag: 1 });
    const again = await connect(url, { flag: 1, dict: reply.dict.id });
    expect(again.reply.dict).toEqual({ id: reply.dict.id });
    const other = await connect(url, { flag: 1, dict: 'AAAAAAAAAAAAAAAA' });
    expect([other.reply.dict.id, other.content]).toEqual([reply.dict.id, content]);
  });

  test('gets frames that are made once for all of them, and not compressed a second time', async () => {
    const { url, app, metric } = await start({ deflate: { dictionary: true, minBytes: 0 } });
    const all = await Promise.all(Array.from({ length: 6 }, () => connect(url, { flag: 1 }, true)));
    const before = await metric('deflated_frames_total');
    await app.publish('own:ada', 'x'.repeat(500));
    await Promise.all(all.map(({ frames }) => frames.atLeast(2)));
    expect((await metric('deflated_frames_total')) - before).toBe(1);
    for (const { frames, content } of all) expect(read(frames.items[1] as Frame, content).text).toContain('xxxx');
  });
});

describe('there is no dictionary', () => {
  test.each([
    ['for a client that has not said that it can read one', { deflate: { dictionary: true } }, { dict: 'x' }],
    ['for one that has only other features', { deflate: { dictionary: true } }, { flag: 2 }],
    ['on a listener without the option', { deflate: true }, { flag: 1 }],
  ])('%s', async (_, options, fields) => {
    const { url, app } = await start(options);
    const { reply, frames } = await connect(url, fields);
    expect([reply.flag, reply.dict]).toEqual([undefined, undefined]);
    await app.publish('own:ada', 'x'.repeat(300));
    const [, frame] = await frames.atLeast(2);
    expect(JSON.parse(String(frame?.bytes)).push.channel).toBe('own:ada');
  });
});
