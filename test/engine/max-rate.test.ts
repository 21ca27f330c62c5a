/**
 * Subscribers with a rate on a fake clock. The model knows nothing of groups and beats: it has what was published when,
 * and checks what each subscriber got against what docs/guide/max-rate.md promises.
 */

import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { centrifugalJson } from '../../src/protocols/centrifugal/json-protocol.js';
import { channelName } from '../support/engine/channel-name.js';
import { EngineNode } from '../support/engine/node.js';
import { type Period, RatedReader } from '../support/engine/rated-reader.js';
import { plainEncoding, RecordedConnection } from '../support/engine/recorded-connection.js';
import { usageOf } from '../support/engine/usage.js';

const name = channelName('room:1');
/** Of whole milliseconds, so that a beat is at an exact time. */
const rates = [2, 10, 20] as const;
const slowestMs = 500;
const usualRate = 5;

interface Published {
  readonly key: string;
  readonly atMs: number;
}

interface Kind {
  readonly rule: ChannelOptions;
  readonly isMap: boolean;
  readonly hasHistory: boolean;
}

const kinds = {
  'messages with a history': { rule: { history: { size: 1_000 } }, isMap: false, hasHistory: true },
  'messages without a history': { rule: {}, isMap: false, hasHistory: false },
  'a map': { rule: { map: {} }, isMap: true, hasHistory: true },
} as const satisfies Readonly<Record<string, Kind>>;

class RatedWorld {
  readonly node: EngineNode;
  readonly readers: readonly RatedReader[];
  readonly published: Published[] = [];
  readonly #kind: Kind;

  constructor(kind: Kind, numReaders = 4) {
    this.#kind = kind;
    this.node = new EngineNode({ channels: this.#rules({}), limits: { pingIntervalMs: 0, commandsPerSec: 0 } });
    this.readers = Array.from(
      { length: numReaders },
      () => new RatedReader(this.node.node, this.node.clock, name, kind.isMap),
    );
  }

  #rules(change: ChannelOptions) {
    const rule = {
      subscribe: 'anyone',
      joinLeave: true,
      maxRate: { default: usualRate },
      ...this.#kind.rule,
      ...change,
    };
    return { 'room:{id}': channel(rule as ChannelOptions) };
  }

  get nowMs(): number {
    return this.node.clock.nowMs();
  }

  /** Publications that come in one turn. */
  async publish(...keys: readonly string[]): Promise<void> {
    const all = keys.map((key) => {
      this.published.push({ key: this.#kind.isMap ? key : '', atMs: this.nowMs });
      const data = trustedJsonText(String(this.published.length));
      return this.#kind.isMap
        ? this.node.operations.changeMap(name, { key, data, removed: false }, {})
        : this.node.operations.publish(name, data, {});
    });
    await Promise.all(all);
    await this.node.clock.settle();
  }

  reload(change: ChannelOptions): void {
    this.node.node.prepareChange({ channels: this.#rules(change), limits: {} })();
  }

  /** What is left of these publications when of each key only the newest is. */
  newestOf(after: number, upTo: number): number[] {
    const newest = new Map<string, number>();
    for (let number = after + 1; number <= upTo; number++) newest.set(this.published[number - 1]?.key ?? '', number);
    return [...newest.values()].sort((a, b) => a - b);
  }

  checkAll(): void {
    for (const reader of this.readers) for (const period of reader.periods) this.check(period);
  }

  check(period: Period): void {
    const { live, maxRate, endMs = this.nowMs } = period;
    const numbers = [...period.recovered, ...live.map(({ number }) => number)];
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
      'in order, each once',
    );
    for (const { number, key } of live) assert.equal(key, this.published[number - 1]?.key, 'what was published');
    if (this.#kind.hasHistory && period.since !== undefined) this.#checkRecovery(period, period.since);
    if (maxRate === undefined) return;
    const intervalMs = 1_000 / maxRate;
    this.#checkRate(period, intervalMs, endMs);
    this.#checkAge(period, intervalMs, endMs);
    this.#checkSilence(period, intervalMs);
  }

  /** First comes the newest of each key of what was missed. In one millisecond nothing tells what was published first. */
  #checkRecovery({ fromMs, recovered }: Period, since: number): void {
    const before = this.published.filter(({ atMs }) => atMs < fromMs).length;
    const upTo = this.published.filter(({ atMs }) => atMs <= fromMs).length;
    const possible = Array.from({ length: upTo - before + 1 }, (_, n) => this.newestOf(since, before + n));
    assert.ok(
      possible.some((each) => String(each) === String(recovered)),
      `recovered ${recovered} since ${since}`,
    );
  }

  /** Two values of a key are an interval apart, but for what leaves because the subscription ends. */
  #checkRate({ live }: Period, intervalMs: number, endMs: number): void {
    const lastAt = new Map<string, number>();
    for (const { key, atMs } of live) {
      const before = lastAt.get(key);
      if (before !== undefined && atMs < endMs) assert.ok(atMs - before >= intervalMs, `${atMs - before} ms apart`);
      lastAt.set(key, atMs);
    }
  }

  /** An interval after each publication it has that, or a newer one of the key; at the end everything. */
  #checkAge({ live, fromMs, isCut }: Period, intervalMs: number, endMs: number): void {
    for (const [index, { key, atMs }] of this.published.entries()) {
      if (atMs <= fromMs || atMs > endMs) continue;
      if (isCut && atMs + intervalMs >= endMs) continue;
      // Published in the millisecond of its end: before or after that.
      if (atMs === endMs && endMs < this.nowMs) continue;
      const dueMs = Math.min(atMs + intervalMs, endMs);
      const has = live.some((each) => each.key === key && each.number > index && each.atMs <= dueMs);
      if (dueMs < this.nowMs || endMs < this.nowMs) assert.ok(has, `has ${index + 1} of ${key} at ${dueMs} ms`);
    }
  }

  /** What comes after an interval without anything leaves at once. */
  #checkSilence({ live, fromMs, endMs = this.nowMs }: Period, intervalMs: number): void {
    for (const [index, { key, atMs }] of this.published.entries()) {
      // Later, so that nothing that left for others was before its time.
      if (atMs < fromMs + 2 * intervalMs || atMs >= endMs) continue;
      const isSilent = !live.some((each) => each.atMs > atMs - intervalMs && each.number <= index);
      const isFirst = !this.published.some((each, i) => i < index && each.atMs > atMs - intervalMs && each.atMs < atMs);
      if (!isSilent || !isFirst) continue;
      const has = live.some((each) => each.key === key && each.number > index && each.atMs === atMs);
      assert.ok(has, `${index + 1} leaves at once`);
    }
  }
}

const reader = fc.nat({ max: 3 });
const key = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      keys: fc.array(key, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 10, 49, 50, 51, 99, 100, 250, 500, 1_100),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      reader,
      rate: fc.constantFrom(undefined, ...rates),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('unsubscribe' as const, 'cut' as const), reader }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('traffic' as const), reader, isOn: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

async function take(world: RatedWorld, one: Step): Promise<void> {
  if (one.kind === 'publish') await world.publish(...one.keys);
  else if (one.kind === 'wait') await world.node.clock.advance(one.ms);
  else {
    const client = world.readers[one.reader];
    if (one.kind === 'subscribe') client?.subscribe(one.rate === undefined ? {} : { data: { maxRate: one.rate } });
    else if (one.kind === 'traffic') client?.wantJoinLeave(one.isOn);
    else client?.[one.kind]();
    await world.node.clock.settle();
  }
}

describe('any order of publications, pauses, arrivals, departures and losses', () => {
  test.each(Object.entries(kinds))('%s: the rate, the newest value in time, nothing lost, nothing twice', (_, kind) =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const world = new RatedWorld(kind);
        await world.node.start();
        const { clock } = world.node;
        try {
          const numTimers = clock.numTimers;
          for (const one of steps) await take(world, one);
          for (const client of world.readers) client.subscribe({});
          await clock.settle();
          await clock.advance(slowestMs * 3);
          await world.publish('a');
          await clock.advance(slowestMs * 3);
          world.checkAll();
          for (const { period } of world.readers) {
            expect(period?.live.at(-1)?.number ?? 0).toBe(world.published.length);
          }
          expect(clock.numTimers - numTimers).toBeLessThanOrEqual(1);
          for (const client of world.readers) client.cut();
          await clock.settle();
          expect(usageOf(world.node.node.ports)).toEqual([]);
        } finally {
          await world.node.close();
        }
      }),
      { numRuns: 100 },
    ),
  );
});

async function started(kind: Kind = kinds['messages with a history'], numReaders = 3): Promise<RatedWorld> {
  const world = new RatedWorld(kind, numReaders);
  await world.node.start();
  return world;
}

const receipts = ({ periods }: RatedReader) => periods.at(-1)?.live.map(({ number, atMs }) => [number, atMs]);

describe('maxRate', () => {
  test('the first value after a silence leaves at once, then the newest at each beat, and no timer stays', async () => {
    const world = await started();
    const { clock } = world.node;
    const [ten, two, usual] = world.readers;
    ten?.subscribe({ data: { maxRate: 10 } });
    two?.subscribe({ data: { maxRate: 2, other: true } });
    usual?.subscribe({ data: 'not an object' });
    await clock.advance(1_000);
    const numTimers = clock.numTimers;
    for (let n = 0; n < 13; n++) {
      await world.publish('a');
      await clock.advance(20);
    }
    await clock.advance(1_000);
    expect(ten && receipts(ten)).toEqual([
      [1, 1_000],
      [5, 1_100],
      [10, 1_200],
      [13, 1_300],
    ]);
    expect(two && receipts(two)).toEqual([
      [1, 1_000],
      [13, 1_500],
    ]);
    expect(usual && receipts(usual)).toEqual([
      [1, 1_000],
      [10, 1_200],
      [13, 1_400],
    ]);
    expect(clock.numTimers).toBe(numTimers);
    await world.publish('a');
    expect([ten, two, usual].map((each) => each && receipts(each)?.at(-1))).toEqual(Array(3).fill([14, clock.nowMs()]));
    const counts = world.node.node.ports.rules.match(name)?.counts;
    expect(counts).toMatchObject({ publicationsConflated: 9 + 11 + 10, publicationsDelayed: 3 + 1 + 2 });
    expect(counts?.publicationsOut).toBe(4 + 2 + 3 + 3);
  });

  test('a client that asks for more than the rule allows gets that, and one that asks for nonsense is refused', async () => {
    const rule = { subscribe: 'anyone', maxRate: { max: 10, default: 1 } } as const;
    const engine = await EngineNode.start({
      channels: { 'room:{id}': channel(rule), plain: channel({ subscribe: 'anyone' }) },
    });
    const client = await engine.connect();
    const ask = (channel: string, maxRate: unknown) => client.command('subscribe', { channel, data: { maxRate } });
    expect(await ask('room:a', 30)).toMatchObject({ max_rate: 10 });
    expect(await ask('room:b', 3.75)).toMatchObject({ max_rate: 3.7 });
    expect(await ask('room:c', null)).toMatchObject({ max_rate: 1 });
    for (const wrong of ['2', 0, -1, 0.0001, [], {}, true]) expect(await ask('room:d', wrong)).toBe(107);
    expect(await ask('plain', 'its own business')).toEqual({});
    expect(await ask('plain', 2)).toBe(105);
  });

  test('joins and leaves do not wait, nor does another channel of the connection', async () => {
    const channels = {
      'room:{id}': channel({ subscribe: 'anyone', joinLeave: 'push', maxRate: { default: 1 } }),
      'live:{id}': channel({ subscribe: 'anyone' }),
    };
    const engine = await EngineNode.start({ channels, limits: { pingIntervalMs: 0 } });
    const client = await engine.connect();
    for (const name of ['room:1', 'live:1']) await client.command('subscribe', { channel: name });
    for (let n = 1; n <= 3; n++) {
      for (const name of ['room:1', 'live:1']) await engine.operations.publish(name, trustedJsonText(`${n}`), {});
      await engine.clock.settle();
    }
    const other = await engine.connect();
    await other.command('subscribe', { channel: 'room:1' });
    await engine.clock.settle();
    const data = (of: string) =>
      client.messages.flatMap(({ push }) => {
        const { channel: from, pub } = (push ?? {}) as { channel?: string; pub?: { data: number } };
        return from === of && pub ? [pub.data] : [];
      });
    expect([data('room:1'), data('live:1')]).toEqual([[1], [1, 2, 3]]);
    // Its own, too.
    expect(client.pushes('join')).toHaveLength(2);
    await engine.clock.advance(1_000);
    expect([data('room:1'), data('live:1')]).toEqual([
      [1, 3],
      [1, 2, 3],
    ]);
    // Who came after the last value was published has not been waiting for it.
    expect(other.pushes('pub')).toEqual([]);
  });

  test('a server-side subscription has the rate of the rule', async () => {
    const engine = await EngineNode.start({
      channels: { score: channel({ history: { size: 9 }, maxRate: { default: 2 } }) },
    });
    const client = await engine.connect({ channels: ['score'] });
    for (let n = 1; n <= 4; n++) await engine.operations.publish('score', trustedJsonText(`${n}`), {});
    await engine.clock.settle();
    await engine.operations.publish('score', trustedJsonText('5'), {});
    await engine.operations.publish('score', trustedJsonText('6'), {});
    await engine.clock.advance(499);
    expect(client.pushes('pub')).toEqual([{ data: 4, offset: 4 }]);
    await engine.clock.advance(1);
    expect(client.pushes('pub')).toEqual([
      { data: 4, offset: 4 },
      { data: 6, offset: 6 },
    ]);
  });

  test('with a filter the newest that passes leaves, whatever came after it', async () => {
    const rule = { subscribe: 'anyone', filterTags: ['kind'], maxRate: { default: 1 } } as const;
    const engine = await EngineNode.start({ channels: { news: channel(rule) }, limits: { pingIntervalMs: 0 } });
    const [all, goals] = [await engine.connect(), await engine.connect()];
    await all.command('subscribe', { channel: 'news' });
    await goals.command('subscribe', { channel: 'news', tf: { key: 'kind', cmp: 'eq', val: 'goal' } });
    const publish = async (n: number, kind: string) => {
      await engine.operations.publish('news', trustedJsonText(`${n}`), { tags: { kind } });
      await engine.clock.settle();
    };
    await publish(1, 'goal');
    await publish(2, 'goal');
    await publish(3, 'card');
    await engine.clock.advance(1_000);
    const data = (client: typeof all) => client.pushes('pub').map((pub) => (pub as { data: number }).data);
    expect([data(all), data(goals)]).toEqual([
      [1, 3],
      [1, 2],
    ]);
    await publish(4, 'card');
    await engine.clock.advance(10_000);
    await publish(5, 'goal');
    expect(data(goals)).toEqual([1, 2, 5]);
  });

  test('of a map the removal of a key is a value like others, and another key does not take its place', async () => {
    const world = await started(kinds['a map'], 1);
    const { clock } = world.node;
    const [only] = world.readers;
    only?.subscribe({ data: { maxRate: 10 } });
    await clock.advance(1_000);
    await world.publish('a', 'b');
    await world.publish('a', 'b');
    await world.node.operations.changeMap(name, { key: 'a', data: trustedJsonText('null'), removed: true }, {});
    await clock.advance(100);
    expect(only?.period?.live.map(({ number, key }) => [number, key])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [4, 'b'],
      [undefined, 'a'],
    ]);
  });

  test('a change of the rule changes the rate of who is there, and what waits leaves', async () => {
    const world = await started(undefined, 2);
    const { clock } = world.node;
    const [asks, usual] = world.readers;
    asks?.subscribe({ data: { maxRate: 2 } });
    usual?.subscribe({});
    await clock.advance(1_000);
    await world.publish('a');
    await world.publish('a');
    world.reload({ maxRate: { default: 20, max: 50 } });
    await clock.advance(10);
    expect([asks, usual].map((each) => each && receipts(each)?.map(([number]) => number))).toEqual([[1], [1, 2]]);
    await world.publish('a');
    await world.publish('a');
    world.reload({ maxRate: undefined as never });
    await clock.advance(10);
    await world.publish('a');
    expect([asks, usual].map((each) => each && receipts(each)?.map(([number]) => number))).toEqual([
      [1, 4, 5],
      [1, 2, 3, 4, 5],
    ]);
    expect([asks?.unsubscribes, usual?.unsubscribes]).toEqual([[], []]);
  });

  test('a hole in the stream, and a close by the server: what waits leaves first', async () => {
    const world = await started(undefined, 2);
    const { clock, node } = world.node;
    const [one, other] = world.readers;
    for (const each of [one, other]) each?.subscribe({ data: { maxRate: 2 } });
    await clock.advance(1_000);
    await world.publish('a');
    await world.publish('a');
    other?.session?.close({ code: 3001, reason: 'shutdown' });
    expect(other?.periods.at(-1)?.live.map(({ number }) => number)).toEqual([1, 2]);
    node.ports.hub.onPublication(name, { data: trustedJsonText('9'), offset: 9 }, one?.position?.epoch ?? '');
    await clock.settle();
    expect(one?.periods.at(-1)?.live.map(({ number }) => number)).toEqual([1, 2]);
    expect(one?.unsubscribes).toEqual([2500]);
  });

  test('who came while a value waited does not get it, though it asks for joins and leaves meanwhile', async () => {
    const world = await started(undefined, 2);
    const { clock } = world.node;
    const [early, late] = world.readers;
    early?.subscribe({ data: { maxRate: 2 } });
    await clock.advance(1_000);
    await world.publish('a');
    await world.publish('a');
    late?.subscribe({ data: { maxRate: 2 } });
    await clock.settle();
    for (const each of [early, late]) each?.wantJoinLeave(true);
    await clock.advance(500);
    expect([early, late].map((each) => each && receipts(each))).toEqual([
      [
        [1, 1_000],
        [2, 1_500],
      ],
      [],
    ]);
    await world.publish('a');
    await clock.advance(500);
    expect([early, late].map((each) => each && receipts(each)?.at(-1))).toEqual(Array(2).fill([3, 2_000]));
  });

  test('what a history does not keep takes the place of nothing that it keeps', async () => {
    const world = await started(undefined, 1);
    const { clock, operations } = world.node;
    const [only] = world.readers;
    only?.subscribe({ data: { maxRate: 2 } });
    await clock.advance(1_000);
    await world.publish('a');
    await world.publish('a');
    for (const hint of ['7', '8']) await operations.publish(name, trustedJsonText(hint), { skipHistory: true });
    await clock.advance(500);
    expect(only && receipts(only)?.map(([number]) => number)).toEqual([1, 2, 8]);
    expect(only?.position?.offset).toBe(2);
  });

  test('a hole in a channel that the server has subscribed: what waits leaves before the close', async () => {
    const rule = channel({ history: { size: 9 }, maxRate: { default: 1 } });
    const engine = await EngineNode.start({ channels: { score: rule }, limits: { pingIntervalMs: 0 } });
    const client = await engine.connect({ channels: ['score'] });
    for (const data of ['1', '2']) {
      await engine.operations.publish('score', trustedJsonText(data), {});
      await engine.clock.settle();
    }
    const { hub } = engine.node.ports;
    const score = channelName('score');
    hub.onPublication(score, { data: trustedJsonText('9'), offset: 9 }, hub.position(score)?.epoch ?? '');
    await engine.clock.settle();
    expect(client.pushes('pub')).toMatchObject([{ data: 1 }, { data: 2 }]);
    expect(client.closeCode).toBe(3010);
  });

  test('a beat costs one encoding and one frame, however many get it', async () => {
    const frame = vi.fn((message: string | Uint8Array) => Buffer.from(message));
    const encoding = { ...plainEncoding(), framing: { name: 'counted', frame } };
    const engine = await EngineNode.start({
      channels: { score: channel({ subscribe: 'anyone', history: { size: 9 }, maxRate: {} }) },
      limits: { pingIntervalMs: 0 },
    });
    const connections = Array.from({ length: 100 }, () => new RecordedConnection(encoding));
    for (const connection of connections) {
      const session = engine.node.ports.open(connection, { headers: new Map(), url: '/', remoteAddress: '192.0.2.1' });
      session.receive('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"score","data":{"maxRate":10}}}');
    }
    await engine.clock.advance(1_000);
    const encode = vi.spyOn(centrifugalJson, 'encodePush');
    frame.mockClear();
    for (let n = 1; n <= 51; n++) {
      await engine.operations.publish('score', trustedJsonText(`${n}`), {});
      await engine.clock.advance(10);
    }
    // At 0, 100, …, 500 ms.
    expect([encode.mock.calls.length, frame.mock.calls.length]).toEqual([6, 6]);
    encode.mockRestore();
    expect(new Set(connections.map(({ frames }) => frames.at(-1)))).toHaveProperty('size', 1);
  });
});
