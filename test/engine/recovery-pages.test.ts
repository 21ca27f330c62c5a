/**
 * Recoveries that are larger than one reply, for clients that take them in pages: everything comes, in order and once, with live
 * publications behind it; or the client is told, and what it has has no hole.
 */

import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import type { EngineLimits } from '../../src/engine/ports/limits.js';
import { pagedRecovery } from '../../src/model/command.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { EngineNode } from '../support/engine/node.js';
import type { SimulatedClient, SimulatedOptions } from '../support/engine/simulated-client.js';
import { Simulation } from '../support/engine/simulation.js';
import { usageOf } from '../support/engine/usage.js';

const maxQueueBytes = 50_000;
const aWhileMs = 50;
const even = { op: '', key: 'parity', cmp: 'eq', val: 'even' };

interface WorldOptions extends SimulatedOptions {
  readonly rule?: ChannelOptions;
  readonly limits?: Partial<EngineLimits>;
  /** Characters of each publication. Default: 100. */
  readonly length?: number;
}

/** One client and a channel with a long history. */
class PagedWorld {
  readonly simulation: Simulation;
  readonly client: SimulatedClient;
  readonly #length: number;
  /** Offsets of what a filter lets through are even. */
  numPublished = 0;

  constructor({ rule, limits, length = 100, ...options }: WorldOptions = {}) {
    this.simulation = new Simulation({
      rule: { history: { size: 5_000, ttl: '5m' }, filterTags: ['parity'], delta: true, ...rule },
      limits: { maxRecoveredPublications: 10, maxQueueBytes, pingIntervalMs: 0, ...limits },
    });
    this.client = this.simulation.client({ inPages: true, ...options });
    this.#length = length;
  }

  async start(): Promise<this> {
    await this.simulation.start();
    this.client.connect();
    await this.settle();
    return this;
  }

  get counts() {
    const counts = this.simulation.node.ports.rules.match(this.simulation.channel)?.counts;
    assert.ok(counts);
    return counts;
  }

  async publish(count: number): Promise<void> {
    const { node, channel: name } = this.simulation;
    const rule = node.ports.rules.match(name);
    assert.ok(rule);
    for (let i = 0; i < count; i++) {
      const n = ++this.numPublished;
      const data = trustedJsonText(JSON.stringify({ n, text: 'ü'.repeat(this.#length) }));
      await node.ports.publishing.publish(name, rule, data, { tags: { parity: n % 2 === 0 ? 'even' : 'odd' } });
    }
  }

  settle(): Promise<void> {
    return this.simulation.settle([this.client]);
  }

  async pass(): Promise<void> {
    await this.simulation.clock.advance(aWhileMs);
    await this.settle();
  }

  /** Until nothing more comes. */
  async passAll(): Promise<void> {
    for (let before = -1; before !== this.client.deliveries.length; ) {
      before = this.client.deliveries.length;
      for (let i = 0; i < 3; i++) await this.pass();
    }
  }

  /** The client is away while so much is published, and comes back. */
  async missed(count: number): Promise<void> {
    this.client.cut();
    await this.publish(count);
    this.client.connect();
  }

  get offsets(): number[] {
    return this.client.deliveries.map(({ offset }) => offset);
  }

  async close(): Promise<void> {
    this.client.cut();
    await this.simulation.settle([]);
    assert.deepEqual(usageOf(this.simulation.node.ports), [], 'F20: nothing is left');
    await this.simulation.close();
  }
}

const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => from + index);

describe('a client that takes pages', () => {
  test.each<[string, SimulatedOptions]>([
    ['whole', {}],
    ['in protobuf', { codec: 'protobuf' }],
    ['whole, with deltas behind them', { delta: true }],
    ['whole in protobuf, with deltas behind them', { delta: true, codec: 'protobuf' }],
  ])('G1 G2 G3 G4: gets everything that the history keeps, %s, and goes on live', async (_, options) => {
    const world = await new PagedWorld(options).start();
    await world.publish(1);
    await world.settle();
    await world.missed(3_000);
    await world.passAll();
    await world.publish(5);
    await world.settle();
    expect(world.offsets).toEqual(upTo(3_006));
    expect(world.client.deliveries.map(({ value }) => (value as { n: number }).n)).toEqual(upTo(3_006));
    expect(world.client.starts.at(-1)).toMatchObject({ wasRecovering: true, recovered: true, publications: 10 });
    expect(world.client.unsubscribes).toEqual([]);
    const { recoveries, publicationsRecovered, recovered } = world.counts;
    expect({ recoveries, publicationsRecovered }).toEqual({ recoveries: 1, publicationsRecovered: 3_000 });
    expect(recovered.count).toBe(1);
    if (options.delta) expect(world.client.deltas?.numDeltas).toBeGreaterThan(3);
    await world.close();
  });

  test('G4: of what passes its filter, with a limit that counts all of it', async () => {
    const world = await new PagedWorld({ filter: even }).start();
    await world.publish(2);
    await world.settle();
    await world.missed(1_000);
    await world.passAll();
    await world.publish(2);
    await world.settle();
    expect(world.offsets).toEqual(upTo(1_004).filter((offset) => offset % 2 === 0));
    await world.close();
  });

  test('G4: also where the bytes are what one reply does not carry', async () => {
    const world = await new PagedWorld({ limits: { maxRecoveredPublications: 1_000 }, length: 2_000 }).start();
    await world.publish(1);
    await world.settle();
    await world.missed(200);
    await world.passAll();
    expect(world.offsets).toEqual(upTo(201));
    expect(world.client.starts.at(-1)?.publications).toBeLessThan(20);
    expect(world.client.closes).toEqual([]);
    await world.close();
  });

  test('G11: waits until its connection takes more, and live publications do not overtake what it waits for', async () => {
    const world = await new PagedWorld().start();
    await world.publish(1);
    await world.settle();
    await world.missed(2_000);
    world.client.connection?.stall();
    await world.pass();
    for (let round = 0; round < 20; round++) {
      await world.publish(100);
      await world.pass();
      expect(world.client.connection?.bufferedBytes).toBeLessThanOrEqual(maxQueueBytes);
    }
    for (let round = 0; round < 200; round++) {
      world.client.connection?.flow();
      world.client.connection?.stall();
      await world.pass();
    }
    expect(world.offsets).toEqual(upTo(4_001));
    expect([world.client.unsubscribes, world.client.closes]).toEqual([[], []]);
    await world.close();
  });

  test('G2 G4: is told when the history drops what it still waits for: 2500, and then that it cannot recover', async () => {
    const world = await new PagedWorld({ rule: { history: { size: 300, ttl: '5m' } } }).start();
    await world.publish(1);
    await world.settle();
    await world.missed(300);
    await world.simulation.clock.settle();
    world.client.connection?.stall();
    world.client.read();
    await world.pass();
    await world.publish(400);
    world.client.connection?.flow();
    for (let round = 0; round < 5; round++) await world.pass();
    expect(world.client.unsubscribes).toEqual([2500]);
    expect(world.client.starts.at(-1)).toMatchObject({ wasRecovering: true, recovered: false, publications: 0 });
    const before = world.client.starts.at(-1)?.deliveredBefore ?? 0;
    expect(world.offsets.slice(0, before)).toEqual(upTo(before));
    await world.publish(1);
    await world.settle();
    expect(world.offsets.at(-1)).toBe(702);
    await world.close();
  });

  test('is told that it missed something where the limit is 0', async () => {
    const world = await new PagedWorld({ limits: { maxRecoveredPublications: 0 } }).start();
    await world.publish(1);
    await world.settle();
    await world.missed(1);
    await world.settle();
    expect(world.client.starts.at(-1)).toMatchObject({ recovered: false, publications: 0 });
    await world.close();
  });

  test('G1–G4 F20: that comes and goes while its line stalls and others publish has everything at last, once', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ kind: fc.constantFrom('publish', 'cut', 'stall', 'flow', 'pass'), count: fc.nat(150) }), {
          minLength: 5,
          maxLength: 25,
        }),
        fc.constantFrom(1, 7, 100),
        async (steps, maxRecoveredPublications) => {
          const world = await new PagedWorld({ limits: { maxRecoveredPublications } }).start();
          await world.publish(1);
          await world.settle();
          for (const { kind, count } of steps) {
            if (kind === 'publish') await world.publish(count);
            else if (kind === 'cut') await world.missed(count);
            else if (kind === 'pass') await world.pass();
            else world.client.connection?.[kind === 'stall' ? 'stall' : 'flow']();
          }
          for (let round = 0; round < 3; round++) {
            world.client.connect();
            world.client.connection?.flow();
            for (let i = 0; i < 10; i++) await world.pass();
          }
          assert.deepEqual(world.offsets, upTo(world.numPublished));
          await world.close();
        },
      ),
      { numRuns: 60 },
    ));
});

describe('others', () => {
  test('G4: a client that does not take pages is told that it cannot recover, and gets nothing of it', async () => {
    const world = await new PagedWorld({ inPages: false }).start();
    await world.publish(1);
    await world.settle();
    await world.missed(11);
    await world.settle();
    expect(world.client.starts.at(-1)).toMatchObject({ wasRecovering: true, recovered: false, publications: 0 });
    expect(world.offsets).toEqual([1]);
    await world.close();
  });

  const channels = {
    'a:{x}': channel({ subscribe: 'anyone', history: { size: 500, ttl: '5m' }, joinLeave: true }),
  };
  const limits = { maxRecoveredPublications: 3, pingIntervalMs: 0 };

  async function withHistory(): Promise<EngineNode> {
    const node = await EngineNode.start({ channels, limits });
    for (let n = 1; n <= 100; n++) await node.operations.publish('a:1', trustedJsonText(`${n}`), {});
    return node;
  }

  test('G4: server-side subscriptions come in pages where connect says so', async () => {
    const node = await withHistory();
    const recovery = async (flag: number) => {
      const client = node.open();
      const subs = { 'a:1': { recover: true, offset: 20, epoch: '' } };
      const token = JSON.stringify({ sub: 'ann', subs: { 'a:1': {} } });
      const reply = (await client.command('connect', { token, flag, subs })) as { subs: Record<string, object> };
      return { sub: reply.subs['a:1'], pushes: client.pushes('pub') as { offset: number }[] };
    };
    expect((await recovery(0)).sub).not.toHaveProperty('recovered');
    const { sub, pushes } = await recovery(pagedRecovery);
    expect(sub).toMatchObject({ recovered: true, offset: 20, publications: [{ offset: 21 }, { offset: 22 }, {}] });
    expect(pushes.map(({ offset }) => offset)).toEqual(upTo(100, 24));
  });

  test('a client that the server subscribes from a position gets everything since', async () => {
    const node = await withHistory();
    const client = await node.connect({ sub: 'ann' });
    await node.operations.subscribe({ user: 'ann' }, 'a:1', { recoverSince: { offset: 10, epoch: '' } });
    await node.clock.settle();
    expect((client.pushes('pub') as { offset: number }[]).map(({ offset }) => offset)).toEqual(upTo(100, 11));
  });

  test('joins and leaves are told meanwhile', async () => {
    const node = await withHistory();
    const client = await node.connect({ sub: 'ann' });
    client.connection.bufferedBytes = 1;
    const since = { recover: true, offset: 0, epoch: '' };
    await client.command('subscribe', { channel: 'a:1', flag: pagedRecovery, join_leave: true, ...since });
    const other = await node.connect({ sub: 'bob' });
    await other.command('subscribe', { channel: 'a:1' });
    await node.clock.advance(aWhileMs);
    expect(client.pushes('pub')).toEqual([]);
    expect((client.pushes('join') as { info: { user: string } }[]).map(({ info }) => info.user)).toContain('bob');
    client.connection.bufferedBytes = 0;
    await node.clock.advance(aWhileMs);
    expect(client.pushes('pub')).toHaveLength(97);
  });
});
