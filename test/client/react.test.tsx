/** The hooks in a page against a running server: what people see, and what is left when the page goes. */

import { type ClientError, tag } from 'fanfare/client';
import { createFanfare } from 'fanfare/react';
import { type ReactNode, StrictMode, startTransition, useState } from 'react';
import type { Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ChatApp,
  type ChatClient,
  type ChatServer,
  gate,
  next,
  serveChat,
  tokenOf,
  until,
} from './chat-server.js';
import { createRoot, renderToString } from './page.js';

const { FanfareProvider, useChannel, useClient, useConnection, usePresence } = createFanfare<ChatApp>();

let server: ChatServer;
let container: HTMLElement;
let root: Root;
beforeEach(async () => {
  server = await serveChat();
  container = document.createElement('div');
  root = createRoot(container);
});
afterEach(() => root.unmount());

function show(client: ChatClient, children: ReactNode): void {
  root.render(
    <StrictMode>
      <FanfareProvider client={client}>{children}</FanfareProvider>
    </StrictMode>,
  );
}

/** Waits until the page says this. */
function page(text: string): Promise<void> {
  return vi.waitFor(() => expect(container.textContent).toBe(text), { timeout: 5_000, interval: 5 });
}

/** What of the lobby is of this kind. */
function Filtered({ kind }: { kind: string }) {
  const { messages, state, error } = useChannel('chat:lobby', { filter: tag('kind').is(kind), delta: true });
  const { members } = usePresence('chat:lobby', { filter: tag('kind').is(kind) });
  return `${kind} ${state}${error ? ` ${error.code}` : ''}: ${messages.map(({ data }) => data.text).join(' ')} ${members.length}`;
}

/** Of a score the newest, as often as asked for. */
function Score({ maxRate }: { maxRate: number }) {
  const { messages, state } = useChannel('score:1', { maxRate });
  return `${maxRate} ${state}: ${messages.map(({ data }) => data.text).join(' ')}`;
}

function Room({ name, keep, history }: { name: string; keep?: number; history?: number }) {
  const { messages, state, gap, error } = useChannel(`chat:${name}`, {
    ...(keep !== undefined && { keep }),
    ...(history !== undefined && { history }),
  });
  return `${state}${gap ? ' gap' : ''}${error ? ` ${error.code}` : ''}: ${messages.map(({ data }) => data.text).join(' ')}`;
}

describe('useChannel', () => {
  it('shows what is published from mounting on, the newest only', async () => {
    show(server.connect(), <Room name="lobby" keep={3} />);
    await page('subscribed: ');
    for (const text of ['a', 'b', 'c', 'd']) await server.app.publish('chat:lobby', { text });
    await page('subscribed: b c d');
  });

  it('shows the history on joining, then what is published meanwhile and later, each once', async () => {
    for (const text of ['a', 'b', 'c', 'd']) await server.app.publish('chat:lobby', { text });
    show(server.connect(), <Room name="lobby" history={3} />);
    await until(async () => (await server.app.presence('chat:lobby')).length === 1);
    await server.app.publish('chat:lobby', { text: 'e' });
    await vi.waitFor(() => expect(container.textContent).toMatch(/^subscribed: (b c d e|c d e)$/));
    await server.app.publish('chat:lobby', { text: 'f' });
    await vi.waitFor(() => expect(container.textContent).toMatch(/^subscribed: (b )?c d e f$/));
  });

  it('publishes, typed, with one function for the life of the component', async () => {
    const seen = new Set<unknown>();
    function Composer() {
      const { messages, publish } = useChannel('chat:lobby');
      seen.add(publish);
      return (
        <button type="button" onClick={() => publish({ text: `${messages.length + 1}` })}>
          {messages.map(({ data }) => data.text).join(' ')}
        </button>
      );
    }
    show(server.connect(), <Composer />);
    await vi.waitFor(() => expect(container.querySelector('button')).not.toBeNull());
    const functions = seen.size;
    for (const text of ['1', '1 2', '1 2 3']) {
      container.querySelector('button')?.click();
      await page(text);
    }
    expect(seen.size).toBe(functions);
  });

  it('shows one subscription to two components, and keeps it for the one that stays', async () => {
    const client = server.connect();
    const both = (
      <>
        <Room name="lobby" />
        {' | '}
        <Room name="lobby" history={10} />
      </>
    );
    await server.app.publish('chat:lobby', { text: 'a' });
    show(client, both);
    await page('subscribed:  | subscribed: a');
    expect(await server.app.presence('chat:lobby')).toHaveLength(1);
    show(client, <Room name="lobby" />);
    await server.app.publish('chat:lobby', { text: 'b' });
    await page('subscribed: b');
  });

  it('shows the newest at the rate that it asks for', async () => {
    function Score() {
      const { messages, state } = useChannel('score:a', { maxRate: 5 });
      return `${state}: ${messages.map(({ data }) => data.text).join(' ')}`;
    }
    show(server.connect(), <Score />);
    await page('subscribed: ');
    await server.app.publish('score:a', { text: 'first' });
    await page('subscribed: first');
    for (const text of ['a', 'b', 'last']) await server.app.publish('score:a', { text });
    await page('subscribed: first last');
  });

  it('shows what passes its filter, in one subscription as long as the filter says the same', async () => {
    const client = server.connect();
    const tags = (kind: string) => ({ tags: { kind } });
    show(client, <Filtered kind="goal" />);
    await page('goal subscribed:  1');
    let subscribing = 0;
    const stop = client.channel('chat:lobby', { filter: tag('kind').is('goal') }).on('subscribing', () => {
      subscribing++;
    });
    await server.app.publish('chat:lobby', { text: 'a' }, tags('card'));
    await server.app.publish('chat:lobby', { text: 'b' }, tags('goal'));
    await page('goal subscribed: b 1');
    show(client, <Filtered kind="goal" />);
    await server.app.publish('chat:lobby', { text: 'c' }, tags('goal'));
    await page('goal subscribed: b c 1');
    expect(subscribing).toBe(0);
    stop();
  });

  it('subscribes anew with another filter, and says where two components want two', async () => {
    const client = server.connect();
    show(client, <Filtered kind="goal" />);
    await page('goal subscribed:  1');
    show(client, <Filtered kind="card" />);
    await page('card subscribed:  1');
    await server.app.publish('chat:lobby', { text: 'a' }, { tags: { kind: 'goal' } });
    await server.app.publish('chat:lobby', { text: 'b' }, { tags: { kind: 'card' } });
    await page('card subscribed: b 1');
    show(
      client,
      <>
        <Filtered kind="card" />
        {' | '}
        <Room name="lobby" />
      </>,
    );
    await page('card subscribed: b 1 | unsubscribed ERR_CONFIG: ');
  });

  it('subscribes anew with another rate', async () => {
    const client = server.connect();
    show(client, <Score maxRate={0.001} />);
    await page('0.001 subscribed: ');
    await server.app.publish('score:1', { text: 'a' });
    await page('0.001 subscribed: a');
    // It would come in a quarter of an hour.
    await server.app.publish('score:1', { text: 'b' });
    show(client, <Score maxRate={1_000} />);
    await page('1000 subscribed: ');
    await server.app.publish('score:1', { text: 'c' });
    await page('1000 subscribed: c');
  });

  it('changes the channel with its name', async () => {
    await server.app.publish('chat:garden', { text: 'flower' });
    const client = server.connect();
    show(client, <Room name="lobby" history={5} />);
    await page('subscribed: ');
    await server.app.publish('chat:lobby', { text: 'a' });
    await page('subscribed: a');
    show(client, <Room name="garden" history={5} />);
    await page('subscribed: flower');
    await until(async () => (await server.app.presence('chat:lobby')).length === 0);
  });

  it('goes through a cut without a hole', async () => {
    const door = gate();
    const client = server.connect({ token: await tokenOf('ann'), data: door.passed });
    show(client, <Room name="lobby" />);
    await page('subscribed: ');
    await server.app.publish('chat:lobby', { text: 'a' });
    await page('subscribed: a');
    await server.cut(client, door);
    for (const text of ['b', 'c']) await server.app.publish('chat:lobby', { text });
    await page('subscribing: a');
    door.open();
    await page('subscribed: a b c');
  });

  it.each([
    [0, 'subscribed gap: a'],
    [2, 'subscribed: 2 3'],
  ])('after a gap, with history: %i, shows "%s"', async (history, expected) => {
    function Short() {
      const { messages, state, gap } = useChannel('short:lobby', { history });
      return `${state}${gap ? ' gap' : ''}: ${messages.map(({ data }) => data.text).join(' ')}`;
    }
    const door = gate();
    const client = server.connect({ token: await tokenOf('ann'), data: door.passed });
    show(client, <Short />);
    await page('subscribed: ');
    await server.app.publish('short:lobby', { text: 'a' });
    await page('subscribed: a');
    await server.cut(client, door);
    for (const text of ['1', '2', '3']) await server.app.publish('short:lobby', { text });
    door.open();
    await page(expected);
  });

  it('says why there is nothing', async () => {
    function Refused() {
      const { state, error } = useChannel('secret:lair');
      return `${state} ${error?.code}`;
    }
    function NoHistory() {
      const { state, error, loading } = useChannel('plain:lobby', { history: 3 });
      return ` / ${state} ${error?.code} ${loading}`;
    }
    show(
      server.connect(),
      <>
        <Refused />
        <NoHistory />
      </>,
    );
    await page('unsubscribed ERR_PERMISSION_DENIED / subscribed ERR_NOT_AVAILABLE false');
  });

  it('says why when the server does not let the client in, in components that come later too', async () => {
    const client = server.connect({ token: 'not a token' });
    function People() {
      const { state, error, loading } = usePresence('chat:lobby');
      return ` / ${state} ${error?.code} ${error?.protocolCode} ${loading}`;
    }
    function Why() {
      const { state, cause } = useConnection();
      return ` / ${state} ${cause?.code}`;
    }
    const first = <Room name="lobby" history={3} />;
    show(client, first);
    await page('unsubscribed ERR_DISCONNECTED: ');
    show(
      client,
      <>
        {first}
        <People />
        <Why />
      </>,
    );
    await page('unsubscribed ERR_DISCONNECTED:  / unsubscribed ERR_DISCONNECTED 3500 false / disconnected 3500');
  });

  it('comes back with client.connect() after the server has sent the client away', async () => {
    const client = server.connect({ token: await tokenOf('ann') });
    show(client, <Room name="lobby" />);
    await page('subscribed: ');
    await server.app.publish('chat:lobby', { text: 'a' });
    await page('subscribed: a');
    server.app.disconnect('ann');
    await page('unsubscribed ERR_DISCONNECTED: a');
    await server.app.publish('chat:lobby', { text: 'b' });
    client.connect();
    await page('subscribed: a b');
  });

  it('keeps its messages through a transition that is interrupted', async () => {
    let grow = (_size: number) => {};
    function Growing() {
      const [size, setSize] = useState(1);
      grow = setSize;
      return Array.from({ length: size }, (_, index) => index).map((index) => <Room key={index} name="lobby" />);
    }
    show(server.connect(), <Growing />);
    await page('subscribed: ');
    startTransition(() => grow(3));
    await server.app.publish('chat:lobby', { text: 'a' });
    await vi.waitFor(() => expect(container.textContent?.startsWith('subscribed: a')).toBe(true));
    await vi.waitFor(() => expect(container.textContent?.match(/subscribed/g)).toHaveLength(3));
  });
});

describe('usePresence', () => {
  function People() {
    const { members, state, error } = usePresence('chat:lobby');
    return `${state}${error ? ` ${error.code}` : ''}: ${members
      .map(({ user }) => user)
      .sort()
      .join(' ')}`;
  }

  it('shows who is there, comes and goes', async () => {
    const ann = await server.entered('ann');
    show(server.connect({ token: await tokenOf('me') }), <People />);
    await page('subscribed: ann me');
    const bob = await server.entered('bob');
    await page('subscribed: ann bob me');
    ann.close();
    await page('subscribed: bob me');
    bob.close();
    await page('subscribed: me');
  });

  it('works beside a useChannel that has subscribed before', async () => {
    const client = server.connect({ token: await tokenOf('me') });
    show(client, <Room name="lobby" />);
    await page('subscribed: ');
    show(
      client,
      <>
        <Room name="lobby" />
        {' | '}
        <People />
      </>,
    );
    await page('subscribed:  | subscribed: me');
    await server.entered('ann');
    await page('subscribed:  | subscribed: ann me');
  });

  it('reads the list again after a reconnect, for what happened meanwhile', async () => {
    const door = gate();
    const ann = await server.entered('ann');
    const me = server.connect({ token: await tokenOf('me'), data: door.passed });
    show(me, <People />);
    await page('subscribed: ann me');
    const connecting = next(me, 'connecting');
    door.shut();
    server.app.disconnect('me', { reconnect: true });
    await connecting;
    await page('subscribing: ann me');
    ann.close();
    await server.entered('bob');
    await until(async () => (await server.app.presence('chat:lobby')).length === 1);
    door.open();
    await page('subscribed: bob me');
  });

  it('is right after churn', async () => {
    show(server.connect({ token: await tokenOf('me') }), <People />);
    await page('subscribed: me');
    const clients = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => server.connect({ token: await tokenOf(`u${index}`) })),
    );
    await Promise.all(
      clients.map(async (client, index) => {
        for (let round = 0; round <= index % 3; round++) {
          const room = client.channel('chat:lobby');
          await room.ready();
          const gone = next(room, 'unsubscribed');
          room.close();
          await gone;
        }
        if (index % 2 === 0) await client.channel('chat:lobby').ready();
      }),
    );
    const staying = clients.flatMap((_, index) => (index % 2 === 0 ? [`u${index}`] : []));
    await page(`subscribed: ${['me', ...staying].sort().join(' ')}`);
    expect((await server.app.presence('chat:lobby')).map(({ user }) => user).sort()).toEqual(['me', ...staying].sort());
  });
});

describe('useConnection', () => {
  it('tells the state, since when and why, for a reconnect banner', async () => {
    function Banner() {
      const { state, isReconnecting, sinceMs, cause } = useConnection();
      return `${state} ${isReconnecting} ${sinceMs <= Date.now()} ${cause?.code}`;
    }
    const door = gate();
    const client = server.connect({ token: await tokenOf('ann'), data: door.passed });
    show(client, <Banner />);
    await page('connected false true undefined');
    door.shut();
    server.app.disconnect('ann', { reconnect: true });
    await page('connecting true true 3011');
    door.open();
    await page('connected false true undefined');
    server.app.disconnect('ann');
    await page('disconnected false true 3503');
  });
});

describe('useConnection while the server is down', () => {
  it('says that it is not reached', async () => {
    await server.app.close(100);
    function Why() {
      const { state, cause } = useConnection();
      return `${state} ${cause?.code} ${cause?.reason.includes('not reached')}`;
    }
    show(server.connect(), <Why />);
    await page('connecting 2 true');
  });
});

describe('the hooks', () => {
  it('leave nothing behind on unmounting', async () => {
    const client = server.connect();
    const listen = client.on.bind(client);
    let numListeners = 0;
    vi.spyOn(client, 'on').mockImplementation((event, listener) => {
      const stop = listen(event, listener);
      numListeners += 1;
      return () => {
        numListeners -= 1;
        stop();
      };
    });
    const channels = vi.spyOn(client, 'channel');
    function All() {
      useConnection();
      usePresence('chat:lobby');
      return <Room name="lobby" history={5} />;
    }
    for (let round = 0; round < 5; round++) {
      show(client, <All />);
      await page('subscribed: ');
      expect(numListeners).toBeGreaterThan(0);
      root.render(null);
      await page('');
    }
    await until(async () => (await server.app.presence('chat:lobby')).length === 0);
    const opened = new Set(channels.mock.results.map(({ value }) => value));
    for (const channel of opened) expect(channel.state).toBe('unsubscribed');
    expect(opened.size).toBe(5);
    expect(numListeners).toBe(0);
    // A channel that is asked for now is a new one: none of the former ones is kept.
    const room = client.channel('chat:lobby');
    expect(opened.has(room)).toBe(false);
    await room.ready();
  });

  it('subscribe once in StrictMode, which mounts twice', async () => {
    const client = server.connect();
    const { client: id } = await next(client, 'connected');
    const watcher = server.connect().channel('chat:lobby', { joinLeave: true });
    const changes: string[] = [];
    watcher.on('join', ({ client }) => changes.push(`join ${client}`));
    watcher.on('leave', ({ client }) => changes.push(`leave ${client}`));
    await watcher.ready();
    show(client, <Room name="lobby" history={5} />);
    await page('subscribed: ');
    await watcher.publish({ text: 'a' });
    await page('subscribed: a');
    expect(changes.filter((change) => change.endsWith(id))).toEqual([`join ${id}`]);
  });

  it('render on a server as what is shown before anything is known', () => {
    const client = server.connect({ lazy: true });
    const html = renderToString(
      <FanfareProvider client={client}>
        <Room name="lobby" history={5} />
      </FanfareProvider>,
    );
    expect(html).toBe('subscribing: ');
    expect(client.state).toBe('disconnected');
  });

  it('need their provider', () => {
    function Lost() {
      useClient();
      return null;
    }
    let code: unknown;
    try {
      renderToString(<Lost />);
    } catch (error) {
      code = (error as ClientError).code;
    }
    expect(code).toBe('ERR_NO_PROVIDER');
  });
});
