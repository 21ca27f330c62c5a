/** The typed client in protobuf: what goes over the wire, and on which transports; channels.test.ts has what it can do. */

import type { ConnectOptions } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { gate, next, quickClient, serveChat, take, tokenOf } from './chat-server.js';

/** What went over WebSockets: the subprotocol, and each frame that came. */
function recorded() {
  const protocols: unknown[] = [];
  const frames: (string | number)[] = [];
  class Recorded extends WebSocket {
    constructor(url: string, offered?: string | string[]) {
      super(url, offered);
      protocols.push(offered);
      this.on('message', (data, isBinary) => frames.push(isBinary ? (data as ArrayBuffer).byteLength : String(data)));
    }
  }
  return { websocket: Recorded, protocols, frames };
}

/** Types of the bodies that were posted, by path. */
function postedTypes(): Map<string, Set<string | null>> {
  const types = new Map<string, Set<string | null>>();
  const original = globalThis.fetch;
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    const path = new URL(String(input)).pathname;
    const type = new Headers(init?.headers).get('Content-Type');
    types.set(path, (types.get(path) ?? new Set()).add(type));
    return original(input, init);
  });
  onTestFinished(() => spy.mockRestore());
  return types;
}

test('over WebSocket all is binary, and shorter than in JSON', async () => {
  const [binary, text] = [recorded(), recorded()];
  const server = await serveChat();
  const rooms = [binary, text].map(({ websocket }, n) =>
    server.connect({ websocket, ...(n === 0 && { codec: protobuf }) }).channel('chat:lobby'),
  );
  await Promise.all(rooms.map((room) => room.ready()));
  const messages = Promise.all(rooms.map((room) => next(room, 'message')));
  await server.app.publish('chat:lobby', { text: 'hello' });
  const [one, other] = await messages;
  expect(one).toEqual(other);
  expect([binary.protocols, text.protocols]).toEqual([['centrifuge-protobuf'], [undefined]]);
  const [bytes, line] = [binary.frames.at(-1), text.frames.at(-1)];
  expect(binary.frames.filter((frame) => typeof frame === 'string')).toEqual([]);
  expect(line).toBe('{"push":{"channel":"chat:lobby","pub":{"data":{"text":"hello"},"offset":1}}}');
  expect(bytes).toBe(37);
});

const ways: [name: string, options: ConnectOptions][] = [
  ['WebSocket', {}],
  ['HTTP streaming', { transports: ['http_stream'] }],
];

test.each(ways)('over %s: procedures, messages outside channels, and a refusal', async (_, options) => {
  const server = await serveChat({ codec: protobuf, ...options });
  const client = server.connect({ token: await tokenOf('ann') });
  expect(await client.rpc('add', { a: 1.5, b: -3 })).toBe(-1.5);
  expect(await client.rpc('whoAmI')).toBe('ann');
  await expect(client.rpc('fail')).rejects.toMatchObject({ code: 'ERR_INTERNAL', protocolCode: 100 });
  const message = next(client, 'message');
  server.app.send('ann', ['é', 0, null]);
  expect(await message).toEqual({ data: ['é', 0, null] });
});

test.each(ways)('G4: over %s it recovers exactly what it has missed', async (_, options) => {
  const server = await serveChat({ codec: protobuf, ...options });
  const door = gate();
  const client = server.connect({ token: await tokenOf('ann'), data: door.passed });
  const room = client.channel('chat:lobby');
  await room.ready();
  const messages = take(room, 'message', 4);
  await server.app.publish('chat:lobby', { text: '1' });
  await server.cut(client, door);
  for (const text of ['2', '3']) await server.app.publish('chat:lobby', { text });
  const back = next(room, 'subscribed');
  door.open();
  expect(await back).toMatchObject({ wasRecovering: true, recovered: true });
  await server.app.publish('chat:lobby', { text: '4' });
  expect((await messages).map(({ data, offset }) => [data.text, offset])).toEqual([
    ['1', 1],
    ['2', 2],
    ['3', 3],
    ['4', 4],
  ]);
});

test.each(ways)('over %s a large message, in many pieces, arrives whole', async (_, options) => {
  const server = await serveChat({ codec: protobuf, ...options });
  const room = server.connect().channel('chat:lobby');
  await room.ready();
  const messages = take(room, 'message', 3);
  const texts = ['a', 'é🎺'.repeat(9_000), 'b'];
  for (const text of texts) await room.publish({ text });
  expect((await messages).map(({ data }) => data.text)).toEqual(texts);
});

test('where only long polling passes it goes on in JSON, and in protobuf again when WebSocket passes', async () => {
  const types = postedTypes();
  const server = await serveChat();
  let isBlocked = true;
  class Blockable extends WebSocket {
    constructor(url: string, offered?: string | string[]) {
      super(isBlocked ? 'ws://127.0.0.1:1' : url, offered);
    }
  }
  const client = quickClient<typeof server.app>(server.url, {
    codec: protobuf,
    websocket: Blockable,
    transports: ['websocket', 'http_stream', 'long_polling'],
    endpoints: { httpStream: '/blocked' },
    probeIntervalMs: 20,
    steadyAfterMs: 20,
    transportStore: null,
  });
  const room = client.channel('chat:lobby');
  const received: string[] = [];
  room.on('message', ({ data }) => received.push(data.text));
  await room.publish({ text: 'by polling' });
  expect(client.transport).toBe('long_polling');
  expect(types.get('/blocked')).toEqual(new Set(['application/octet-stream']));
  expect(types.get('/connection/long_polling')).toEqual(new Set(['application/json']));
  isBlocked = false;
  await vi.waitFor(() => expect(client.transport).toBe('websocket'));
  await room.publish({ text: 'by WebSocket' });
  await vi.waitFor(() => expect(received).toEqual(['by polling', 'by WebSocket']));
});
