/** Channels that the server grants: by what says who it is, as a personal channel, or later. A consumer has its place in them, too. */

import { EventSource } from 'eventsource';
import { channel, fanfare } from 'fanfare';
import { describe, expect, test } from 'vitest';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { served } from '../support/servers/served.js';
import { readLines } from './app.js';

function start() {
  const app = fanfare({
    auth: ({ token }) => (token === undefined ? { user: null } : { user: token, channels: ['team'] }),
    personal: { channel: 'me:#{user}' },
    transports: { oneWay: true },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      team: channel({ history: { size: 3, ttl: '5m' } }),
      'me:{rest*}': channel({ history: { size: 10, ttl: '5m' } }),
      'news:{name}': channel({ subscribe: 'anyone', history: { size: 10, ttl: '5m' } }),
      'later:{name}': channel({ history: { size: 10, ttl: '5m' } }),
      'plain:{name}': channel({ subscribe: 'anyone' }),
    },
  });
  return served(app);
}

interface Line {
  readonly id?: string;
  readonly event?: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly code?: number;
}

/** The lines of a consumer, who is gone with the test. */
async function listen(url: string, query = '', since?: string, token = 'ann') {
  const headers = { Authorization: `Bearer ${token}`, ...(since !== undefined && { 'Last-Event-ID': since }) };
  const lines = new Gathered<Line>();
  const add = (line: string) => line !== '' && lines.add(JSON.parse(line));
  const reader = await readLines(`${url}/stream${query}`, add, headers);
  expect(reader.status).toBe(200);
  return { ...reader, lines, lastId: () => lines.items.findLast(({ id }) => id !== undefined)?.id ?? '' };
}

const dataOf = (lines: readonly Line[]) =>
  lines.flatMap(({ event, ...line }) => (event === undefined ? [`${line.channel} ${JSON.stringify(line.data)}`] : []));
const eventsOf = (lines: readonly Line[]) =>
  lines.flatMap(({ event, ...line }) => (event === undefined ? [] : [[event, line.channel].join(' ').trim()]));

describe('channels that are granted', () => {
  test('need no name in the URL, and who comes back gets what was missed in them, once and in order', async () => {
    const { app, url } = await start();
    let id = '';
    {
      using first = await listen(url);
      await first.lines.atLeast(1);
      await app.publish('team', 1);
      await app.publish('me:#ann', 2);
      await first.lines.atLeast(3);
      id = first.lastId();
      expect(id).toMatch(/^me%3A%23ann=1\.[^&]+&team=1\./);
    }
    await app.publish('team', 3);
    await app.publish('me:#ann', 4);
    using second = await listen(url, '', id);
    await second.lines.atLeast(3);
    await app.publish('team', 5);
    const lines = await second.lines.atLeast(4);
    expect(dataOf(lines)).toEqual(['me:#ann 4', 'team 3', 'team 5']);
    expect(eventsOf(lines)).toEqual(['start']);
  });

  test('are reset when what was missed is gone, or when a place cannot be understood', async () => {
    const { app, url } = await start();
    const position = await app.publish('team', 1);
    for (const n of [2, 3, 4, 5, 6]) await app.publish('team', n);
    using late = await listen(url, '', `team=1.${position.epoch}`);
    expect(eventsOf(await late.lines.atLeast(2))).toEqual(['reset team', 'start']);
    using confused = await listen(url, '', 'nonsense');
    expect(eventsOf(await confused.lines.atLeast(3))).toEqual(['reset me:#ann', 'reset team', 'start']);
    const hostile = Array.from({ length: 600 }, (_, n) => `x${n}=1.e`).join('&');
    using many = await listen(url, '', hostile);
    expect(eventsOf(await many.lines.atLeast(1))).toEqual(['start']);
  });

  test('are not asked for again when they are named, though their rule lets nobody ask: once, from its place', async () => {
    const { app, url } = await start();
    await app.publish('team', 1);
    const query = '?channels=team,news:a';
    let id = '';
    {
      using first = await listen(url, query);
      await first.lines.atLeast(1);
      for (const name of ['team', 'news:a'] as const) await app.publish(name, 2);
      await first.lines.atLeast(3);
      id = first.lastId();
      expect(dataOf(first.lines.items).sort()).toEqual(['news:a 2', 'team 2']);
    }
    for (const name of ['team', 'news:a'] as const) await app.publish(name, 3);
    using second = await listen(url, query, id);
    expect(dataOf(await second.lines.atLeast(3)).sort()).toEqual(['news:a 3', 'team 3']);
    using only = await listen(url, '?channels=team', 'nonsense');
    expect(eventsOf(await only.lines.atLeast(3))).toEqual(['reset me:#ann', 'reset team', 'start']);
    // Granted to somebody else.
    expect((await fetch(`${url}/stream?channels=later:a`, { headers: { Authorization: 'Bearer ann' } })).status).toBe(
      403,
    );
  });

  test('beside others that are asked for, also the same: nothing comes twice', async () => {
    const { app, url } = await start();
    let id = '';
    {
      using first = await listen(url, '?channels=news:a');
      await first.lines.atLeast(1);
      for (const name of ['news:a', 'team'] as const) await app.publish(name, 1);
      await first.lines.atLeast(3);
      id = first.lastId();
    }
    for (const name of ['news:a', 'team'] as const) await app.publish(name, 2);
    using second = await listen(url, '?channels=news:a', id);
    await second.lines.atLeast(3);
    await app.publish('me:#ann', 3);
    expect(dataOf(await second.lines.atLeast(4)).sort()).toEqual(['me:#ann 3', 'news:a 2', 'team 2']);
  });

  test('later on have their place in the id as well', async () => {
    const { app, url } = await start();
    using reader = await listen(url);
    await reader.lines.atLeast(1);
    await app.subscribe('ann', 'later:a');
    await app.publish('later:a', 1);
    await reader.lines.atLeast(2);
    expect(reader.lastId()).toContain('later%3Aa=1.');
  });

  test('without any, and without a name in the URL, there is nothing to listen to: 400', async () => {
    const server = await start();
    for (const path of ['/sse', '/stream']) {
      const response = await fetch(`${server.url}${path}`);
      expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('channels')]);
    }
    await expect.poll(() => server.app.numClients).toBe(0);
  });

  test('a plain WebSocket gets what is published in them', async () => {
    const server = await start();
    // One of them is named, too.
    const socket = new (await import('ws')).WebSocket(`${server.url.replace('http', 'ws')}/ws?channels=team`, {
      headers: { Authorization: 'Bearer ann' },
    });
    const messages = new Gathered<string>();
    socket.on('message', (data) => messages.add(String(data)));
    await expect.poll(() => server.app.numClients).toBe(1);
    await server.app.publish('me:#ann', 7);
    expect(await messages.atLeast(1)).toEqual(['7']);
    socket.terminate();
  });

  test('EventSource comes back by itself from its place in them', async () => {
    const server = await start();
    const source = new EventSource(`${server.url}/sse`, {
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, Authorization: 'Bearer ann' } }),
    });
    const messages = new Gathered<unknown>();
    const opened = new Gathered<true>();
    source.onopen = () => opened.add(true);
    source.onmessage = ({ data }) => messages.add(JSON.parse(data).data);
    await opened.atLeast(1);
    await server.app.publish('me:#ann', 1);
    await messages.atLeast(1);
    await server.app.disconnect('ann', { reconnect: true });
    await server.app.publish('me:#ann', 2);
    await opened.atLeast(2);
    await server.app.publish('me:#ann', 3);
    expect(await messages.atLeast(3)).toEqual([1, 2, 3]);
    source.close();
  });
});
