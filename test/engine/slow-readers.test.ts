/**
 * The policies for slow readers, on a fake clock: whatever is published while lines stall, move, are cut and come back, each
 * client has seen what the policy of the rule allows, in order and once, and ends on the newest.
 */

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import { NewestByKey } from '../../src/engine/fanout/slow/newest-by-key.js';
import { Recent } from '../../src/engine/fanout/slow/recent.js';
import { SlowReaders } from '../../src/engine/fanout/slow/slow-readers.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import type { SimulatedClient } from '../support/engine/simulated-client.js';
import { Simulation } from '../support/engine/simulation.js';

const kept = { history: { size: 6, ttl: '1m' } } as const satisfies ChannelOptions;
const maxQueueBytes = 100_000;
/** Two looks at the slow readers. */
const aWhileMs = 50;
const even = { op: '', key: 'parity', cmp: 'eq', val: 'even' };

interface Document {
  readonly n: number;
  readonly title: string;
}

class SlowWorld {
  readonly simulation: Simulation;
  readonly clients: SimulatedClient[];
  readonly published: Document[] = [];

  constructor(
    readonly rule: ChannelOptions,
    { filter, delta = false }: { readonly filter?: object | undefined; readonly delta?: boolean } = {},
  ) {
    this.simulation = new Simulation({ rule, limits: { maxQueueBytes } });
    this.clients = Array.from({ length: 3 }, () => this.simulation.client({ delta, filter }));
  }

  async start(): Promise<this> {
    await this.simulation.start();
    for (const client of this.clients) client.connect();
    await this.settle();
    return this;
  }

  get counts() {
    const counts = this.simulation.node.ports.rules.match(this.simulation.channel)?.counts;
    if (counts === undefined) throw new Error('no rule');
    return counts;
  }

  /** In one turn. */
  async publish(count = 1, size = 40): Promise<void> {
    const { node, channel: name } = this.simulation;
    const rule = node.ports.rules.match(name);
    if (rule === undefined) throw new Error('no rule');
    const sent = Array.from({ length: count }, () => {
      const n = this.published.length;
      const document = { n, title: 'Ünï'.repeat(Math.ceil(size / 3)) };
      this.published.push(document);
      const tags = { parity: n % 2 === 0 ? 'even' : 'odd' };
      return node.ports.publishing.publish(name, rule, trustedJsonText(JSON.stringify(document)), { tags });
    });
    await Promise.all(sent);
    await this.simulation.clock.settle();
  }

  reload(options: ChannelOptions): void {
    const rule = channel({ subscribe: 'anyone', publish: 'anyone', ...options });
    this.simulation.node.prepareChange({ channels: { 'room:{id}': rule }, limits: {} })();
  }

  settle(): Promise<void> {
    return this.simulation.settle(this.clients);
  }

  /** All lines take everything, and all clients are there. */
  async recoverAll(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      for (const client of this.clients) {
        client.connect();
        client.connection?.flow();
      }
      await this.wait();
    }
  }

  /** Time in which slow readers are released, and clients read. */
  async wait(): Promise<void> {
    for (let look = 0; look < 4; look++) {
      await this.settle();
      await this.simulation.clock.advance(aWhileMs);
    }
    await this.settle();
  }

  seen(client: SimulatedClient): number[] {
    return client.deliveries.map(({ value }) => (value as Document).n);
  }
}

const index = fc.nat({ max: 2 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      count: fc.constantFrom(1, 1, 2, 5, 40),
      size: fc.constantFrom(40, 40, 6_000),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('stall' as const), index, frames: fc.nat({ max: 2 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('flow' as const), index }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('connect' as const, 'cut' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('unsubscribe' as const, 'subscribe' as const), index }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'look' as const }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'settle' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

async function take(world: SlowWorld, one: Step): Promise<void> {
  if (one.kind === 'publish') await world.publish(one.count, one.size);
  else if (one.kind === 'settle') await world.settle();
  else if (one.kind === 'look') await world.simulation.clock.advance(aWhileMs);
  else {
    const client = world.clients[one.index];
    if (one.kind === 'stall') client?.connection?.stall(one.frames);
    else if (one.kind === 'flow') client?.connection?.flow();
    else client?.[one.kind]();
  }
}

/** What is true under every policy. */
function checkOrder(world: SlowWorld, isWanted: (n: number) => boolean): void {
  for (const client of world.clients) {
    const seen = world.seen(client);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(client.deliveries.map(({ value }) => value)).toEqual(seen.map((n) => world.published[n]));
    expect(seen.filter((n) => !isWanted(n))).toEqual([]);
    expect([client.strays, client.early, client.errors]).toEqual([0, 0, []]);
    // Nobody is cut off for reading slowly.
    expect(client.closes).toEqual([]);
  }
}

/** Nothing is missing that the client was not told of. */
function checkComplete(world: SlowWorld, isWanted: (n: number) => boolean): void {
  for (const client of world.clients) {
    const begins = client.starts.filter(({ recovered }) => !recovered).map(({ deliveredBefore }) => deliveredBefore);
    for (const [at, n] of world.seen(client).entries()) {
      if (at === 0 || begins.includes(at)) continue;
      const before = world.seen(client)[at - 1] ?? 0;
      const missing = world.published.slice(before + 1, n).filter((each) => isWanted(each.n));
      expect({ before, n, missing }).toEqual({ before, n, missing: [] });
    }
  }
}

/** Runs the story, lets the lines flow, and stalls them once more for some messages, of which the end is known. */
async function tell(world: SlowWorld, steps: readonly Step[], last: number): Promise<void> {
  await world.start();
  for (const one of steps) await take(world, one);
  await world.recoverAll();
  // So that everybody is subscribed and up to date.
  for (const client of world.clients) client.subscribe();
  await world.publish(2);
  await world.wait();
  for (const client of world.clients) client.connection?.stall();
  // The first fills the lines.
  await world.publish(2);
  for (let n = 0; n < last; n++) await world.publish();
  await world.recoverAll();
}

type Check = (world: SlowWorld, isWanted: (n: number) => boolean) => void;

const numLast = 9;

/** The newest `last` ones, of those that passed while the lines were stalled, with those with which they stalled. */
function endsOn(world: SlowWorld, numKept: number, isWanted: (n: number) => boolean): void {
  const filled = world.published.length - numLast;
  const stalled = world.published.map(({ n }) => n).slice(filled);
  const expected = stalled.filter(isWanted).slice(-numKept);
  for (const client of world.clients) expect(world.seen(client).slice(-expected.length)).toEqual(expected);
}

const checks = {
  latest: (world, isWanted) => {
    endsOn(world, 1, isWanted);
    // What filled the lines was followed by nothing but the newest.
    const filled = world.published.length - numLast;
    for (const client of world.clients) {
      expect(world.seen(client).filter((n) => n >= filled)).toHaveLength(1);
    }
  },
  /** With a rate, which leaves out some more. */
  paced: (world, isWanted) => endsOn(world, 1, isWanted),
  dropOldest: (world, isWanted) => endsOn(world, 3, isWanted),
  recover: (world, isWanted) => {
    checkComplete(world, isWanted);
    const newest = world.published.map(({ n }) => n).filter(isWanted);
    for (const client of world.clients) expect(world.seen(client).at(-1)).toBe(newest.at(-1));
  },
} satisfies Record<string, Check>;

function holds(rule: ChannelOptions, check: Check, options?: ConstructorParameters<typeof SlowWorld>[1]) {
  const isWanted = (n: number) => options?.filter === undefined || n % 2 === 0;
  return fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
    const world = new SlowWorld({ filterTags: 'any', joinLeave: true, ...rule }, options);
    try {
      await tell(world, steps, numLast);
      checkOrder(world, isWanted);
      check(world, isWanted);
      expect(world.simulation.node.ports.slowReaders.numOf(world.counts)).toBe(0);
    } finally {
      await world.simulation.close();
    }
  });
}

const stories = { numRuns: 25 };

describe('whatever is published while lines stall, move, are cut and come back', () => {
  test.each([
    ['latest, without a history', { slow: 'latest' }, checks.latest],
    ['latest, with one', { slow: 'latest', ...kept }, checks.latest],
    ['latest, in batches', { slow: 'latest', batch: '20ms', ...kept }, checks.latest],
    ['latest, at a rate', { slow: 'latest', maxRate: { default: 25 } }, checks.paced],
    ['latest, at a rate, with a history', { slow: 'latest', maxRate: { default: 25 }, ...kept }, checks.paced],
    ['dropOldest, at a rate', { slow: { dropOldest: 3 }, maxRate: { default: 25 } }, checks.paced],
    ['dropOldest, without a history', { slow: { dropOldest: 3 } }, checks.dropOldest],
    ['dropOldest, with one', { slow: { dropOldest: 3 }, ...kept }, checks.dropOldest],
    ['recover, from a short history', { slow: 'recover', ...kept }, checks.recover],
    ['recover, from a long one', { slow: 'recover', history: { size: 1_000 } }, checks.recover],
  ] as const)('%s: each client sees what the policy allows', async (_, rule, check) => {
    await fc.assert(holds(rule, check), stories);
    await fc.assert(holds(rule, check, { filter: even }), { numRuns: 12 });
    await fc.assert(holds({ delta: true, compaction: true, ...rule }, check, { delta: true }), { numRuns: 12 });
  });
});

const fromHistory = { slow: 'recover', history: { size: 1_000 } } as const satisfies ChannelOptions;

describe('the tests bite:', () => {
  afterEach(() => vi.restoreAllMocks());

  const dies = async (rule: ChannelOptions, check: Check) => {
    expect((await fc.check(holds(rule, check), { numRuns: 400 })).failed).toBe(true);
  };

  test('a channel without keys in which each message has one', async () => {
    const { add } = NewestByKey.prototype;
    vi.spyOn(NewestByKey.prototype, 'add').mockImplementation(function (this: NewestByKey<unknown>, _key, item) {
      add.call(this, String(this.numAdded), item);
    });
    await dies({ slow: 'latest' }, checks.latest);
  });

  test('the last value is lost', async () => {
    const { after } = NewestByKey.prototype;
    vi.spyOn(NewestByKey.prototype, 'after').mockImplementation(function (this: NewestByKey<unknown>, place) {
      return after.call(this, place).slice(0, -1);
    });
    await dies({ slow: 'latest' }, checks.latest);
  });

  test('dropOldest keeps one too few', async () => {
    const { after } = Recent.prototype;
    vi.spyOn(Recent.prototype, 'after').mockImplementation(function (this: Recent<unknown>, place) {
      return after.call(this, place).slice(1);
    });
    await dies({ slow: { dropOldest: 3 } }, checks.dropOldest);
  });

  test('a place that is one too low', async () => {
    const { after } = Recent.prototype;
    vi.spyOn(Recent.prototype, 'after').mockImplementation(function (this: Recent<unknown>, place) {
      return after.call(this, Math.max(0, place - 1));
    });
    await dies(fromHistory, checks.recover);
  });

  test('what is forgotten is not noticed, so that a hole is taken for what is remembered', async () => {
    const { add } = Recent.prototype;
    vi.spyOn(Recent.prototype, 'add').mockImplementation(function (this: Recent<unknown>, ...item) {
      Reflect.set(this, 'onDropped', undefined);
      add.apply(this, item);
    });
    await dies(fromHistory, checks.recover);
  });

  test('nobody looks at slow readers while nothing is published', async () => {
    vi.spyOn(SlowReaders.prototype, 'add').mockImplementation(() => undefined);
    await dies({ slow: 'latest' }, checks.latest);
  });
});
