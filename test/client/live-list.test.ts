/** `channel.live()` and the positions that `publish` resolves with, in both codecs, over WebSocket and over streams. */

import { protobuf } from 'fanfare/client/protobuf';
import { describe, expect, it, test } from 'vitest';
import { WebSocket } from 'ws';
import { gate, serveChat, tokenOf, until } from './chat-server.js';

describe('a list that stays up to date', () => {
  it('has the history, then what comes, each once; and ends with its close', async () => {
    const server = await serveChat();
    for (const text of ['1', '2', '3']) await server.app.publish('chat:lobby', { text });
    const room = server.connect().channel('chat:lobby');
    const live = room.live({ history: 2 });
    const views: string[] = [];
    live.on('change', ({ messages }) => views.push(messages.map(({ data }) => data.text).join()));
    expect(live.view).toMatchObject({ state: 'subscribing', loading: true, messages: [] });
    await until(() => !live.view.loading);
    await room.publish({ text: '4' });
    await until(() => live.messages.length === 3);
    expect(live.messages.map(({ data, offset }) => [data.text, offset])).toEqual([
      ['2', 2],
      ['3', 3],
      ['4', 4],
    ]);
    expect(views.at(-1)).toBe('2,3,4');
    live.clear();
    expect(live.messages).toEqual([]);
    live.close();
    live.close();
    const before = views.length;
    // The room itself is still open, which its own user has asked for.
    await room.publish({ text: '5' });
    expect(room.state).toBe('subscribed');
    expect(live.messages).toEqual([]);
    expect(live.on('change', () => undefined)).toBeTypeOf('function');
    expect(views).toHaveLength(before);
  });

  it.each([
    [2, ['3', '4'], false],
    [0, ['before'], true],
  ])('after a cut that lost some, with a history of %i: %s, and a gap is %s', async (history, texts, gap) => {
    const server = await serveChat();
    const door = gate();
    const client = server.connect({ token: await tokenOf('ann'), data: door.passed });
    const live = client.channel('short:lobby').live({ history });
    await until(() => live.view.state === 'subscribed' && !live.view.loading);
    await server.app.publish('short:lobby', { text: 'before' });
    await until(() => live.messages.length === 1);
    await server.cut(client, door);
    for (const text of ['1', '2', '3', '4']) await server.app.publish('short:lobby', { text });
    door.open();
    await until(() => !live.view.recovered && !live.view.loading);
    expect(live.messages.map(({ data }) => data.text)).toEqual(texts);
    expect(live.view).toMatchObject({ state: 'subscribed', gap, error: undefined });
  });

  it('says why there is none', async () => {
    const server = await serveChat();
    const live = server.connect().channel('secret:lobby').live({ history: 5 });
    await until(() => live.view.state === 'unsubscribed');
    expect(live.view).toMatchObject({ loading: false, error: { code: 'ERR_PERMISSION_DENIED' } });
  });
});

test.each([
  ['JSON', {}],
  ['protobuf', { codec: protobuf }],
  ['JSON over HTTP streaming', { transports: ['http_stream'] }],
] as const)('publish resolves with the position where there is a history, in %s', async (_, options) => {
  const server = await serveChat({ ...options });
  const client = server.connect();
  const room = client.channel('chat:lobby');
  const first = await room.publish({ text: 'first' });
  expect(first).toEqual({ offset: 1, epoch: expect.stringMatching(/./) });
  const second = await client.publish('chat:lobby', { text: 'second' });
  expect(second).toEqual({ offset: 2, epoch: first?.epoch });
  const { messages } = await room.history({ ...(first && { since: first }) });
  expect(messages.map(({ data }) => data.text)).toEqual(['second']);
  expect(await client.publish('plain:lobby', { text: 'not kept' })).toBeUndefined();
});

test('whoever does not ask gets the same bytes as before', async () => {
  const { url } = await serveChat();
  const { port } = new URL(url);
  const replies = await once(`ws://127.0.0.1:${port}/connection/websocket`, [
    '{"id":1,"connect":{}}',
    '{"id":2,"publish":{"channel":"chat:lobby","data":{"text":"a"}}}',
    '{"id":3,"publish":{"channel":"chat:lobby","data":{"text":"b"},"flag":1}}',
  ]);
  expect(replies[1]).toBe('{"id":2,"publish":{}}');
  expect(replies[2]).toMatch(/^\{"id":3,"publish":\{"offset":2,"epoch":"[^"]+"\}\}$/);
});

/** The replies to these commands, as they come. */
function once(url: string, commands: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const socket = new WebSocket(url);
    socket.on('error', reject);
    socket.on('open', () => socket.send(commands.join('\n')));
    socket.on('message', (data) => {
      lines.push(...String(data).split('\n'));
      if (lines.length < commands.length) return;
      socket.close();
      resolve(lines);
    });
  });
}
