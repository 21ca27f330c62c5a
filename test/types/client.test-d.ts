/** What compiles against a declared application on the client's end, and what must not. */

import { type Channel, type Client, connect, type Member, type Message } from 'fanfare/client';
import { streams } from 'fanfare/client/streams';
import { describe, expectTypeOf, test } from 'vitest';
import type { Arena } from './arena.js';

declare const client: Client<Arena>;
declare const id: string;
declare const anyName: string;

describe('streams', () => {
  test('have items of the type of the channel that their name matches', () => {
    expectTypeOf(streams(client, 'chat:lobby').stream('a').items).toEqualTypeOf<
      readonly { text: string; size: number }[]
    >();
    // @ts-expect-error no such channel
    streams(client, 'chats:lobby');
  });
});

describe('channels', () => {
  const room = client.channel('chat:lobby');

  test('have the message types of the pattern that their name matches', () => {
    expectTypeOf(room).toEqualTypeOf<
      Channel<{ text: string; size: number }, { text: string; size?: number | undefined }>
    >();
    room.on('message', ({ data }) => expectTypeOf(data).toEqualTypeOf<{ text: string; size: number }>());
    client.channel('match:42').on('message', ({ data }) => expectTypeOf(data.home).toEqualTypeOf<number>());
    client.channel('match:42:2').on('message', ({ data }) => expectTypeOf(data).toEqualTypeOf<{ minute: number }>());
    client.channel('files:a:b:c').on('message', ({ data }) => expectTypeOf(data).toEqualTypeOf<string>());
    client.channel('news').on('message', ({ data }) => expectTypeOf(data).toEqualTypeOf<unknown>());
  });

  test('can be named by template literals', () => {
    client.channel(`chat:${id}`).on('message', ({ data }) => expectTypeOf(data.text).toEqualTypeOf<string>());
    client.channel(`match:${7 as number}`).on('message', ({ data }) => expectTypeOf(data.home).toEqualTypeOf<number>());
    const name = `chat:${id}` as const;
    expectTypeOf(client.channel(name).publish)
      .parameter(0)
      .toEqualTypeOf<{ text: string; size?: number | undefined }>();
  });

  test('must be declared', () => {
    // @ts-expect-error no such channel
    client.channel('chat');
    // @ts-expect-error no such channel
    client.channel('chats:lobby');
    // @ts-expect-error a placeholder is not empty
    client.channel('chat:');
    // @ts-expect-error a placeholder is one segment
    client.channel('chat:lobby:1');
    // @ts-expect-error a string may be any name
    client.channel(anyName);
    // @ts-expect-error no such channel
    client.channel(`chut:${id}`);
  });

  test('take what their schema takes', () => {
    void room.publish({ text: 'hello' });
    void room.publish({ text: 'hello', size: 2 });
    // @ts-expect-error text is missing
    void room.publish({});
    // @ts-expect-error text is a string
    void room.publish({ text: 1 });
    // @ts-expect-error there is no such property
    void room.publish({ text: 'hello', colour: 'red' });
    void client.publish('chat:lobby', { text: 'hello' });
    // @ts-expect-error a score is no text
    void client.publish('match:42', { text: 'hello' });
    // @ts-expect-error no such channel
    void client.publish('matches:42', { home: 1, away: 0 });
  });

  test('give what their schema gives', () => {
    // @ts-expect-error there is no such property
    room.on('message', ({ data }) => data.txt);
    // @ts-expect-error no such event
    room.on('messages', () => {});
    expectTypeOf(room.history())
      .resolves.toHaveProperty('messages')
      .toEqualTypeOf<readonly Message<{ text: string; size: number }>[]>();
    expectTypeOf(room.presence()).resolves.toEqualTypeOf<Member[]>();
  });

  test('are async iterables of their messages', async () => {
    for await (const message of room) expectTypeOf(message.data.text).toEqualTypeOf<string>();
    // @ts-expect-error there is no such property
    for await (const message of room) message.data.txt;
  });
});

describe('procedures', () => {
  test('have the argument and the result of their declaration', () => {
    expectTypeOf(client.rpc('add', { a: 1, b: 2 })).resolves.toEqualTypeOf<number>();
    expectTypeOf(client.rpc('rooms')).resolves.toEqualTypeOf<string[]>();
    expectTypeOf(client.rpc('find')).resolves.toEqualTypeOf<{ name: string | null }>();
    expectTypeOf(client.rpc('find', 'a')).resolves.toEqualTypeOf<{ name: string | null }>();
  });

  test('must be declared and called as declared', () => {
    // @ts-expect-error no such procedure
    void client.rpc('subtract', { a: 1, b: 2 });
    // @ts-expect-error the argument is missing
    void client.rpc('add');
    // @ts-expect-error b is missing
    void client.rpc('add', { a: 1 });
    // @ts-expect-error b is a number
    void client.rpc('add', { a: 1, b: '2' });
    // @ts-expect-error the argument is a string
    void client.rpc('find', 1);
  });
});

describe('an application that declares none', () => {
  test('has no procedures', async () => {
    const { channel, fanfare } = await import('fanfare');
    const app = fanfare({ channels: { news: channel() } });
    const noProcedures = connect<typeof app>('ws://localhost');
    noProcedures.channel('news');
    // @ts-expect-error no such procedure
    void noProcedures.rpc('add');
  });

  test('has no channels', async () => {
    const { fanfare } = await import('fanfare');
    const app = fanfare({ anonymous: true });
    // @ts-expect-error no such channel
    connect<typeof app>('ws://localhost').channel('news');
  });
});

describe('a client without a type argument', () => {
  const tool = connect('ws://localhost');

  test('takes every name, and knows nothing about what it gets', () => {
    tool.channel(anyName).on('message', ({ data }) => expectTypeOf(data).toEqualTypeOf<unknown>());
    void tool.channel('chat:lobby').publish({ anything: true });
    expectTypeOf(tool.rpc('anything', 1)).resolves.toEqualTypeOf<unknown>();
    void tool.rpc('anything');
    // @ts-expect-error the data is unknown
    tool.channel('chat:lobby').on('message', ({ data }) => data.text);
  });
});

test('a type that is no application does not compile', () => {
  // @ts-expect-error no types of channels and procedures
  connect<{ channels: string }>('ws://localhost');
});
