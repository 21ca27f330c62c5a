/** Deltas and channel numbers over the life of subscriptions: whatever happens, all clients decode to the truth. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import type { SimulatedClient, SimulatedOptions } from '../support/engine/simulated-client.js';
import { Simulation } from '../support/engine/simulation.js';

const withHistory = { history: { size: 5, ttl: '1m' } } as const satisfies ChannelOptions;
const everything = { delta: true, compaction: true, joinLeave: 'push' } as const satisfies ChannelOptions;

type Codec = NonNullable<SimulatedOptions['codec']>;

class DeltaWorld {
  readonly simulation: Simulation;
  readonly clients: SimulatedClient[];
  /** What was published, by its number in the document. */
  readonly published: unknown[] = [];
  readonly #rule: ChannelOptions;
  #document: Record<string, unknown> = { n: -1, title: 'Ünïcödé 😀'.repeat(5) };

  constructor(rule: ChannelOptions, { numClients = 3, codecs = ['json'] as readonly Codec[] } = {}) {
    this.#rule = rule;
    this.simulation = new Simulation({ rule: { ...everything, ...rule }, limits: { maxQueueBytes: 20_000 } });
    // The last one is as an SDK that knows nothing of deltas.
    this.clients = Array.from({ length: numClients }, (_, n) =>
      this.simulation.client({ delta: n < numClients - 1, codec: codecs[n % codecs.length] ?? 'json' }),
    );
  }

  async start(): Promise<this> {
    await this.simulation.start();
    return this;
  }

  get counts() {
    return this.simulation.node.ports.rules.match(this.simulation.channel)?.counts;
  }

  /** Publishes the document after a change of one field. */
  async publish(field: string, value: unknown, isKept = true): Promise<void> {
    this.#document = { ...this.#document, n: this.published.length, [field]: value };
    this.published.push(this.#document);
    const { node, channel: name } = this.simulation;
    const rule = node.ports.rules.match(name);
    if (rule === undefined) throw new Error('no rule');
    const data = trustedJsonText(JSON.stringify(this.#document));
    await node.ports.publishing.publish(name, rule, data, isKept ? {} : { skipHistory: true });
  }

  reload(options: ChannelOptions): void {
    const rule = channel({ subscribe: 'anyone', publish: 'anyone', ...everything, ...this.#rule, ...options });
    this.simulation.node.prepareChange({ channels: { 'room:{id}': rule }, limits: {} })();
  }

  settle(): Promise<void> {
    return this.simulation.settle(this.clients);
  }

  /** Every delivery is what was published, in order; the SDK's decoder throws where a base is wrong. */
  check(): void {
    for (const { deliveries, strays, early } of this.clients) {
      const numbers = deliveries.map(({ value }) => (value as { readonly n: number }).n);
      expect(deliveries.map(({ value }) => value)).toEqual(numbers.map((n) => this.published[n]));
      expect([strays, early]).toEqual([0, 0]);
      // Who subscribes anew gets the last value again, though there were later ones that are not kept.
      if (this.#rule.recovery === 'cache') continue;
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(new Set(numbers).size).toBe(numbers.length);
    }
  }
}

const started = (...given: ConstructorParameters<typeof DeltaWorld>) => new DeltaWorld(...given).start();

const index = fc.nat({ max: 4 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      field: fc.constantFrom('a', 'b', 'c', 'title'),
      value: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.nat(), fc.constant('x'.repeat(300))),
      isKept: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('connect' as const, 'cut' as const), index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('unsubscribe' as const, 'subscribe' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('jam' as const), index }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('reload' as const), delta: fc.boolean(), compaction: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.constant({ kind: 'settle' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

async function take(world: DeltaWorld, one: Step): Promise<void> {
  if (one.kind === 'settle') await world.settle();
  else if (one.kind === 'publish') await world.publish(one.field, one.value, one.isKept);
  else if (one.kind === 'reload') {
    world.reload({ delta: one.delta, compaction: one.compaction });
    await world.simulation.clock.advance(100);
  } else {
    const client = world.clients[one.index];
    if (one.kind !== 'jam') client?.[one.kind]();
    // A reader that takes nothing any more: it is closed when its queue is full, and comes back.
    else if (client?.connection !== undefined) client.connection.bufferedBytes = 19_900;
  }
}

describe('any order of edits, joins, losses, slow readers, returns and reloads decodes to the truth', () => {
  test.each([
    ['with a history', withHistory],
    ['with a cache', { ...withHistory, recovery: 'cache' }],
    ['without', {}],
    ['in batches', { ...withHistory, batch: '20ms' }],
    ['at a rate', { ...withHistory, maxRate: { default: 20 } }],
    ['at a rate, without a history', { maxRate: { default: 20 } }],
  ] as const)('%s', (_, rule) =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        // Deltas and whole data in each codec; the last one has none.
        const world = await started(rule, { numClients: 5, codecs: ['json', 'protobuf'] });
        try {
          for (const client of world.clients.slice(1)) client.connect();
          await world.settle();
          for (const one of steps) await take(world, one);
          for (const client of world.clients) client.connect();
          await world.simulation.clock.advance(100);
          await world.settle();
          for (const client of world.clients) client.connect();
          await world.settle();
          await world.publish('a', 'last');
          await world.simulation.clock.advance(100);
          await world.settle();
          world.check();
          for (const client of world.clients.filter(({ isSubscribed }) => isSubscribed)) {
            expect(client.deliveries.at(-1)?.value).toEqual(world.published.at(-1));
          }
        } finally {
          await world.simulation.close();
        }
      }),
      { numRuns: 60 },
    ),
  );
});

describe('deltas', () => {
  test('go to who asks and has the publication before; others get whole data, and all share what is the same', async () => {
    const world = await started({});
    for (const client of world.clients) client.connect();
    await world.settle();
    for (let n = 0; n < 3; n++) await world.publish('a', n);
    await world.settle();
    world.check();
    expect(world.clients.map(({ deltas, deliveries }) => [deltas?.numDeltas, deliveries.length])).toEqual([
      [2, 3],
      [2, 3],
      [undefined, 3],
    ]);
    expect(world.counts?.deltasOut).toBe(4);
    expect(world.counts?.deltaBytesSaved).toBeGreaterThan(4 * 50);
  });

  test('a late subscriber gets whole data first, and a burst in one turn goes on from it', async () => {
    const world = await started({});
    const [early, late] = world.clients;
    early?.connect();
    await world.settle();
    await world.publish('a', 1);
    await world.settle();
    late?.connect();
    await world.settle();
    for (let n = 0; n < 5; n++) void world.publish('a', n);
    await world.settle();
    world.check();
    expect([early?.deltas?.numDeltas, late?.deltas?.numDeltas]).toEqual([5, 4]);
  });

  test('recovery is whole, and the first publication after it is a delta to its last', async () => {
    const world = await started(withHistory);
    const [client, other] = world.clients;
    for (const each of [client, other]) each?.connect();
    await world.settle();
    await world.publish('a', 1);
    await world.settle();
    client?.cut();
    await world.publish('a', 2);
    await world.publish('a', 3);
    client?.connect();
    await world.settle();
    expect([client?.starts.at(-1)?.publications, client?.deltas?.numDeltas]).toEqual([2, 0]);
    await world.publish('a', 4);
    await world.settle();
    expect([client?.deltas?.numDeltas, other?.deltas?.numDeltas]).toEqual([1, 3]);
    world.check();
  });

  test('a publication that the history does not have, after what a client has recovered, is nobody else’s base', async () => {
    const world = await started(withHistory);
    const [client, other] = world.clients;
    for (const each of [client, other]) each?.connect();
    await world.settle();
    await world.publish('a', 1);
    client?.cut();
    await world.publish('a', 2);
    await world.publish('b', 'not kept', false);
    client?.connect();
    await world.settle();
    await world.publish('a', 3);
    await world.settle();
    world.check();
    expect(client?.deliveries.map(({ value }) => (value as { n: number }).n)).toEqual([0, 1, 3]);
  });

  test('turned off by a reload they stop at once, and turned on again they go on, for those who once agreed', async () => {
    const world = await started({});
    const [client] = world.clients;
    client?.connect();
    await world.settle();
    const sends = async (numDeltas: number) => {
      const before = client?.deltas?.numDeltas ?? 0;
      for (let n = 0; n < 3; n++) await world.publish('a', n);
      await world.settle();
      expect((client?.deltas?.numDeltas ?? 0) - before).toBe(numDeltas);
    };
    await sends(2);
    world.reload({ delta: false });
    await world.simulation.clock.advance(100);
    await sends(0);
    world.reload({ delta: true });
    await world.simulation.clock.advance(100);
    await sends(2);
    world.check();
    expect([client?.deliveries.length, client?.unsubscribes]).toEqual([9, []]);
  });

  test('are not made for messages that have nothing in common, or are short', async () => {
    const world = await started({}, { numClients: 2 });
    world.clients[0]?.connect();
    await world.settle();
    const { node, channel: name } = world.simulation;
    const rule = node.ports.rules.match(name);
    for (const text of ['[1]', '[2]', JSON.stringify('abcdefgh'.repeat(5)), JSON.stringify('12345678'.repeat(5))]) {
      if (rule !== undefined) await node.ports.publishing.publish(name, rule, trustedJsonText(text), {});
    }
    await world.settle();
    expect([world.clients[0]?.deltas?.numDeltas, world.clients[0]?.deliveries.length]).toEqual([0, 4]);
  });
});
