/** The connection of the typed client against a running server: tokens, recovery, procedures, closing. */

import { connect, type WebSocketConstructor } from 'fanfare/client';
import { WebSocket as Undici6 } from 'undici6';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type ChatServer, gate, next, serveChat, take, tokenOf, until } from './chat-server.js';

let server: ChatServer;
beforeEach(async () => {
  server = await serveChat();
});

describe('connect', () => {
  it('connects at once, and says since when it is in which state', async () => {
    const before = Date.now();
    const client = server.connect();
    expect(client.state).toBe('connecting');
    expect(client.status).toMatchObject({ state: 'connecting', isReconnecting: false });
    expect(client.transport).toBeUndefined();
    expect(await next(client, 'connected')).toEqual({ client: expect.any(String), transport: 'websocket' });
    expect(client.transport).toBe('websocket');
    const { status } = client;
    expect(status).toEqual({ state: 'connected', sinceMs: expect.any(Number), isReconnecting: false });
    expect(status.sinceMs).toBeGreaterThanOrEqual(before);
    expect(client.status).toBe(status);
  });

  it('waits for the first use when it is lazy', async () => {
    const client = server.connect({ lazy: true });
    expect(client.state).toBe('disconnected');
    expect(await client.rpc('add', { a: 1, b: 2 })).toBe(3);
    expect(client.state).toBe('connected');
    const other = server.connect({ lazy: true });
    await other.channel('plain:lobby').ready();
    expect(other.state).toBe('connected');
  });

  it('refuses a runtime without WebSocket, and a URL that is none', () => {
    vi.stubGlobal('WebSocket', undefined);
    try {
      expect(() => connect(server.url)).toThrow(expect.objectContaining({ code: 'ERR_NO_WEBSOCKET' }));
    } finally {
      vi.unstubAllGlobals();
    }
    expect(() => connect('/live', { websocket: WebSocket })).toThrow(expect.objectContaining({ code: 'ERR_URL' }));
  });

  it('goes on trying while nobody listens there, and tells each failure', async () => {
    const { app } = server;
    await app.close(100);
    const client = server.connect();
    const errors = await take(client, 'error', 3);
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_CONNECTION', retryable: true });
    expect(client.status).toMatchObject({ state: 'connecting', isReconnecting: false });
  });
});

/** That of Node 22 fires no `close` when it is refused; so no attempt may wait for it. */
describe.each<[string, WebSocketConstructor]>([
  ['undici 6', Undici6],
  ...(globalThis.WebSocket === undefined
    ? []
    : [['this Node', globalThis.WebSocket] as [string, WebSocketConstructor]]),
])('with the WebSocket of %s', (_, websocket) => {
  // Beyond the time of the test.
  const timeoutMs = 120_000;

  it('tries again without waiting for the time-out while nobody listens there', async () => {
    await server.app.close(100);
    const client = server.connect({ websocket, timeoutMs, transports: ['websocket'] });
    const errors = await take(client, 'error', 3);
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_CONNECTION' });
    client.close();
  });

  it('goes on by HTTP at once where the handshake is refused', async () => {
    const url = new URL('/nowhere/connection/websocket', server.url);
    const endpoints = { httpStream: '/connection/http_stream', emulation: '/emulation' };
    const token = await tokenOf('ann');
    const client = connect(url, { websocket, timeoutMs, endpoints, token, minReconnectDelayMs: 5 });
    expect(await next(client, 'connected')).toMatchObject({ transport: 'http_stream' });
    client.close();
  });
});

describe('tokens', () => {
  it('may be a string', async () => {
    const client = server.connect({ token: await tokenOf('ann') });
    expect(await client.rpc('whoAmI')).toBe('ann');
  });

  it('are fetched by a function, again before they expire', async () => {
    let calls = 0;
    const token = vi.fn(() => tokenOf('ann', { expiresInSec: ++calls === 1 ? 1 : 3_600 }));
    const client = server.connect({ token });
    const disconnects = vi.fn();
    client.on('connecting', disconnects);
    expect(await client.rpc('whoAmI')).toBe('ann');
    await until(() => calls === 2);
    expect(await client.rpc('whoAmI')).toBe('ann');
    expect(disconnects).not.toHaveBeenCalled();
  });

  it('are asked for again when getting one fails', async () => {
    const token = vi.fn(() => tokenOf('ann')).mockRejectedValueOnce(new Error('backend is down'));
    const client = server.connect({ token });
    const error = next(client, 'error');
    expect(await client.rpc('whoAmI')).toBe('ann');
    expect(await error).toMatchObject({ code: 'ERR_TOKEN', retryable: true });
    expect(token).toHaveBeenCalledTimes(2);
  });

  it('that are null keep the client away, until connect()', async () => {
    const token = vi.fn<() => Promise<string | null>>(() => tokenOf('ann')).mockResolvedValueOnce(null);
    const client = server.connect({ token });
    expect(await next(client, 'disconnected')).toMatchObject({ code: 1 });
    await expect(client.rpc('whoAmI')).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
    client.connect();
    expect(await client.rpc('whoAmI')).toBe('ann');
  });

  it('that are bad end it: the server sends the client away for good', async () => {
    const client = server.connect({ token: 'not a token' });
    const room = client.channel('plain:lobby');
    expect(await next(client, 'disconnected')).toEqual({ code: 3_500, reason: 'invalid token' });
    expect(client.status).toMatchObject({ state: 'disconnected', cause: { code: 3_500 } });
    await expect(client.ready()).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
    await expect(room.publish({ text: 'hello' })).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
  });

  it('of a channel come from tokenFor, for the channels that need one', async () => {
    const tokenFor = vi.fn((channel: string) =>
      channel.startsWith('secret:') ? tokenOf('ann', { channel: 'secret:lair' }) : undefined,
    );
    const client = server.connect({ token: await tokenOf('ann'), tokenFor });
    await client.channel('plain:lobby').ready();
    const lair = client.channel('secret:lair');
    await lair.ready();
    const message = next(lair, 'message');
    await server.app.publish('secret:lair', { text: 'psst' });
    expect((await message).data.text).toBe('psst');
    await expect(client.channel('secret:other').ready()).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
    expect(tokenFor.mock.calls).toEqual([['plain:lobby'], ['secret:lair'], ['secret:other']]);
  });

  it('of a channel are asked for again when they have expired or getting one fails', async () => {
    const tokenFor = vi
      .fn(() => tokenOf('ann', { channel: 'secret:lair' }))
      .mockImplementationOnce(() => tokenOf('ann', { channel: 'secret:lair', expiresInSec: -60 }))
      .mockRejectedValueOnce(new Error('backend is down'));
    const lair = server.connect({ token: await tokenOf('ann'), tokenFor }).channel('secret:lair');
    const errors = take(lair, 'error', 2);
    await lair.ready();
    expect((await errors).map(({ code }) => code)).toEqual(['ERR_TOKEN_EXPIRED', 'ERR_TOKEN']);
    expect(tokenFor).toHaveBeenCalledTimes(3);
  });
});

describe('after a cut', () => {
  /** A client of ann's in a room, whose way back is held up at `door`. */
  async function joined(channel: 'chat:lobby' | 'short:lobby' | 'plain:lobby') {
    const door = gate();
    const client = server.connect({ token: await tokenOf('ann'), data: door.passed });
    const room = client.channel(channel);
    const texts: string[] = [];
    room.on('message', ({ data }) => texts.push(data.text));
    await room.ready();
    await server.app.publish(channel, { text: 'before' });
    await until(() => texts.length === 1);
    return { client, room, texts, door };
  }

  it('what was published meanwhile arrives, in order and once', async () => {
    const { client, room, texts, door } = await joined('chat:lobby');
    const gap = vi.fn();
    room.on('gap', gap);
    expect(await server.cut(client, door)).toMatchObject({ code: 3_011 });
    expect(client.status).toMatchObject({ state: 'connecting', isReconnecting: true, cause: { code: 3_011 } });
    expect(room.state).toBe('subscribing');
    const missed = Array.from({ length: 20 }, (_, index) => `missed ${index}`);
    for (const text of missed) await server.app.publish('chat:lobby', { text });
    const subscribed = next(room, 'subscribed');
    door.open();
    expect(await subscribed).toMatchObject({ wasRecovering: true, recovered: true });
    await server.app.publish('chat:lobby', { text: 'after' });
    await until(() => texts.includes('after'));
    expect(texts).toEqual(['before', ...missed, 'after']);
    expect(gap).not.toHaveBeenCalled();
  });

  it('more than the history holds is a gap, and no part of it is delivered', async () => {
    const { client, room, texts, door } = await joined('short:lobby');
    await server.cut(client, door);
    for (const text of ['1', '2', '3']) await server.app.publish('short:lobby', { text });
    const order: string[] = [];
    room.on('subscribed', ({ recovered }) => order.push(`subscribed ${recovered}`));
    room.on('gap', ({ position }) => order.push(`gap ${position?.offset}`));
    const gap = next(room, 'gap');
    door.open();
    await gap;
    expect(order).toEqual(['subscribed false', 'gap 4']);
    await server.app.publish('short:lobby', { text: 'after' });
    await until(() => texts.includes('after'));
    expect(texts).toEqual(['before', 'after']);
  });

  it('a channel without history goes on with what is published then', async () => {
    const { client, room, texts } = await joined('plain:lobby');
    const subscribed = next(room, 'subscribed');
    server.app.disconnect('ann', { reconnect: true });
    expect(await subscribed).toEqual({ wasRecovering: false, recovered: false });
    await client.publish('plain:lobby', { text: 'after' });
    await until(() => texts.includes('after'));
    expect(texts).toEqual(['before', 'after']);
  });

  it('a loop goes on without noticing', async () => {
    const { client, room, door } = await joined('chat:lobby');
    const reader = room[Symbol.asyncIterator]();
    await server.cut(client, door);
    const first = reader.next();
    await server.app.publish('chat:lobby', { text: 'meanwhile' });
    door.open();
    expect((await first).value?.data.text).toBe('meanwhile');
  });

  it('a call that was under way fails with ERR_CONNECTION', async () => {
    const { client, door } = await joined('chat:lobby');
    door.shut();
    const call = client.rpc('add', { a: 1, b: 2 });
    server.app.disconnect('ann', { reconnect: true });
    await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION', retryable: true });
    const late = client.rpc('add', { a: 1, b: 2 });
    door.open();
    expect(await late).toBe(3);
  });

  it('a call fails with ERR_TIMEOUT when it takes too long to come back', async () => {
    const door = gate();
    door.shut();
    const client = server.connect({ data: door.passed, timeoutMs: 50 });
    await expect(client.rpc('add', { a: 1, b: 2 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT', retryable: true });
    await expect(client.channel('plain:lobby').publish({ text: 'a' })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await expect(client.ready(20)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    door.open();
    await client.ready();
  });
});

describe('procedures', () => {
  it('answer, and their errors have codes', async () => {
    const client = server.connect();
    expect(await client.rpc('add', { a: 1, b: 2 })).toBe(3);
    // @ts-expect-error what the schema refuses does not compile either
    await expect(client.rpc('add', { a: 1 })).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' });
    // @ts-expect-error a procedure that is not declared does not compile either
    await expect(client.rpc('subtract')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_PROCEDURE', protocolCode: 104 });
    await expect(client.rpc('whoAmI')).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
    await expect(client.rpc('fail')).rejects.toMatchObject({ code: 'ERR_INTERNAL', retryable: true });
  });
});

describe('outside channels', () => {
  it('the server sends to a user', async () => {
    const client = server.connect({ token: await tokenOf('ann') });
    await client.ready();
    const message = next(client, 'message');
    server.app.send('ann', { badge: 3 });
    expect(await message).toEqual({ data: { badge: 3 } });
  });

  it('a publication needs no subscription', async () => {
    const client = server.connect();
    await client.publish('inbox:ann', { text: 'for you' });
    await expect(client.publish('secret:lair', { text: 'no' })).rejects.toMatchObject({
      code: 'ERR_PERMISSION_DENIED',
    });
  });
});

describe('close', () => {
  it('ends the channels and every call, for good', async () => {
    const client = server.connect();
    const room = client.channel('chat:lobby');
    await room.ready();
    const events: string[] = [];
    room.on('unsubscribed', ({ code }) => events.push(`unsubscribed ${code}`));
    client.on('disconnected', ({ code }) => events.push(`disconnected ${code}`));
    const end = room[Symbol.asyncIterator]().next();
    client.close();
    client.close();
    expect(events).toEqual(['unsubscribed 0', 'disconnected 0']);
    expect(await end).toEqual({ done: true, value: undefined });
    await expect(client.rpc('add', { a: 1, b: 2 })).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(room.publish({ text: 'late' })).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(() => client.channel('chat:lobby')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    expect(() => client.connect()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    await until(() => server.app.numClients === 0);
  });
});
