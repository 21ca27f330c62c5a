/** What the compiler tells somebody who misspells a channel, a message or a procedure, and what an editor offers. */

import { describe, expect, test, vi } from 'vitest';
import { CompiledText } from '../support/documents/compiled-text.js';

// For what hangs. The first text takes as long as compiling all of the package, beside other work.
vi.setConfig({ testTimeout: 180_000 });

const text = new CompiledText(
  'test/types',
  `import { channel, fanfare } from 'fanfare';
import { type Client, connect } from 'fanfare/client';
import { createFanfare } from 'fanfare/react';
import { z } from 'zod';
import { app, type Arena } from './arena.js';
const { useChannel, usePresence } = createFanfare<Arena>();
const rooms = fanfare({ channels: { 'room:{id}': channel() } });
const bare = fanfare({ anonymous: true });
declare const client: Client<Arena>;
declare const roomsClient: Client<typeof rooms>;
declare const bareClient: Client<typeof bare>;
declare const id: string;
declare const either: boolean;
`,
);

const patterns = ['chat:{room}', 'match:{id}', 'match:{id}:{period}', 'frames:{match}', 'files:{path*}', 'news'];
const notAssignable = 2345;
const oneNotAssignable = 2322;

describe('a name that no pattern matches is answered with the patterns', () => {
  test.each([
    [`client.channel('chats:lobby')`],
    [`client.channel('chat')`],
    [`client.channel('chat:')`],
    [`client.channel('chat:lobby:1')`],
    [`client.channel('')`],
    [`client.channel(id)`],
    [`client.channel(\`chut:\${id}\`)`],
    [`client.publish('chats:lobby', { text: 'hello' })`],
    [`useChannel('chats:lobby')`],
    [`usePresence('chats:lobby')`],
    [`app.publish('chats:lobby', { text: 'hello' })`],
    [`app.history('chats:lobby')`],
    [`app.presence('chats:lobby')`],
    [`app.subscribe('anna', 'chats:lobby')`],
  ])('%s', (call) => {
    const [first, ...others] = text.messages(call);
    expect(others).toEqual([]);
    expect(first?.code).toBe(notAssignable);
    for (const pattern of patterns) expect(first?.message).toContain(`"${pattern}"`);
    expect(first?.message).not.toContain('never');
  });

  test('also when it is one of several, which each are looked at', () => {
    const [chosen] = text.messages(`client.channel(either ? 'chat:lobby' : 'chats:lobby')`);
    expect(chosen).toMatchObject({ code: notAssignable, message: expect.stringContaining('"match:{id}"') });
    const [inList] = text.messages(`app.broadcast(['chat:lobby', 'room:1'], { text: 'hello' })`);
    expect(inList).toMatchObject({
      code: oneNotAssignable,
      at: `'room:1'`,
      message: expect.stringContaining('"match:{id}"'),
    });
    expect(text.messages(`client.channel(either ? 'chat:lobby' : 'chat:kitchen')`)).toEqual([]);
  });

  test('of an application that has one, or none', () => {
    expect(text.messages(`roomsClient.channel('rom:1')`)).toMatchObject([
      { code: notAssignable, message: expect.stringContaining(`'"room:{id}"'`) },
    ]);
    for (const call of [`bareClient.channel('news')`, `bare.publish('news', 1)`]) {
      expect(text.messages(call)).toMatchObject([
        { code: notAssignable, message: expect.stringContaining('NoChannelsDeclared') },
      ]);
    }
  });
});

describe('a message that does not fit', () => {
  test.each([
    [`client.channel('chat:lobby').publish({ text: 1 })`, oneNotAssignable, 'text'],
    [`client.publish('chat:lobby', { txt: 'hello' })`, 2561, 'txt'],
    [`useChannel('chat:lobby').publish({ text: 1 })`, oneNotAssignable, 'text'],
    [`app.publish('match:1', { home: 1, away: '0' })`, oneNotAssignable, 'away'],
  ])('%s: the property is named', (call, code, at) => expect(text.messages(call)).toMatchObject([{ code, at }]));

  test('has to fit each of several channels', () => {
    expect(text.messages(`app.broadcast(['chat:a', 'match:1'], { text: 'hello' })`)).toMatchObject([
      { code: notAssignable, at: `{ text: 'hello' }`, message: expect.stringContaining('home, away') },
    ]);
    expect(text.messages(`client.channel(either ? 'chat:a' : 'match:1').publish({ text: '' })`)).toHaveLength(1);
    expect(text.messages(`app.broadcast(['chat:a', 'match:1'], { text: '', home: 1, away: 0 })`)).toEqual([]);
  });
});

describe('a procedure', () => {
  test('that is not there is answered with those that are', () => {
    for (const call of [`client.rpc('subtract', { a: 1, b: 2 })`, `client.rpc('subtract')`, 'client.rpc(id)']) {
      const found = text.messages(call);
      expect(found).toMatchObject([{ code: notAssignable }]);
      expect(found[0]?.message).toContain('"add" | "rooms" | "find"');
    }
    expect(text.messages(`bareClient.rpc('add')`)).toMatchObject([
      { code: notAssignable, message: expect.stringContaining('NoProceduresDeclared') },
    ]);
  });

  test('that is called with something else has it named', () => {
    expect(text.messages(`client.rpc('add', { a: 1, b: '2' })`)).toMatchObject([{ code: oneNotAssignable, at: 'b' }]);
    expect(text.messages(`client.rpc('add', { a: 1 })`)[0]?.message).toContain(`'b'`);
    expect(text.messages(`client.rpc('add')`)).toMatchObject([{ code: 2554 }]);
  });
});

describe('an editor offers', () => {
  test.each([
    `client.channel('|')`,
    `client.publish('|')`,
    `useChannel('|')`,
    `app.history('|')`,
    `app.publish('ch|')`,
  ])('the patterns at %s', (call) => expect(text.completions(call).sort()).toEqual([...patterns].sort()));

  test('procedures, and the properties of messages', () => {
    expect(text.completions(`client.rpc('|')`)).toEqual(['add', 'rooms', 'find']);
    expect(text.completions(`client.publish('chat:lobby', {|})`)).toEqual(['text', 'size']);
    expect(text.completions(`client.channel('chat:lobby').publish({|})`)).toEqual(['text', 'size']);
  });
});

test('fifty patterns and 150 calls are no burden for the compiler', () => {
  const all = Array.from({ length: 50 }, (_, i) => i);
  const declare = all.map((i) => `'area${i}:{name}': channel({ message: z.object({ v${i}: z.number() }) })`);
  const calls = all.map(
    (i) => `many.channel('area${i}:x').publish({ v${i}: 1 });
    many.channel(\`area${i}:\${id}\`).on('message', ({ data }) => data.v${i});
    void large.publish('area${i}:y', { v${i}: 1 });`,
  );
  const code = `const large = fanfare({ channels: { ${declare} } }); const many = connect<typeof large>('');`;
  expect(text.messages(`${code}${calls.join('\n')}`)).toEqual([]);
  const withoutCalls = text.numInstantiations(code);
  expect(text.numInstantiations(`${code}${calls.join('\n')}`) - withoutCalls).toBeLessThan(140_000);
});
