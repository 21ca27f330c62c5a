/** Streams over random lives of their producers and readers, on two nodes: each reader ends with the text, byte for byte. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChannelOptions, channel, type StreamsOptions } from '../../src/engine/channels/channel-options.js';
import { EngineCluster } from '../support/engine/cluster.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';
import { StreamReader } from '../support/engine/stream-reader.js';

const name = 'chat:1';
const common = { subscribe: 'anyone', publish: 'anyone' } as const satisfies ChannelOptions;
const rule = (streams: StreamsOptions = {}) => ({ 'chat:{id}': channel({ ...common, streams }) });
const limits = { pingIntervalMs: 0, commandsPerSec: 0, maxQueueBytes: 400_000 };

/** What became of a change: `made`, or its error. */
async function outcomeOf(change: Promise<unknown>): Promise<string> {
  try {
    const made = await change;
    return (made as { readonly duplicate?: boolean }).duplicate ? 'duplicate' : 'made';
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
}

interface Producer {
  readonly id: string;
  run: number;
  seq: number;
  text: string;
  last: string;
  isEnded: boolean;
}

class World {
  readonly readers = [new StreamReader(name), new StreamReader(name), new StreamReader(name)];
  readonly producers: Producer[] = [];

  constructor(readonly cluster: EngineCluster) {}

  node(n: number): EngineNode {
    const { nodes } = this.cluster;
    const node = nodes[n % nodes.length];
    if (node === undefined) throw new Error('there are none');
    return node;
  }

  async open(n: number): Promise<void> {
    const id = `answer ${this.producers.length}`;
    const { run } = await this.node(n).operations.changeAnswer(name, { kind: 'open', id });
    this.producers.push({ id, run, seq: 0, text: '', last: '', isEnded: false });
  }

  async append(n: number, text: string): Promise<void> {
    const producer = this.#producer(n);
    if (producer === undefined) return;
    const { id, run, seq } = producer;
    const change = { kind: 'append', id, run, seq: seq + 1, added: { text } } as const;
    expect(await outcomeOf(this.node(n).operations.changeAnswer(name, change))).toBe('made');
    producer.seq++;
    producer.text += text;
    producer.last = text;
  }

  /** Appends again what was appended last, over another node. */
  async repeat(n: number): Promise<void> {
    const producer = this.#producer(n);
    if (producer === undefined || producer.seq === 0) return;
    const { id, run, seq, last } = producer;
    const change = { kind: 'append', id, run, seq, added: { text: last } } as const;
    expect(await outcomeOf(this.node(n + 1).operations.changeAnswer(name, change))).toBe('duplicate');
  }

  /** Another producer takes over, and what the first one appends is refused. */
  async takeOver(n: number): Promise<void> {
    const producer = this.#producer(n);
    if (producer === undefined) return;
    const { id, run, seq } = producer;
    const opened = await this.node(n).operations.changeAnswer(name, { kind: 'open', id });
    const late = { kind: 'append', id, run, seq: seq + 1, added: { text: 'late' } } as const;
    expect(await outcomeOf(this.node(n + 1).operations.changeAnswer(name, late))).toBe('ERR_STREAM_LOST');
    Object.assign(producer, { run: opened.run, seq: 0 });
  }

  async close(n: number, state: 'closed' | 'failed'): Promise<void> {
    const producer = this.#producer(n);
    if (producer === undefined) return;
    const { id, run, seq } = producer;
    const { operations } = this.node(n);
    expect(await outcomeOf(operations.changeAnswer(name, { kind: 'end', id, run, seq, state }))).toBe('made');
    const late = { kind: 'append', id, run, seq: seq + 1, added: { text: 'late' } } as const;
    expect(await outcomeOf(operations.changeAnswer(name, late))).toBe('ERR_STREAM_ENDED');
    producer.isEnded = true;
  }

  read(): void {
    for (const reader of this.readers) reader.read();
  }

  async expectAll(): Promise<void> {
    await this.cluster.clock.advance(20_000);
    for (const [n, reader] of this.readers.entries()) if (reader.client === undefined) reader.connect(this.node(n));
    await this.cluster.clock.advance(1_000);
    this.read();
    for (const reader of this.readers) {
      expect(reader.faults).toEqual([]);
      expect([...reader.streams.values()].map(({ id, text, state }) => [id, text, state]).sort()).toEqual(
        this.producers
          .map(({ id, text, isEnded }) => [id, text, isEnded ? expect.stringMatching(/closed|failed/) : 'interrupted'])
          .sort(),
      );
    }
  }

  #producer(n: number): Producer | undefined {
    const open = this.producers.filter(({ isEnded }) => !isEnded);
    return open[n % Math.max(1, open.length)];
  }
}

const index = fc.nat({ max: 5 });
const piece = fc.string({ unit: 'grapheme', maxLength: 6 });
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), n: index }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('append' as const), n: index, text: piece }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), n: index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeOver' as const), n: index }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('closed' as const, 'failed' as const), n: index }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('connect' as const), n: index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cut' as const), n: index }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 40, 150, 700) }) },
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

async function run(world: World, one: Step): Promise<void> {
  switch (one.kind) {
    case 'open':
      return world.open(one.n);
    case 'append':
      return world.append(one.n, one.text);
    case 'repeat':
      return world.repeat(one.n);
    case 'takeOver':
      return world.takeOver(one.n);
    case 'closed':
    case 'failed':
      return world.close(one.n, one.kind);
    case 'connect':
      return world.readers[one.n % world.readers.length]?.connect(world.node(one.n));
    case 'cut':
      return world.readers[one.n % world.readers.length]?.cut();
    case 'pass':
      await world.cluster.clock.advance(one.ms);
      world.read();
  }
}

describe('stories', () => {
  test('G1, G3, G4: whatever happens, each reader has each stream whole, and no part twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const world = new World(await EngineCluster.start(2, { channels: rule({ size: 200 }), limits }));
        for (const one of steps) await run(world, one);
        await world.expectAll();
      }),
      { numRuns: Number(process.env.STREAM_STORIES ?? 40) },
    );
  });
});

async function started(streams: StreamsOptions = {}) {
  const engine = await EngineNode.start({ channels: rule(streams), limits });
  const reader = new StreamReader(name, true);
  reader.connect(engine);
  await engine.clock.settle();
  const { run: given } = await engine.operations.changeAnswer(name, { kind: 'open', id: 'a' });
  return { engine, reader, run: given };
}

async function append(engine: EngineNode, run: number, text: string, id = 'a'): Promise<void> {
  await engine.operations.changeAnswer(name, { kind: 'append', id, run, added: { text } });
}

describe('what readers get', () => {
  test('appends are gathered for `every`, after the first one; who comes meanwhile gets nothing twice', async () => {
    const { engine, reader, run } = await started({ every: '100ms' });
    await engine.clock.advance(200);
    reader.read();
    expect(reader.numParts).toBe(1);
    for (let n = 0; n < 10; n++) {
      await append(engine, run, `${n} `);
      await engine.clock.advance(20);
    }
    const late = new StreamReader(name);
    await append(engine, run, 'x ');
    late.connect(engine);
    await engine.clock.settle();
    await append(engine, run, 'y');
    await engine.clock.advance(200);
    reader.read();
    late.read();
    expect(reader.stream('a')?.text).toBe('0 1 2 3 4 5 6 7 8 9 x y');
    expect(late.stream('a')?.text).toBe('0 1 2 3 4 5 6 7 8 9 x y');
    expect([reader.faults, late.faults]).toEqual([[], []]);
    expect(reader.numParts).toBeLessThanOrEqual(6);
  });

  test('F9: a slow reader gets larger parts, and one that missed too much gets all in one, from the broker', async () => {
    const { engine, reader, run } = await started({ every: '10ms', maxBytes: 300_000 });
    await engine.clock.advance(100);
    const client = reader.client as EngineClient;
    const { connection } = client;
    const write = connection.write.bind(connection);
    const stalled = (bytes: Uint8Array) => {
      connection.bufferedBytes += bytes.length;
      write(bytes);
    };
    let whole = '';
    for (const [size, times] of [
      [10, 50],
      [2_000, 80],
    ] as const) {
      connection.bufferedBytes = 1;
      connection.write = stalled;
      reader.read();
      const { numParts } = reader;
      for (let n = 0; n < times; n++) {
        const text = `${n}`.padEnd(size, '.');
        whole += text;
        await append(engine, run, text);
        await engine.clock.advance(20);
      }
      reader.read();
      expect(reader.numParts).toBe(numParts);
      connection.bufferedBytes = 0;
      connection.write = write;
      await engine.clock.advance(100);
      reader.read();
      expect(reader.stream('a')?.text).toBe(whole);
      expect(reader.numParts - numParts).toBeLessThanOrEqual(2);
    }
    expect(reader.faults).toEqual([]);
    expect(client.closeCode).toBeUndefined();
  });

  test('history counts streams, and who comes back after too many have ended gets those that are kept', async () => {
    const { engine, reader, run } = await started({ size: 3 });
    await engine.clock.advance(1_000);
    reader.cut();
    const { operations } = engine;
    await operations.changeAnswer(name, { kind: 'end', id: 'a', run, state: 'closed' });
    for (const id of ['b', 'c', 'd']) {
      const opened = await operations.changeAnswer(name, { kind: 'open', id });
      await operations.changeAnswer(name, { kind: 'end', id, run: opened.run, state: 'closed' });
    }
    reader.connect(engine);
    await engine.clock.advance(1_000);
    reader.read();
    expect(reader.numRecovered).toBe(0);
    expect([...reader.streams.values()].map(({ id, state }) => [id, state])).toEqual([
      ['b', 'closed'],
      ['c', 'closed'],
      ['d', 'closed'],
    ]);
  });
});

describe('bytes', () => {
  /** As a language model makes them: about five bytes each. */
  const tokens = (count: number) =>
    Array.from({ length: count }, (_, n) => [' a', ' the', ' word', ' answer', ' letter'][n % 5] ?? '');

  /** Of all that is written to a connection, with the heads of its frames (RFC 6455 section 5.2). */
  function bytesOf({ connection }: EngineClient): number {
    return connection.frames.reduce(
      (sum, { length }) => sum + length + (length < 126 ? 2 : length < 65_536 ? 4 : 10),
      0,
    );
  }

  test.each([400, 20_000])(
    '%i tokens, one each 20 ms: at most 4 times the text live, 1.1 times for who comes back',
    async (count) => {
      const engine = await EngineNode.start({ channels: rule(), limits: { ...limits, maxQueueBytes: 1_048_576 } });
      const [live, back] = [await engine.connect(), await engine.connect()];
      const subscribe = { channel: name, flag: 1 };
      const { offset, epoch } = (await back.command('subscribe', subscribe)) as { offset: number; epoch: string };
      const before = bytesOf(live);
      await live.command('subscribe', subscribe);
      const { run: given } = await engine.operations.changeAnswer(name, { kind: 'open', id: 'answer-1' });
      back.session.connectionClosed();
      let text = '';
      for (const token of tokens(count)) {
        text += token;
        await append(engine, given, token, 'answer-1');
        await engine.clock.advance(20);
      }
      await engine.operations.changeAnswer(name, { kind: 'end', id: 'answer-1', run: given, state: 'closed' });
      await engine.clock.advance(1_000);
      const liveRatio = (bytesOf(live) - before) / text.length;
      const again = await engine.connect();
      const connected = bytesOf(again);
      const reply = await again.command('subscribe', { ...subscribe, recover: true, offset, epoch });
      const backRatio = (bytesOf(again) - connected) / text.length;
      const joined = live.pushes('pub').map((pub) => (pub as { data: { t?: string } }).data.t ?? '');
      expect(joined.join('')).toBe(text);
      expect(reply).toMatchObject({
        recovered: true,
        publications: [{ data: { i: 'answer-1', t: text, e: 'closed' } }],
      });
      expect(liveRatio).toBeLessThan(4);
      expect(backRatio).toBeLessThan(1.1);
      console.info(
        `${count} tokens of ${text.length} bytes: ${liveRatio.toFixed(2)} times live, ${backRatio.toFixed(3)} times back`,
      );
    },
  );
});

describe('producers', () => {
  test('one that is silent leaves the stream interrupted, and goes on by an append', async () => {
    const { engine, reader, run } = await started({ interruptAfter: '2s' });
    await append(engine, run, 'one');
    await engine.clock.advance(3_500);
    reader.read();
    expect(reader.stream('a')).toMatchObject({ text: 'one', state: 'interrupted' });
    await append(engine, run, ' two');
    await engine.clock.advance(500);
    reader.read();
    expect(reader.stream('a')).toMatchObject({ text: 'one two', state: 'open' });
  });

  test('one that is held gives signs of life, gathers appends, and its text comes in order', async () => {
    const engine = await EngineNode.start({ channels: rule({ interruptAfter: '2s' }), limits });
    const reader = new StreamReader(name);
    reader.connect(engine);
    const producer = await engine.operations.produceAnswer(name, { id: 'held' });
    await engine.clock.advance(10_000);
    const added = (text: string) => engine.operations.acceptAddition(name, { text });
    const texts = ['a', 'b', '"c"', '\ud83d', '\ude00'];
    await Promise.all((await Promise.all(texts.map(added))).map((addition) => producer.append(addition)));
    await producer.end('closed');
    await engine.clock.advance(500);
    reader.read();
    expect(reader.stream('held')).toMatchObject({ text: 'ab"c"😀', state: 'closed' });
    expect(reader.faults).toEqual([]);
    expect(await outcomeOf(producer.append(await added('late')))).toBe('ERR_STREAM_ENDED');
    expect(engine.clock.numTimers).toBeLessThan(20);
  });

  test('a cancellation reaches it on another node at once, and closed connections of readers do not', async () => {
    const cluster = await EngineCluster.start(3, { channels: rule(), limits });
    const [one, two, three] = cluster.three;
    const producer = await one.operations.produceAnswer(name, { id: 'far' });
    for (let n = 0; n < 20; n++) {
      const reader = new StreamReader(name);
      reader.connect(n % 2 === 0 ? one : two);
      await cluster.clock.advance(10);
      reader.cut();
    }
    await cluster.clock.advance(60_000);
    expect(producer.signal.aborted).toBe(false);
    await three.operations.changeAnswer(name, { kind: 'cancel', id: 'far' });
    await cluster.clock.advance(200);
    expect(producer.signal.reason).toMatchObject({ code: 'ERR_STREAM_CANCELLED' });
    await producer.append(await one.operations.acceptAddition(name, { text: 'last words' }));
    await producer.end('closed');
  });

  test('the first of two is told that it has lost the stream', async () => {
    const cluster = await EngineCluster.start(3, { channels: rule(), limits });
    const [one, two] = cluster.three;
    const first = await one.operations.produceAnswer(name, { id: 'both' });
    const second = await two.operations.produceAnswer(name, { id: 'both' });
    await cluster.clock.advance(200);
    expect(first.signal.reason).toMatchObject({ code: 'ERR_STREAM_LOST' });
    expect(second.isResumed).toBe(true);
    expect(await outcomeOf(first.append({ body: 'x', length: 1 }))).toBe('ERR_STREAM_LOST');
    await second.append({ body: 'y', length: 1 });
    await second.end('closed');
  });

  test('with `stopWhenAlone` it is stopped when nobody reads it on any node, and not before', async () => {
    const cluster = await EngineCluster.start(3, { channels: rule({ stopWhenAlone: '4s' }), limits });
    const [one, two] = cluster.three;
    const reader = new StreamReader(name);
    reader.connect(two);
    const producer = await one.operations.produceAnswer(name, { id: 'alone' });
    await cluster.clock.advance(60_000);
    expect(producer.signal.aborted).toBe(false);
    reader.cut();
    await cluster.clock.advance(2_000);
    reader.connect(two);
    await cluster.clock.advance(60_000);
    expect(producer.signal.aborted).toBe(false);
    reader.cut();
    await cluster.clock.advance(8_000);
    expect(producer.signal.reason).toMatchObject({ code: 'ERR_STREAM_CANCELLED' });
  });

  describe('over HTTP, with `stopWhenAlone`', () => {
    async function writing() {
      const channels = rule({ stopWhenAlone: '4s', interruptAfter: '3s' });
      const cluster = await EngineCluster.start(3, { channels, limits });
      const [one, two, three] = cluster.three;
      const { run } = await one.operations.changeAnswer(name, { kind: 'open', id: 'a' });
      let seq = 0;
      /** Each request meets another node; resolves with whether the producer should stop. */
      const write = async (): Promise<boolean> => {
        const { operations } = seq % 2 === 0 ? one : two;
        const change = { kind: 'append', id: 'a', run, seq: ++seq, added: { text: 'x' } } as const;
        return (await operations.changeAnswer(name, change)).isCancelled;
      };
      /** For so many seconds, with an append in each. */
      const writeFor = async (seconds: number): Promise<boolean> => {
        for (let second = 0; second < seconds; second++) {
          if (await write()) return true;
          await cluster.clock.advance(1_000);
        }
        return false;
      };
      return { cluster, one, two, three, run, write, writeFor };
    }

    test('a stream is stopped when nobody reads it on any node, and not before', async () => {
      const { cluster, one, three, run, writeFor } = await writing();
      const reader = new StreamReader(name);
      reader.connect(three);
      expect(await writeFor(60)).toBe(false);
      reader.cut();
      expect(await writeFor(2)).toBe(false);
      reader.connect(three);
      expect(await writeFor(60)).toBe(false);
      reader.cut();
      const waiting = one.operations.waitForStop(name, 'a', run, 60_000);
      expect(await writeFor(8)).toBe(true);
      expect(await waiting).toBe('alone');
      await cluster.clock.advance(10_000);
      expect(cluster.clock.numTimers).toBeLessThan(40);
    });

    test('a producer that only waits is heard, too', async () => {
      const { cluster, two, run } = await writing();
      const waiting = two.operations.waitForStop(name, 'a', run, 60_000);
      await cluster.clock.advance(8_000);
      expect(await waiting).toBe('alone');
    });

    test('a producer that is gone leaves the stream interrupted, and finds it as it was when it comes back', async () => {
      const { cluster, one, write, writeFor } = await writing();
      await write();
      await cluster.clock.advance(60_000);
      expect(await one.operations.readAnswer(name, 'a')).toMatchObject({ state: 'interrupted', isCancelled: false });
      expect(await write()).toBe(false);
      expect(await writeFor(12)).toBe(true);
    });

    test('a node that does not answer may have readers, until it is considered dead', async () => {
      const { cluster, three, writeFor } = await writing();
      const reader = new StreamReader(name);
      reader.connect(three);
      expect(await writeFor(8)).toBe(false);
      cluster.kill(three);
      expect(await writeFor(8)).toBe(false);
      expect(await writeFor(30)).toBe(true);
    });
  });

  test('a node that closes leaves its streams interrupted', async () => {
    const cluster = await EngineCluster.start(3, { channels: rule(), limits });
    const [one, two] = cluster.three;
    const producer = await one.operations.produceAnswer(name, { id: 'left' });
    await producer.append({ body: 'so far', length: 6 });
    const closing = one.node.close(1_000);
    await cluster.clock.advance(1_000);
    await closing;
    expect(producer.signal.reason).toMatchObject({ code: 'ERR_CLOSED' });
    const read = await two.operations.readAnswer(name, 'left');
    expect([read?.state, read?.part.body]).toEqual(['interrupted', 'so far']);
  });
});

describe('clients', () => {
  async function call(client: EngineClient, fields: object): Promise<unknown> {
    const reply = await client.command('rpc', {
      method: 'fanfare.stream',
      data: { channel: name, id: 'c', ...fields },
    });
    return typeof reply === 'number' ? reply : (reply as { readonly data: unknown }).data;
  }

  test('open, write and cancel streams where the rule lets them, and nobody writes to those of others', async () => {
    const channels = { 'chat:{id}': channel({ ...common, publish: 'user', streams: { cancel: 'user' } }) };
    const engine = await EngineNode.start({ channels, limits });
    const [ann, bob, nobody] = [
      await engine.connect({ sub: 'ann' }),
      await engine.connect({ sub: 'bob' }),
      await engine.connect(),
    ];
    expect(await call(nobody, { op: 'open' })).toBe(103);
    const opened = await call(ann, { op: 'open', meta: { n: 1 } });
    expect(opened).toMatchObject({ run: 1, seq: 0, length: 0, cancelled: false });
    expect(await call(ann, { op: 'append', run: 1, seq: 1, text: 'hello' })).toMatchObject({ seq: 1, length: 5 });
    expect(await call(ann, { op: 'append', run: 1, seq: 1, text: 'hello' })).toMatchObject({ seq: 1, length: 5 });
    expect(await call(ann, { op: 'append', run: 1, seq: 3, text: 'hello' })).toBe(107);
    expect(await call(ann, { op: 'append', run: 1, seq: 2, items: [1] })).toBe(107);
    expect(await call(bob, { op: 'append', run: 1, seq: 2, text: 'intruder' })).toBe(103);
    expect(await call(bob, { op: 'close', run: 1 })).toBe(103);
    expect(await call(nobody, { op: 'cancel' })).toBe(103);
    expect(await call(bob, { op: 'cancel' })).toMatchObject({ cancelled: true });
    expect(await call(ann, { op: 'renew', run: 1 })).toMatchObject({ cancelled: true });
    expect(await call(ann, { op: 'close', run: 1, seq: 1, result: { big: 1 } })).toMatchObject({ length: 5 });
    expect(await call(bob, { op: 'open' })).toBe(110);
    expect(await call(bob, { op: 'cancel' })).toBe(110);
    expect(await call(bob, { op: 'sing' })).toBe(107);
    expect(await bob.command('publish', { channel: name, data: 1 })).toBe(108);
    const read = await engine.operations.readAnswer(name, 'c');
    expect([read?.part.body, read?.part.meta, read?.part.result]).toEqual(['hello', '{"n":1}', '{"big":1}']);
  });

  test('G11: one connection opens 64 streams at most', async () => {
    const engine = await EngineNode.start({ channels: rule(), limits });
    const client = await engine.connect({ sub: 'ann' });
    for (let n = 0; n < 64; n++) expect(await call(client, { op: 'open', id: `c${n}` })).toBeTypeOf('object');
    expect(await call(client, { op: 'open', id: 'more' })).toBe(106);
    expect(await call(client, { op: 'open', id: 'c1' })).toBeTypeOf('object');
  });
});
