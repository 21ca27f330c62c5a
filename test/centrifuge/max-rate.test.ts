/** Rates with the unmodified official client, in both of its builds, and over each transport of the typed one. */

import { setTimeout as pause } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { channel, fanfare } from 'fanfare';
import { type ConnectOptions, connect } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { Gathered, gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { quickSdk, type SdkBuild, sdkBuilds } from '../support/centrifuge/sdk-builds.js';
import { FaultProxy } from '../support/network/fault-proxy.js';

const maxRate = { default: 20, max: 100 } as const;
const app = fanfare({
  auth: () => ({ user: 'ann', channels: ['given:1'] }),
  channels: {
    'score:{id}': channel({ subscribe: 'anyone', history: { size: 10_000 }, maxRate }),
    'board:{id}': channel({ subscribe: 'anyone', history: { size: 100 }, delta: true, maxRate }),
    'table:{id}': channel({ subscribe: 'anyone', map: {}, maxRate }),
    'given:{id}': channel({ history: { size: 100 }, maxRate }),
    'plain:{id}': channel({ subscribe: 'anyone' }),
  },
  transports: { sse: true },
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
const { port, url } = await app.listen(0);
const proxy = await FaultProxy.start({ port });
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await app.close(500);
});

/** Publishes 1, 2, 3, … every other millisecond, and one more when all have enough. @returns the last number, and the time it took */
async function publishUntil(publish: (n: number) => Promise<unknown>, enough: readonly Promise<unknown>[]) {
  const startMs = performance.now();
  let isEnough = false;
  const all = Promise.all(enough).finally(() => {
    isEnough = true;
  });
  let n = 0;
  while (!isEnough) {
    await publish(++n);
    await pause(2);
  }
  await all;
  await publish(++n);
  return { last: n, startMs };
}

/** In order, each once, ending with the last one, and no more often than at the rate. */
function expectAtRate(numbers: readonly unknown[], rate: number, { last, startMs }: { last: number; startMs: number }) {
  expect(numbers.at(-1)).toBe(last);
  expect(numbers).toEqual([...new Set(numbers as number[])].sort((a, b) => a - b));
  const seconds = (performance.now() - startMs) / 1e3;
  // One at the beginning, and one for a timer that was late.
  expect(numbers.length).toBeLessThanOrEqual(seconds * rate + 2);
}

const isLast = (received: Gathered<unknown>, last: unknown) =>
  expect.poll(() => received.items.at(-1), { timeout: 10_000, interval: 5 }).toEqual(last);

describe.each(Object.entries(sdkBuilds))('%s', (codec, build) => {
  test('the rule’s rate, that of the data, and no rate, in channels of one connection', async () => {
    const client = quickSdk(build, proxy.port);
    const [usual, slow, all] = [
      client.newSubscription(`score:usual ${codec}`),
      client.newSubscription(`score:slow ${codec}`, { data: encoded(build, { maxRate: 5 }) }),
      client.newSubscription(`plain:${codec}`, { data: encoded(build, { maxRate: 5 }) }),
    ];
    const received = [usual, slow, all].map((each) => gather(each, 'publication', ({ data }) => build.value(data)));
    for (const each of [usual, slow, all]) each.subscribe();
    await Promise.all([usual, slow, all].map((each) => each.ready(20_000)));
    const publish = (n: number) =>
      Promise.all([
        app.publish(`score:usual ${codec}`, n),
        app.publish(`score:slow ${codec}`, n),
        app.publish(`plain:${codec}`, n),
      ]);
    const [ofUsual, ofSlow, ofAll] = received as [Gathered<unknown>, Gathered<unknown>, Gathered<unknown>];
    const done = await publishUntil(publish, [ofUsual.atLeast(6), ofSlow.atLeast(3)]);
    for (const each of received) await isLast(each, done.last);
    expectAtRate(ofUsual.items, 20, done);
    expectAtRate(ofSlow.items, 5, done);
    expect(ofAll.items).toEqual(Array.from({ length: done.last }, (_, n) => n + 1));
  });

  test('who comes back gets the newest value, once, and goes on at its rate', async () => {
    const client = quickSdk(build, proxy.port);
    const name = `score:back ${codec}` as const;
    const room = client.newSubscription(name, { data: encoded(build, { maxRate: 50 }) });
    const received = gather(room, 'publication', ({ data, offset }) => [build.value(data), offset]);
    room.subscribe();
    await room.ready(20_000);
    const first = await publishUntil((n) => app.publish(name, n), [received.atLeast(3)]);
    await isLast(received, [first.last, first.last]);
    const lost = nextEvent(room, 'subscribing');
    const back = nextEvent(room, 'subscribed');
    await proxy.cut();
    await lost;
    const count = received.items.length;
    for (let n = 1; n <= 20; n++) await app.publish(name, first.last + n);
    proxy.restore();
    expect(await back).toMatchObject({ wasRecovering: true, recovered: true });
    const top = first.last + 20;
    await isLast(received, [top, top]);
    expect(received.items.slice(count)).toEqual([[top, top]]);
    await app.publish(name, top + 1);
    await isLast(received, [top + 1, top + 1]);
  });

  test('deltas are to what this rate has sent last', async () => {
    const client = quickSdk(build, proxy.port);
    const name = `board:${codec}` as const;
    const room = client.newSubscription(name, { delta: 'fossil', data: encoded(build, { maxRate: 50 }) });
    const received = gather(room, 'publication', ({ data }) => (build.value(data) as { readonly n: number }).n);
    const errors: unknown[] = [];
    client.on('error', (context) => errors.push(context));
    room.subscribe();
    await room.ready(20_000);
    const rows = Array.from({ length: 30 }, (_, row) => ({ team: `Mannschaft ${row}é` }));
    const done = await publishUntil((n) => app.publish(name, { rows, n }), [received.atLeast(5)]);
    await isLast(received, done.last);
    expectAtRate(received.items, 50, done);
    expect(errors).toEqual([]);
  });

  test('a map: each key at the rate, and the whole state', async () => {
    const client = quickSdk(build, proxy.port);
    const name = `table:${codec}` as const;
    const room = client.newMapSubscription(name, { data: encoded(build, { maxRate: 20 }) });
    const entries = new Map<string, unknown>();
    const updates = new Gathered<string>();
    room.on('update', ({ key, data }) => {
      entries.set(key, build.value(data));
      updates.add(key);
    });
    room.subscribe();
    await room.ready(20_000);
    const table = app.map(name);
    const done = await publishUntil(
      (n) => Promise.all(['a', 'b'].map((key) => table.set(key, n))),
      [updates.atLeast(8)],
    );
    await expect.poll(() => [entries.get('a'), entries.get('b')], { interval: 5 }).toEqual([done.last, done.last]);
    const seconds = (performance.now() - done.startMs) / 1e3;
    for (const key of ['a', 'b']) {
      expect(updates.items.filter((each) => each === key).length).toBeLessThanOrEqual(seconds * 20 + 2);
    }
  });

  test('a channel that the server has subscribed has the rate of the rule', async () => {
    const client = quickSdk(build, proxy.port);
    const received = gather(client, 'publication', ({ data }) => build.value(data));
    await nextEvent(client, 'subscribed');
    const done = await publishUntil((n) => app.publish('given:1', n), [received.atLeast(4)]);
    await isLast(received, done.last);
    expectAtRate(received.items, 20, done);
  });
});

/** Data of a subscription as a build wants it. */
function encoded(build: SdkBuild, data: unknown): unknown {
  return build === sdkBuilds.JSON ? data : Buffer.from(JSON.stringify(data));
}

const ways: [name: string, options: ConnectOptions][] = [
  ['WebSocket', {}],
  ['WebSocket in protobuf', { codec: protobuf }],
  ['HTTP streaming', { transports: ['http_stream'] }],
  ['server-sent events', { transports: ['sse'] }],
  ['long polling', { transports: ['long_polling'] }],
];

test.each(ways)('fanfare/client asks for a rate over %s', async (way, options) => {
  const client = connect(url, { websocket: WebSocket as never, eventsource: EventSource, ...options });
  onTestFinished(() => client.close());
  const room = client.channel(`score:${way}`, { maxRate: 10, data: { other: true } });
  const received = new Gathered<unknown>();
  room.on('message', ({ data }) => received.add(data));
  await room.ready();
  const done = await publishUntil((n) => app.publish(`score:${way}`, n), [received.atLeast(4)]);
  await isLast(received, done.last);
  expectAtRate(received.items, 10, done);
});

test('fanfare/client refuses a rate that is none, and data that has no place for it', () => {
  const client = connect(url, { lazy: true, websocket: WebSocket as never });
  onTestFinished(() => client.close());
  const refusal = expect.objectContaining({ code: 'ERR_CONFIG' });
  for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '2' as never]) {
    expect(() => client.channel('score:wrong', { maxRate: wrong })).toThrow(refusal);
    expect(() => client.map('table:wrong', { maxRate: wrong })).toThrow(refusal);
  }
  expect(() => client.channel('score:wrong', { maxRate: 1, data: 'text' })).toThrow(refusal);
  expect(() => client.channel('score:wrong', { maxRate: 1, data: [] })).toThrow(refusal);
});
