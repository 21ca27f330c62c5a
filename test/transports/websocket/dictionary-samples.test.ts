/** Dictionaries from sampled messages: better ones for clients that connect later, and nothing that is not allowed. */

import { once } from 'node:events';
import { inflateRawSync } from 'node:zlib';
import { channel, fanfare } from 'fanfare';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Gathered } from '../../support/centrifuge/awaiting.js';
import { served } from '../../support/servers/served.js';

const perRound = 128;
const score = (n: number) => ({ home: 'Ålesund FK', guest: 'SK Brann', goals: n, scorer: `player ${n}` });

async function start() {
  const lines: { readonly message: string; readonly option?: unknown }[] = [];
  const app = fanfare({
    anonymous: true,
    channels: {
      'scores:{match}': channel({ subscribe: 'anyone', publish: 'anyone', dictionarySamples: true }),
      'private:{name}': channel({ subscribe: 'anyone', publish: 'anyone' }),
    },
    log: { debug() {}, info: (fields, message) => lines.push({ ...fields, message }), warn() {}, error() {} },
  });
  const { url } = await served(app, { deflate: { dictionary: true } });
  const learned = () =>
    vi.waitFor(() => expect(lines.filter(({ option }) => option === 'dictionarySamples')).toHaveLength(1));
  return { app, url, lines, learned };
}

/** A client that asks for a dictionary, and has subscribed. */
async function connect(url: string, channel: string, dict?: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`, { perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  const frames = new Gathered<Buffer>();
  socket.on('message', (bytes: Buffer) => frames.add(bytes));
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, connect: { flag: 1, ...(dict !== undefined && { dict }) } }));
  const [first] = await frames.atLeast(1);
  const { dict: named } = JSON.parse(String(first)).connect;
  const content = named.data_b64 === undefined ? undefined : inflateRawSync(Buffer.from(named.data_b64, 'base64'));
  socket.send(JSON.stringify({ id: 2, subscribe: { channel } }));
  await frames.atLeast(2);
  return { id: named.id as string, content, frames };
}

/** @returns the length of the frame in which it came, and its data, which has to be the last that was sent */
async function received({ frames }: { readonly frames: Gathered<Buffer> }, dictionary: Buffer, data: object) {
  const textOf = (frame: Buffer) =>
    frame[0] === 1 ? String(inflateRawSync(frame.subarray(1), { dictionary })) : String(frame.subarray(1));
  const isIt = (frame: Buffer) => textOf(frame).includes(JSON.stringify(data));
  await vi.waitFor(() => expect(frames.items.slice(1).some(isIt)).toBe(true));
  return frames.items.slice(1).find(isIt)?.length ?? 0;
}

test('clients that connect later get a better one; who has the old one keeps it, also when it comes back', async () => {
  const { app, url, learned } = await start();
  const old = await connect(url, 'scores:1');
  for (let n = 0; n < perRound; n++) await app.publish('scores:1', score(n));
  await learned();
  const young = await connect(url, 'scores:1');
  const back = await connect(url, 'scores:1', old.id);
  expect(young.id).not.toBe(old.id);
  expect([back.id, back.content]).toEqual([old.id, undefined]);
  expect(String(young.content)).toContain('Ålesund FK');
  expect(String(old.content)).not.toContain('Ålesund');
  const last = score(1_000);
  await app.publish('scores:1', last);
  // safe: both have got a dictionary whole
  const [oldContent, youngContent] = [old.content as Buffer, young.content as Buffer];
  const [before, again, after] = await Promise.all([
    received(old, oldContent, last),
    received(back, oldContent, last),
    received(young, youngContent, last),
  ]);
  expect(again).toBe(before);
  expect(after).toBeLessThan(before / 2);
});

test('what channels have that do not allow it is in none', async () => {
  const { app, url, learned, lines } = await start();
  const readers = [await connect(url, 'scores:1'), await connect(url, 'private:1')];
  for (let n = 0; n < perRound; n++) {
    await app.publish('private:1', { secret: 'correct horse battery staple', n });
    await app.publish('scores:1', score(n));
  }
  await learned();
  const { content } = await connect(url, 'scores:1');
  expect(readers.map(({ id }) => id)).toEqual([readers[0]?.id, readers[0]?.id]);
  expect(String(content)).toContain('SK Brann');
  expect(String(content)).not.toContain('correct horse');
  // Nor is it in the log.
  expect(JSON.stringify(lines)).not.toContain('Brann');
});
