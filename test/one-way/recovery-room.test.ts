/** What a consumer missed in several channels is more than may wait for it at a time. */

import { expect, test } from 'vitest';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { readLines, startOneWay } from './app.js';

/** What a consumer of both channels gets: so many lines. */
async function linesOf(url: string, count: number, since?: string): Promise<readonly Line[]> {
  const lines = new Gathered<Line>();
  const add = (line: string) => line !== '' && lines.add(JSON.parse(line));
  const headers = since === undefined ? {} : { 'Last-Event-ID': since };
  using _ = await readLines(`${url}/stream?channels=news:a,news:b`, add, headers);
  return (await lines.atLeast(count)).slice(0);
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
  const [start] = await linesOf(direct, 1);
  expect(start).toMatchObject({ event: 'start' });
  for (let n = 1; n <= 5; n++)
    for (const name of ['news:a', 'news:b'] as const) await app.publish(name, `${n} ${'x'.repeat(2_400)}`);
  const lines = await linesOf(direct, 11, start?.id);
  expect(lines).toHaveLength(11);
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

test('G4: what one reply does not carry comes behind it, in order and once, and then what is live', async () => {
  await using server = await startOneWay({ maxRecoveredPublications: 5 });
  const { app, direct } = server;
  const { epoch } = await app.publish('complete:a', 1);
  for (let n = 2; n <= 300; n++) await app.publish('complete:a', n);
  const lines = new Gathered<Line>();
  const add = (line: string) => line !== '' && lines.add(JSON.parse(line));
  const headers = { 'Last-Event-ID': `complete%3Aa=1.${epoch}` };
  using _ = await readLines(`${direct}/stream?channels=complete:a`, add, headers);
  await lines.atLeast(300);
  await app.publish('complete:a', 301);
  const all = await lines.atLeast(301);
  expect(all.flatMap(({ data }) => data ?? [])).toEqual(Array.from({ length: 300 }, (_, n) => n + 2));
  expect(all.flatMap(({ event }) => event ?? [])).toEqual(['start']);
  expect(offsetIn(all.at(-1)?.id ?? '', 'complete:a')).toBe(301);
}, 10_000);
