/** A bare `EventSource`, without any SDK: it comes back by itself, from where it was. */

import { EventSource } from 'eventsource';
import { describe, expect, test } from 'vitest';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { startOneWay } from './app.js';

function listen(url: string) {
  const source = new EventSource(url);
  const messages = new Gathered<{ readonly channel: string; readonly data: unknown }>();
  const ids = new Gathered<string>();
  const resets = new Gathered<unknown>();
  const opened = new Gathered<true>();
  const errors = new Gathered<number | undefined>();
  source.onmessage = ({ data, lastEventId }) => {
    ids.add(lastEventId);
    messages.add(JSON.parse(data));
  };
  source.addEventListener('reset', ({ data }) => resets.add(JSON.parse(data)));
  source.onopen = () => opened.add(true);
  source.onerror = ({ code }) => errors.add(code);
  return { source, messages, ids, resets, opened, errors, [Symbol.dispose]: () => source.close() };
}

describe('EventSource', () => {
  test.concurrent('has events for who comes and goes where that is pushed, which are no messages', async () => {
    await using server = await startOneWay();
    const { url } = server;
    using reader = listen(`${url}/sse?channels=lobby:a`);
    const traffic = new Gathered<unknown>();
    for (const kind of ['join', 'leave'])
      reader.source.addEventListener(kind, ({ data }) => traffic.add([kind, JSON.parse(data).channel]));
    await traffic.atLeast(1);
    const visitor = listen(`${url}/sse?channels=lobby:a`);
    await traffic.atLeast(2);
    visitor.source.close();
    const kinds = ['join', 'join', 'leave'];
    expect(await traffic.atLeast(3)).toEqual(kinds.map((kind) => [kind, 'lobby:a']));
    expect(reader.messages.items).toEqual([]);
  });

  test.concurrent('F7: comes back after a cut by itself, with all it missed, in order and once', async () => {
    await using server = await startOneWay();
    const { app, url, proxy } = server;
    using reader = listen(`${url}/sse?channels=news:a,news:b`);
    await reader.opened.atLeast(1);
    await app.publish('news:a', 1);
    await app.publish('news:b', 2);
    await reader.messages.atLeast(2);
    proxy.cut();
    await reader.errors.atLeast(1);
    await app.publish('news:a', 3);
    await app.publish('news:b', 4);
    proxy.restore();
    await reader.opened.atLeast(2);
    await app.publish('news:a', 5);
    const messages = await reader.messages.atLeast(5);
    expect(messages.slice(0, 2)).toEqual([
      { channel: 'news:a', data: 1 },
      { channel: 'news:b', data: 2 },
    ]);
    expect(messages).toHaveLength(5);
    for (const [name, expected] of [
      ['news:a', [1, 3, 5]],
      ['news:b', [2, 4]],
    ] as const) {
      expect(messages.filter(({ channel }) => channel === name).map(({ data }) => data)).toEqual(expected);
    }
    expect(reader.resets.items).toEqual([]);
  });

  test.concurrent('F7: gets what came while it was away, beginning behind its last message', async () => {
    await using server = await startOneWay();
    const { app, url, proxy } = server;
    using reader = listen(`${url}/sse?channels=news:a`);
    await reader.opened.atLeast(1);
    await app.publish('news:a', 'first');
    await reader.messages.atLeast(1);
    proxy.cut();
    await reader.errors.atLeast(1);
    for (const n of [1, 2, 3]) await app.publish('news:a', n);
    proxy.restore();
    expect((await reader.messages.atLeast(4)).map(({ data }) => data)).toEqual(['first', 1, 2, 3]);
  });

  test.concurrent('G4, G5: hears "reset" when it was away for too long, or the history was lost', async () => {
    await using server = await startOneWay();
    const { app, url, proxy } = server;
    using reader = listen(`${url}/sse?channels=news:a`);
    await reader.opened.atLeast(1);
    await app.publish('news:a', 0);
    await reader.messages.atLeast(1);
    proxy.cut();
    await reader.errors.atLeast(1);
    for (let n = 1; n <= 9; n++) await app.publish('news:a', n);
    proxy.restore();
    expect(await reader.resets.atLeast(1)).toEqual([{ channel: 'news:a' }]);
    await app.publish('news:a', 'live');
    expect(await reader.messages.atLeast(2)).toEqual([
      { channel: 'news:a', data: 0 },
      { channel: 'news:a', data: 'live' },
    ]);
  });

  test.concurrent('does not come back when it is refused', async () => {
    await using server = await startOneWay();
    using reader = listen(`${server.url}/sse?channels=members:a`);
    expect(await reader.errors.atLeast(1)).toEqual([403]);
    expect(reader.source.readyState).toBe(EventSource.CLOSED);
  });

  test.concurrent('a ticket lets it in once; with a new one and its last id it goes on', async () => {
    await using server = await startOneWay();
    const { app, url } = server;
    const query = `${url}/sse?channels=members:a&ticket=`;
    const ticket = app.ticket('ann');
    using reader = listen(`${query}${ticket}`);
    await reader.opened.atLeast(1);
    await app.publish('members:a', 1);
    await reader.messages.atLeast(1);
    app.disconnect('ann', { reconnect: true });
    // It comes back with the same URL.
    expect((await reader.errors.atLeast(2))[1]).toBe(401);
    expect(reader.source.readyState).toBe(EventSource.CLOSED);
    await app.publish('members:a', 2);
    const since = encodeURIComponent(reader.ids.items.at(-1) ?? '');
    using again = listen(`${query}${app.ticket('ann')}&since=${since}`);
    expect(await again.messages.atLeast(1)).toEqual([{ channel: 'members:a', data: 2 }]);
  });
});
