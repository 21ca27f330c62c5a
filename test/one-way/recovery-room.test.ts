/** What a consumer missed in several channels is more than may wait for it at a time. */

import { expect, test } from 'vitest';
import { startOneWay } from './app.js';

/** What a consumer of both channels gets, until it is enough. */
async function linesOf(url: string, isEnough: (lines: readonly Line[]) => boolean, since?: string): Promise<Line[]> {
  const gone = new AbortController();
  const response = await fetch(`${url}/stream?channels=news:a,news:b`, {
    headers: since === undefined ? {} : { 'Last-Event-ID': since },
    signal: gone.signal,
  });
  const lines: Line[] = [];
  let rest = '';
  // safe: a response that was asked for has a body
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    const parts = (rest + Buffer.from(bytes).toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.filter((part) => part !== '').map((part) => JSON.parse(part)));
    if (isEnough(lines)) break;
  }
  gone.abort();
  return lines;
}

interface Line {
  readonly id: string;
  readonly event?: string;
  readonly channel?: string;
  readonly data?: string;
}

/** The offset that an id claims. */
const offsetIn = (id: string, channel: string) =>
  Number(new URLSearchParams(id).get(channel)?.split('.')[0] ?? Number.NaN);

// A reply without room was encoded, and encoded again when there was room. The id behind it claimed what had not been sent:
// whoever was cut off then never got it. And the event `start` was in the reply that was thrown away.
test('G2: no id claims more than has been sent, and the start is told once', async () => {
  await using server = await startOneWay({ maxQueueBytes: 20_000, maxMessageBytes: 4_000 });
  const { app, direct } = server;
  const [start] = await linesOf(direct, (lines) => lines.length > 0);
  expect(start).toMatchObject({ event: 'start' });
  for (let n = 1; n <= 5; n++) {
    for (const name of ['news:a', 'news:b'] as const) await app.publish(name, `${n} ${'x'.repeat(2_400)}`);
  }
  const all = (lines: readonly Line[]) => lines.length === 11;
  const lines = await linesOf(direct, all, start?.id);
  const sent = { 'news:a': 0, 'news:b': 0 };
  for (const { id, channel, data } of lines) {
    if (channel === 'news:a' || channel === 'news:b') {
      sent[channel]++;
      expect(data?.slice(0, 2)).toBe(`${sent[channel]} `);
    }
    for (const [name, offset] of Object.entries(sent)) expect(offsetIn(id, name)).toBeLessThanOrEqual(offset);
  }
  expect(sent).toEqual({ 'news:a': 5, 'news:b': 5 });
  expect(lines.filter(({ event }) => event !== undefined).map(({ event }) => event)).toEqual(['start']);
}, 10_000);
