/** Channels of the typed client against a running server: events, calls, the async iterator and sharing. */

import { allOf, ClientError, type ConnectOptions, not, tag } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, next, serveChat, take, tokenOf, until } from './chat-server.js';

const ways: [name: string, options: ConnectOptions][] = [
  ['in JSON', {}],
  ['in protobuf', { codec: protobuf }],
  ['in protobuf over HTTP streaming', { codec: protobuf, transports: ['http_stream'] }],
];

describe.each(ways)('%s', (_, options) => {
  let server: ChatServer;
  beforeEach(async () => {
    server = await serveChat(options);
  });

  describe('a channel', () => {
    it('delivers what the server and other clients publish, with its place and its publisher', async () => {
      const room = server.connect().channel('chat:lobby');
      const other = server.connect({ token: await tokenOf('ann') }).channel('chat:lobby');
      const messages = take(room, 'message', 2);
      await Promise.all([room.ready(), other.ready()]);
      await other.publish({ text: 'from ann' });
      await server.app.publish('chat:lobby', { text: 'from the server' }, { tags: { kind: 'notice' } });
      expect(await messages).toEqual([
        { data: { text: 'from ann' }, offset: 1, info: { user: 'ann', client: expect.any(String) } },
        { data: { text: 'from the server' }, offset: 2, tags: { kind: 'notice' } },
      ]);
    });

    it('subscribes by itself, and calls wait for that', async () => {
      const room = server.connect().channel('chat:lobby');
      expect(room.state).toBe('subscribing');
      await room.publish({ text: 'hello' });
      expect(room.state).toBe('subscribed');
      const { messages, offset, epoch } = await room.history();
      expect(messages).toEqual([{ data: { text: 'hello' }, offset: 1, info: expect.anything() }]);
      expect({ offset, epoch }).toEqual({ offset: 1, epoch: expect.any(String) });
    });

    it('gets what passes its filter, which all its users in the page have', async () => {
      const client = server.connect();
      const filter = allOf(tag('kind').isOneOf('notice', 'alarm'), not(tag('kind').is('chat')));
      const notices = client.channel('chat:lobby', { filter });
      const messages = take(notices, 'message', 2);
      await notices.ready();
      for (const [n, kind] of ['notice', 'chat', 'notice'].entries()) {
        await server.app.publish('chat:lobby', { text: `${n}` }, { tags: { kind } });
      }
      expect((await messages).map(({ data, offset }) => [data.text, offset])).toEqual([
        ['0', 1],
        ['2', 3],
      ]);
      expect(client.channel('chat:lobby', { filter: { ...filter } })).toBe(notices);
      expect(() => client.channel('chat:lobby')).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
      notices.close();
      notices.close();
      const all = client.channel('chat:lobby');
      expect(all).not.toBe(notices);
      const message = next(all, 'message');
      await all.ready();
      await server.app.publish('chat:lobby', { text: 'for all' }, { tags: { kind: 'chat' } });
      expect((await message).data).toEqual({ text: 'for all' });
    });

    it('reads history by limit, since and reverse', async () => {
      const room = server.connect().channel('chat:lobby');
      for (const text of ['a', 'b', 'c', 'd']) await server.app.publish('chat:lobby', { text });
      const texts = async (options: Parameters<typeof room.history>[0]) =>
        (await room.history(options)).messages.map(({ data }) => data.text);
      const { epoch } = await room.history({ limit: 0 });
      expect(await texts({ limit: 2 })).toEqual(['a', 'b']);
      expect(await texts({ since: { offset: 2, epoch } })).toEqual(['c', 'd']);
      expect(await texts({ limit: 2, reverse: true })).toEqual(['d', 'c']);
      expect(await texts({ limit: 0 })).toEqual([]);
      await expect(room.history({ since: { offset: 2, epoch: 'another' } })).rejects.toMatchObject({
        code: 'ERR_UNRECOVERABLE',
      });
    });

    it('tells who is there, who comes and who goes', async () => {
      const room = server.connect({ token: await tokenOf('ann') }).channel('chat:lobby');
      const joins = take(room, 'join', 2);
      const leave = next(room, 'leave');
      await room.ready();
      const other = await server.entered('bob');
      expect((await joins).map(({ user }) => user)).toEqual(['ann', 'bob']);
      expect((await room.presence()).map(({ user }) => user).sort()).toEqual(['ann', 'bob']);
      expect(await room.presenceStats()).toEqual({ numClients: 2, numUsers: 2 });
      other.close();
      expect((await leave).user).toBe('bob');
    });

    it('asks for joins when a listener for them comes late, and goes on meanwhile', async () => {
      const client = server.connect({ token: await tokenOf('ann') });
      const room = client.channel('chat:lobby');
      const texts: string[] = [];
      room.on('message', ({ data }) => texts.push(data.text));
      await room.publish({ text: '1' });
      const changes: string[] = [];
      for (const event of ['subscribing', 'subscribed', 'unsubscribed'] as const)
        room.on(event, () => changes.push(event));
      const joins = take(room, 'join', 1);
      const published = ['2', '3', '4', '5'].map((text) => server.app.publish('chat:lobby', { text }));
      await Promise.all([...published, room.presence()]);
      await server.entered('bob');
      expect((await joins).map(({ user }) => user)).toEqual(['bob']);
      await room.publish({ text: '6' });
      await until(() => texts.includes('6'));
      expect([texts, changes]).toEqual([['1', '2', '3', '4', '5', '6'], []]);
    });

    it('brings data to the subscribe function and back', async () => {
      const room = server.connect().channel('echo:lobby', { data: { language: 'en' } });
      expect(await next(room, 'subscribed')).toEqual({
        wasRecovering: false,
        recovered: false,
        data: { echo: { language: 'en' } },
      });
    });

    it('gives each listener its own end', async () => {
      const room = server.connect().channel('plain:lobby');
      const seen: string[] = [];
      const stop = room.on('message', () => seen.push('first'));
      room.on('message', () => seen.push('second'));
      const one = next(room, 'message');
      await room.publish({ text: '1' });
      await one;
      stop();
      const two = next(room, 'message');
      await room.publish({ text: '2' });
      await two;
      expect(seen).toEqual(['first', 'second', 'second']);
    });
  });

  describe('refusals', () => {
    it('of a subscription have a code, in the event and in what waits for it', async () => {
      const room = server.connect().channel('inbox:ann');
      const unsubscribed = next(room, 'unsubscribed');
      await expect(room.ready()).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED', protocolCode: 103 });
      expect((await unsubscribed).error).toBeInstanceOf(ClientError);
      expect((await unsubscribed).error).toMatchObject({ code: 'ERR_PERMISSION_DENIED', retryable: false });
      expect(room.state).toBe('unsubscribed');
      await expect(room.publish({ text: 'late' })).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
      await expect(room[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
    });

    it('of a publication have a code', async () => {
      const client = server.connect();
      // @ts-expect-error what the schema refuses does not compile either
      const invalid = client.channel('chat:lobby').publish({ text: 1 });
      await expect(invalid).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST', protocolCode: 107 });
      await expect(client.channel('short:lobby').publish({ text: 'a' })).rejects.toMatchObject({
        code: 'ERR_PERMISSION_DENIED',
      });
      await expect(client.channel('plain:lobby').presence()).rejects.toMatchObject({ code: 'ERR_NOT_AVAILABLE' });
      // @ts-expect-error a name that is not declared does not compile either
      await expect(client.channel('nowhere').ready()).rejects.toMatchObject({ code: 'ERR_UNKNOWN_CHANNEL' });
    });

    it('by the server later end the subscription until subscribe() is called', async () => {
      const room = server.connect({ token: await tokenOf('ann') }).channel('chat:lobby');
      await room.ready();
      const unsubscribed = next(room, 'unsubscribed');
      server.app.unsubscribe('ann', 'chat:lobby');
      expect(await unsubscribed).toMatchObject({
        code: 2_000,
        error: { code: 'ERR_UNSUBSCRIBED', protocolCode: 2_000 },
      });
      await expect(room.publish({ text: 'a' })).rejects.toMatchObject({ code: 'ERR_UNSUBSCRIBED' });
      room.subscribe();
      await room.publish({ text: 'a' });
    });
  });

  describe('for await', () => {
    it('gives the messages from its beginning on, in order, until the channel is closed', async () => {
      const room = server.connect().channel('plain:lobby');
      await room.ready();
      const reader = room[Symbol.asyncIterator]();
      for (const text of ['a', 'b', 'c']) await room.publish({ text });
      const texts: string[] = [];
      for await (const { data } of reader) {
        texts.push(data.text);
        if (texts.length === 3) room.close();
      }
      expect(texts).toEqual(['a', 'b', 'c']);
    });

    it('can be left and begun again', async () => {
      const room = server.connect().channel('plain:lobby');
      await room.ready();
      for (const text of ['a', 'b']) {
        const reader = room[Symbol.asyncIterator]();
        await server.app.publish('plain:lobby', { text });
        for await (const { data } of reader) {
          expect(data.text).toBe(text);
          break;
        }
      }
      expect(room.state).toBe('subscribed');
    });

    it('fails with ERR_BUFFER_OVERFLOW after maxBuffered messages that nobody took', async () => {
      const room = server.connect().channel('plain:lobby', { maxBuffered: 2 });
      await room.ready();
      const reader = room[Symbol.asyncIterator]();
      const all = take(room, 'message', 4);
      for (const text of ['a', 'b', 'c', 'd']) await server.app.publish('plain:lobby', { text });
      await all;
      const texts: string[] = [];
      const reading = async () => {
        for await (const { data } of reader) texts.push(data.text);
      };
      await expect(reading()).rejects.toMatchObject({ code: 'ERR_BUFFER_OVERFLOW' });
      expect(texts).toEqual(['a', 'b']);
      expect(room.state).toBe('subscribed');
    });

    it('ends when the server ends the subscription', async () => {
      const room = server.connect({ token: await tokenOf('ann') }).channel('chat:lobby');
      await room.ready();
      const end = room[Symbol.asyncIterator]().next();
      server.app.unsubscribe('ann', 'chat:lobby');
      expect(await end).toEqual({ done: true, value: undefined });
    });

    it('fails with ERR_DISCONNECTED when the server sends the client away for good', async () => {
      const room = server.connect({ token: await tokenOf('ann') }).channel('chat:lobby');
      await room.ready();
      const end = room[Symbol.asyncIterator]().next();
      server.app.disconnect('ann');
      await expect(end).rejects.toMatchObject({ code: 'ERR_DISCONNECTED', protocolCode: 3_503 });
    });
  });

  describe('a channel that is asked for twice', () => {
    it('is one object, and stays subscribed until each user has closed it', async () => {
      const client = server.connect();
      const room = client.channel('chat:lobby');
      expect(client.channel('chat:lobby')).toBe(room);
      await room.ready();
      const unsubscribed = next(room, 'unsubscribed');
      room.close();
      await room.publish({ text: 'still here' });
      room.close();
      expect(await unsubscribed).toMatchObject({ code: 0 });
      expect(room.state).toBe('unsubscribed');
      await until(async () => (await server.app.presence('chat:lobby')).length === 0);
      await expect(room.publish({ text: 'late' })).rejects.toMatchObject({ code: 'ERR_CLOSED' });
      expect(await room[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    });

    it('sends nothing when it is closed and asked for again in one turn', async () => {
      const client = server.connect();
      const room = client.channel('chat:lobby');
      await room.ready();
      const changes: string[] = [];
      for (const event of ['subscribing', 'unsubscribed'] as const) room.on(event, () => changes.push(event));
      room.close();
      expect(client.channel('chat:lobby')).toBe(room);
      await room.publish({ text: 'still here' });
      expect(changes).toEqual([]);
    });

    it('is a new one after the last user has gone, and subscribes again', async () => {
      const client = server.connect();
      const former = client.channel('chat:lobby');
      await former.ready();
      const unsubscribed = next(former, 'unsubscribed');
      former.close();
      await unsubscribed;
      former.close();
      const room = client.channel('chat:lobby');
      expect(room).not.toBe(former);
      await room.publish({ text: 'hello' });
      expect(await server.app.presence('chat:lobby')).toHaveLength(1);
    });

    it('is not resurrected by a listener that asks for it while it ends', async () => {
      const client = server.connect();
      const room = client.channel('chat:lobby');
      await room.ready();
      let successor: typeof room | undefined;
      room.on('unsubscribed', () => {
        successor = client.channel('chat:lobby');
      });
      room.close();
      await until(() => successor !== undefined);
      expect(successor).not.toBe(room);
      await successor?.publish({ text: 'hello' });
    });
  });
});
