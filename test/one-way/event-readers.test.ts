/**
 * Libraries that read server-sent events, at their defaults: httpx gives up after 5 seconds of silence, and httpx-sse hands
 * out what has only an id, a `retry` or a comment before its blank line as a message.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { pythonIsMissing, pythonProgram } from '../support/programs/python.js';
import { startOneWay } from './app.js';

interface ReadEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
  readonly retry: number | string | null;
}

function read(library: string, url: string) {
  const script = fileURLToPath(new URL('event_readers.py', import.meta.url));
  const child = spawn(pythonProgram('python'), [script, library, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const events = new Gathered<ReadEvent>();
  createInterface({ input: child.stdout }).on('line', (line) => events.add(JSON.parse(line)));
  const exited = once(child, 'close');
  return {
    events,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

/** The bytes of a stream, as `fetch` gets them. */
async function rawText(url: string) {
  const stop = new AbortController();
  const response = await fetch(url, { signal: stop.signal });
  let text = '';
  const signs = new Gathered<true>();
  const reading = (async () => {
    for await (const chunk of response.body ?? []) {
      const piece = Buffer.from(chunk).toString();
      text += piece;
      if (piece === ':\n') signs.add(true);
    }
  })().catch(() => undefined);
  return {
    signs,
    get text() {
      return text;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await reading;
    },
  };
}

describe.skipIf(pythonIsMissing()).each(['httpx-sse', 'sseclient-py'])('%s at its defaults', (library) => {
  test('stays through silence, and gets events alone', async () => {
    // The default interval of signs of life.
    await using server = await startOneWay();
    const { app, direct } = server;
    const url = `${direct}/sse?channels=news:a`;
    await using reader = read(library, url);
    await reader.events.atLeast(1);
    await app.publish('news:a', 1);
    await using raw = await rawText(url);
    // 8 seconds at least, for one whose silence may last 5.
    for (const count of [1, 2, 3]) await raw.signs.atLeast(count);
    await app.publish('news:a', 2);
    const events = await reader.events.atLeast(3);
    expect(events.map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
      ['start', {}],
      ['message', { channel: 'news:a', data: 1 }],
      ['message', { channel: 'news:a', data: 2 }],
    ]);
    expect(Number(events[0]?.retry)).toBeGreaterThanOrEqual(1_000);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  });
});

test('no block of a stream is without data', async () => {
  await using server = await startOneWay({ signOfLifeMs: 2_000 });
  const { app, direct } = server;
  await using raw = await rawText(`${direct}/sse?channels=news:a`);
  await raw.signs.atLeast(1);
  await app.publish('news:a', 1);
  await raw.signs.atLeast(2);
  const blocks = raw.text.split('\n\n').slice(0, -1);
  expect(blocks).toHaveLength(2);
  for (const block of blocks) expect(block).toMatch(/^data: /m);
});

test('signs of life can be switched off, and are not for those who have bytes to read', async () => {
  await expect(startOneWay({ signOfLifeMs: -1 })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  await using server = await startOneWay({ signOfLifeMs: 0, pingIntervalMs: 3_000, pongTimeoutMs: 1_000 });
  await using raw = await rawText(`${server.direct}/sse?channels=news:a`);
  await raw.signs.atLeast(1);
  // The ping alone.
  expect(raw.text.match(/^:$/gm)).toHaveLength(1);
});
