/** Slow readers of maps, on a fake clock: however their lines stall and come back, they end with the state of the map. */

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import type { SlowOption } from '../../src/engine/channels/slow-policy.js';
import { NewestByKey } from '../../src/engine/fanout/slow/newest-by-key.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { channelName } from '../support/engine/channel-name.js';
import { MapClient } from '../support/engine/map-client.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';

const name = channelName('map:room');
const client = fc.nat({ max: 1 });
const key = fc.nat({ max: 4 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('set' as const, 'set' as const, 'remove' as const), key }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('stall' as const, 'flow' as const), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'connect' as const), client }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), client }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'wait' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

class Reader {
  readonly map = new MapClient(name, 2, () => undefined);
  #connection: EngineClient | undefined;

  constructor(private readonly engine: EngineNode) {}

  connect(): void {
    if (this.map.isConnected) return;
    this.#connection = this.engine.open();
    this.map.connect(this.#connection);
  }

  /** From now on nothing is taken that the server would not write to a full socket. */
  stall(): void {
    if (this.#connection !== undefined) this.#connection.connection.bufferedBytes = 1;
  }

  flow(): void {
    if (this.#connection !== undefined) this.#connection.connection.bufferedBytes = 0;
  }

  async readAll(): Promise<void> {
    do await this.engine.clock.settle();
    while (this.map.read());
  }
}

async function run(slow: SlowOption, steps: readonly Step[]): Promise<void> {
  const rule = channel({ subscribe: 'anyone', map: {}, history: { size: 8 }, slow });
  const engine = new EngineNode({ channels: { 'map:{x}': rule }, limits: { commandsPerSec: 0 } });
  await engine.start();
  const readers = [new Reader(engine), new Reader(engine)];
  const state = new Map<string, number>();
  const { rules } = engine.node.ports;
  let numSet = 0;
  const change = async (index: number, removed: boolean) => {
    const changed = `k${index}`;
    if (removed) state.delete(changed);
    else state.set(changed, ++numSet);
    const data = trustedJsonText(removed ? 'null' : String(numSet));
    await engine.operations.changeMap(name, { key: changed, data, removed }, {});
    await engine.clock.settle();
  };
  try {
    for (const reader of readers) reader.connect();
    for (const one of steps) {
      if (one.kind === 'set' || one.kind === 'remove') await change(one.key, one.kind === 'remove');
      else if (one.kind === 'wait') await engine.clock.advance(50);
      else if ('client' in one) {
        const reader = readers[one.client];
        if (one.kind === 'cut') reader?.map.cut();
        else if (one.kind === 'read') reader?.map.read();
        else reader?.[one.kind]();
      }
    }
    for (const reader of readers) {
      reader.connect();
      reader.flow();
    }
    for (let look = 0; look < 5; look++) {
      await engine.clock.advance(50);
      for (const reader of readers) await reader.readAll();
    }
    for (const { map } of readers) {
      expect(map.isLive).toBe(true);
      expect(Object.fromEntries(map.state ?? [])).toEqual(Object.fromEntries(state));
    }
    const counts = rules.match(name)?.counts;
    expect(counts && engine.node.ports.slowReaders.numOf(counts)).toBe(0);
  } finally {
    await engine.close();
  }
}

const property = (slow: SlowOption) =>
  fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), (steps) => run(slow, steps));

describe('readers of a map whose lines stall end with its state', () => {
  afterEach(() => vi.restoreAllMocks());

  test.each(['latest', 'recover', 'disconnect'] as const)('%s', (slow) => fc.assert(property(slow), { numRuns: 100 }));

  test('the tests bite: keys that are taken for one another are found out', async () => {
    const { add } = NewestByKey.prototype;
    vi.spyOn(NewestByKey.prototype, 'add').mockImplementation(function (this: NewestByKey<unknown>, _key, item) {
      add.call(this, '', item);
    });
    expect((await fc.check(property('latest'), { numRuns: 1_000 })).failed).toBe(true);
  });
});
