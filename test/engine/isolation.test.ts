/** G11 and G12 as properties: whatever some clients do or suffer, their queues stay bounded and others miss nothing. */

import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SimulatedClient } from '../support/engine/simulated-client.js';
import { Simulation } from '../support/engine/simulation.js';
import { usageOf } from '../support/engine/usage.js';

const maxQueueBytes = 2_000;

/** A client whose kernel takes bytes or does not. */
interface Troubled {
  readonly client: SimulatedClient;
  isStalled: boolean;
}

const kindsOf = <Kind extends string>(...kinds: readonly Kind[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), client: fc.nat({ max: 2 }) });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('publish' as const), size: fc.integer({ min: 100, max: 900 }) }),
  },
  { weight: 4, arbitrary: kindsOf('stall', 'drain', 'connect', 'cut') },
  { weight: 1, arbitrary: kindsOf('rubbish', 'resubscribe') },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** What is written to the client's connection waits while it is stalled. */
function watchQueue(troubled: Troubled): void {
  const { connection } = troubled.client;
  if (connection === undefined) return;
  const write = connection.write.bind(connection);
  connection.write = (bytes) => {
    if (troubled.isStalled) connection.bufferedBytes += bytes.length;
    const { bufferedBytes } = connection;
    assert.ok(bufferedBytes <= maxQueueBytes, `G11: ${bufferedBytes} bytes wait for one connection`);
    write(bytes);
  };
}

function act(kind: Exclude<Step['kind'], 'publish'>, troubled: Troubled): void {
  const { client } = troubled;
  switch (kind) {
    case 'connect':
      if (client.isConnected) return;
      troubled.isStalled = false;
      client.connect();
      watchQueue(troubled);
      return;
    case 'cut':
      client.cut();
      return;
    case 'rubbish':
      client.session?.receive('{"id":1,');
      return;
    case 'resubscribe':
      client.unsubscribe();
      client.subscribe();
      return;
    case 'stall':
      troubled.isStalled = true;
      return;
    case 'drain':
      troubled.isStalled = false;
      if (client.connection !== undefined) client.connection.bufferedBytes = 0;
  }
}

async function run(steps: readonly Step[], limitOfNode: number): Promise<void> {
  const simulation = await new Simulation({
    rule: { history: { size: 100, ttl: '5m' } },
    limits: { pingIntervalMs: 0, maxQueueBytes: limitOfNode },
  }).start();
  const healthy = [await simulation.connected(), await simulation.connected()];
  const troubled: Troubled[] = [0, 1, 2].map(() => ({ client: simulation.client(), isStalled: false }));
  let published = 0;
  for (const next of steps) {
    if (next.kind === 'publish') {
      await simulation.publish('x'.repeat(next.size));
      published++;
    } else {
      const one = troubled[next.client];
      assert.ok(one);
      act(next.kind, one);
    }
    await simulation.clock.settle();
    // Those that are stalled read nothing, except that they are closed.
    for (const { client, isStalled } of troubled)
      if (!isStalled || client.connection?.closedWith !== undefined) client.read();
    for (const client of healthy) client.read();
  }
  await simulation.settle([...healthy, ...troubled.map(({ client }) => client)]);
  for (const client of healthy) {
    const offsets = client.deliveries.map(({ offset }) => offset);
    const all = Array.from({ length: published }, (_, i) => i + 1);
    assert.deepEqual(offsets, all, 'G12: the others miss nothing');
    const { closes, unsubscribes, starts } = client;
    assert.deepEqual([closes, unsubscribes, starts.length], [[], [], 1], 'G12: nor are they closed');
  }
  for (const { client } of troubled) client.cut();
  for (const client of healthy) client.cut();
  await simulation.settle([]);
  assert.equal(simulation.node.ports.hub.numChannels, 0, 'F20: the hub empties');
  assert.deepEqual(usageOf(simulation.node.ports), [], 'F20: nor does a rule count what has gone');
  await simulation.close();
}

function world(limitOfNode: number) {
  return fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => run(steps, limitOfNode));
}

describe('one bad client', () => {
  test('G11 G12: never has more waiting than its limit, and costs the others nothing', () =>
    fc.assert(world(maxQueueBytes), { numRuns: 300 }));

  test('the tests bite: a queue that holds more than its limit is found out', async () =>
    expect((await fc.check(world(maxQueueBytes * 2), { numRuns: 10_000 })).failed).toBe(true));
});
