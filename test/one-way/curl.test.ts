/** A shell with `curl` receives lines of JSON, is cut, and goes on from where it was. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { startOneWay } from './app.js';

interface Line {
  readonly id?: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly event?: string;
  readonly info?: unknown;
  readonly code?: number;
}

/** `curl`, as it comes from Debian. */
function curl(url: string, ...args: readonly string[]) {
  const child = spawn('curl', ['--silent', '--show-error', '--no-buffer', ...args, url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = new Gathered<Line>();
  const pings = new Gathered<true>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === '') pings.add(true);
    else lines.add(JSON.parse(line));
  });
  const exited = once(child, 'close');
  return {
    lines,
    pings,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

const data = (lines: readonly Line[]) => lines.filter((line) => 'data' in line).map((line) => line.data);

describe('curl', () => {
  test.concurrent('receives, is cut, and resumes from its position without loss or double', async () => {
    await using server = await startOneWay();
    const { app, url, proxy } = server;
    await using first = curl(`${url}/stream?channels=news:a,plain:b`);
    const [start] = await first.lines.atLeast(1);
    expect(start).toMatchObject({ event: 'start', id: expect.stringMatching(/^news%3Aa=0\.[\w-]+$/) });
    await app.publish('news:a', { n: 1 });
    await app.publish('plain:b', 'passing');
    await app.publish('news:a', 'line\nfeed é🎺');
    const seen = await first.lines.atLeast(4);
    // In order within a channel; two channels have no order between them.
    expect(data(seen.filter(({ channel }) => channel === 'news:a'))).toEqual([{ n: 1 }, 'line\nfeed é🎺']);
    expect(data(seen.filter(({ channel }) => channel === 'plain:b'))).toEqual(['passing']);
    const { id = '' } = seen[3] ?? {};
    proxy.cut();
    await first.exited;
    for (const n of [3, 4]) await app.publish('news:a', n);
    proxy.restore();
    await using second = curl(`${url}/stream?channels=news:a,plain:b`, '-H', `Last-Event-ID: ${id}`);
    const resumed = await second.lines.atLeast(3);
    expect(data(resumed)).toEqual([3, 4]);
    expect(resumed[2]?.event).toBe('start');
    await app.publish('news:a', 5);
    expect((await second.lines.atLeast(4))[3]).toEqual({
      id: resumed[2]?.id?.replace('=4.', '=5.'),
      channel: 'news:a',
      data: 5,
    });
  });

  test.concurrent('G4: is told when what it missed is gone, and gets none of it', async () => {
    await using server = await startOneWay();
    const { app, url } = server;
    const { epoch } = await app.publish('news:a', 0);
    for (let n = 1; n <= 10; n++) await app.publish('news:a', n);
    await using late = curl(`${url}/stream?channels=news:a&since=${encodeURIComponent(`news%3Aa=1.${epoch}`)}`);
    const lines = await late.lines.atLeast(2);
    const id = `news%3Aa=11.${epoch}`;
    expect(lines).toEqual([
      { id, event: 'reset', channel: 'news:a' },
      { id, event: 'start' },
    ]);
    await app.publish('news:a', 'live');
    expect(data(await late.lines.atLeast(3))).toEqual(['live']);
  });

  test.concurrent('a cache begins with its last value', async () => {
    await using server = await startOneWay();
    for (const n of [1, 2]) await server.app.publish('cache:a', n);
    await using reader = curl(`${server.url}/stream?channels=cache:a`);
    const [value, start] = await reader.lines.atLeast(2);
    expect([value?.data, start?.event]).toEqual([2, 'start']);
  });

  test.concurrent('is told why it ends', async () => {
    await using server = await startOneWay();
    const { app, url } = server;
    await using reader = curl(`${url}/stream?channels=members:a`, '-H', 'Authorization: Bearer user-1');
    await reader.lines.atLeast(1);
    app.disconnect('user-1');
    await reader.exited;
    expect(reader.lines.items.at(-1)).toEqual({ event: 'disconnect', code: 3503, reason: 'force disconnect' });
  });

  test.concurrent('is told who comes and goes where that is pushed, and its place stays in the id', async () => {
    await using server = await startOneWay();
    const { app, url } = server;
    await using reader = curl(`${url}/stream?channels=lobby:a`);
    // Its own join comes, too.
    await reader.lines.atLeast(2);
    await app.publish('lobby:a', 1);
    await using visitor = curl(`${url}/stream?channels=lobby:a`, '-H', 'Authorization: Bearer user-1');
    await reader.lines.atLeast(4);
    await visitor[Symbol.asyncDispose]();
    const lines = await reader.lines.atLeast(5);
    expect(lines.map(({ event }) => event)).toEqual(['start', 'join', undefined, 'join', 'leave']);
    const { id, channel, info } = lines[4] ?? {};
    expect([id, channel, info]).toEqual([
      expect.stringMatching(/^lobby%3Aa=1\.[\w-]+$/),
      'lobby:a',
      { user: 'user-1', client: expect.any(String) },
    ]);
  });

  test.concurrent('is told that it has been unsubscribed, and ends with its last channel', async () => {
    await using server = await startOneWay();
    const { app, url } = server;
    await using reader = curl(`${url}/stream?channels=members:a,members:b`, '-H', 'Authorization: Bearer user-1');
    await reader.lines.atLeast(1);
    app.unsubscribe('user-1', 'members:a');
    expect((await reader.lines.atLeast(2))[1]).toMatchObject({
      event: 'unsubscribed',
      channel: 'members:a',
      code: 2000,
    });
    await app.publish('members:b', 1);
    expect((await reader.lines.atLeast(3))[2]).toMatchObject({ channel: 'members:b', data: 1 });
    app.unsubscribe('user-1', 'members:b');
    await reader.exited;
    expect(reader.lines.items.slice(3).map(({ event }) => event)).toEqual(['unsubscribed', 'disconnect']);
  });

  test.concurrent('stays connected over pings, which are blank lines', async () => {
    await using server = await startOneWay({ pingIntervalMs: 2_000, pongTimeoutMs: 1_000 });
    const { app, url } = server;
    await using reader = curl(`${url}/stream?channels=news:a`);
    await reader.lines.atLeast(1);
    // A client that could answer and did not would be gone after the first.
    await reader.pings.atLeast(3);
    expect(app.numClients).toBe(1);
    await app.publish('news:a', 'still here');
    expect(data(await reader.lines.atLeast(2))).toEqual(['still here']);
  });
});
