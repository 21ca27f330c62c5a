/** What compiles with the hooks of a declared application, and what must not. */

import { type Client, type StreamPosition, tag } from 'fanfare/client';
import { createFanfare } from 'fanfare/react';
import { createElement } from 'react';
import { describe, expectTypeOf, test } from 'vitest';
import type { Arena } from './arena.js';
import type { app as other } from './other-app.js';

const { FanfareProvider, useChannel, useClient, useConnection, usePresence } = createFanfare<Arena>();
declare const id: string;
declare const anyName: string;

describe('hooks', () => {
  test('are typed once, by the application', () => {
    const { messages, publish } = useChannel(`chat:${id}`, { history: 50, keep: 200 });
    expectTypeOf(messages[0]?.data).toEqualTypeOf<{ text: string; size: number } | undefined>();
    expectTypeOf(publish).toEqualTypeOf<
      (data: { text: string; size?: number | undefined }) => Promise<StreamPosition | undefined>
    >();
    expectTypeOf(usePresence('chat:lobby').members[0]?.user).toEqualTypeOf<string | undefined>();
    expectTypeOf(useConnection().state).toEqualTypeOf<'connecting' | 'connected' | 'disconnected'>();
    expectTypeOf(useClient()).toEqualTypeOf<Client<Arena>>();
  });

  test('have the options of the channel', () => {
    const { messages, publish } = useChannel('frames:final', {
      bytes: true,
      delta: true,
      filter: tag('kind').is('key'),
    });
    expectTypeOf(messages[0]?.data).toEqualTypeOf<Uint8Array | undefined>();
    expectTypeOf(publish).toEqualTypeOf<(data: Uint8Array) => Promise<StreamPosition | undefined>>();
    usePresence('chat:lobby', { filter: tag('kind').exists() });
    // @ts-expect-error without `bytes` it would get base64 in JSON
    useChannel('frames:final');
    // @ts-expect-error a filter is no text
    useChannel('chat:lobby', { filter: 'kind' });
  });

  test('refuse what the application does not declare', () => {
    // @ts-expect-error no such channel
    useChannel('chats:lobby');
    // @ts-expect-error no such channel
    usePresence('chats:lobby');
    // @ts-expect-error a string may be any name
    useChannel(anyName);
    // @ts-expect-error no such option
    useChannel('chat:lobby', { size: 3 });
    const { messages, publish } = useChannel('chat:lobby');
    // @ts-expect-error there is no such property
    void messages[0]?.data.txt;
    // @ts-expect-error text is a string
    void publish({ text: 1 });
  });

  test('need a client of the same application', () => {
    const client = {} as Client<Arena>;
    createElement(FanfareProvider, { client });
    // @ts-expect-error the client of another application
    createElement(FanfareProvider, { client: {} as Client<typeof other> });
  });
});
