/** A channel with 100,000 subscribers and a node with 10,000 channels: every answer is bounded, and the loop goes on turning. */

import { expect, it } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import type { Connection } from '../../src/engine/ports/connection.js';
import { EngineNode } from '../support/engine/node.js';
import { plainEncoding } from '../support/engine/recorded-connection.js';

const numSubscribers = 100_000;
const numChannels = 10_000;
const channels = { 'chat:{room}': channel({ subscribe: 'anyone' }) };
const noRates = { commandsPerSec: 0, subscribesPerSec: 0, publicationsPerSec: 0, maxPendingCommands: numChannels };

/** All that is written is forgotten: a hundred thousand that remember it would cost more than what is tested. */
const silent: Connection = {
  transport: 'silent',
  encoding: plainEncoding(),
  bufferedBytes: 0,
  write() {},
  close() {},
};

/** Turns of the event loop that a question takes, and its answer. */
async function asked<Value>(
  node: EngineNode,
  question: () => Promise<Value>,
): Promise<{ value: Value; turns: number }> {
  let isOver = false;
  const answer = question().finally(() => {
    isOver = true;
  });
  let turns = 0;
  for (; !isOver; turns++) await node.clock.settle();
  return { value: await answer, turns };
}

it('lists are pages, and a long walk is many turns', { timeout: 120_000 }, async () => {
  const node = await EngineNode.start({ channels, limits: { ...noRates, maxChannelsPerConnection: numChannels } });
  const many = await node.connect({ sub: 'collector' });
  for (let n = 0; n < numChannels; n++) many.send('subscribe', { channel: `chat:${String(n).padStart(5, '0')}` });
  await node.clock.settle();
  const { ports, inspection } = node.node;
  for (let n = 0; n < numSubscribers; n++) {
    const session = ports.open(silent, { headers: new Map(), url: '/', remoteAddress: '192.0.2.1' });
    session.receive(
      `{"id":1,"connect":{"token":"{\\"sub\\":\\"user-${n}\\"}"}}\n{"id":2,"subscribe":{"channel":"chat:lobby"}}`,
    );
  }
  await node.clock.settle();
  expect(ports.hub.numChannels).toBe(numChannels + 1);
  expect(ports.hub.numSubscriptions).toBe(numChannels + numSubscribers);

  const slices = countSlices(node);
  const first = await asked(node, () => inspection.channels('', 50));
  expect(first.value.channels).toHaveLength(50);
  expect(slices.take()).toBeGreaterThanOrEqual(numChannels / 1_000);

  const page = await asked(node, () => inspection.connections({ channel: 'chat:lobby' }, 50));
  expect(page.value.connections).toHaveLength(50);
  // The first 50 are near the beginning.
  expect(slices.take()).toBeLessThan(5);
  const deep = await asked(node, () =>
    inspection.connections({ channel: 'chat:lobby' }, 50, { node: ports.id, after: numSubscribers - 100 }),
  );
  expect(deep.value.connections).toHaveLength(50);
  expect(slices.take()).toBeGreaterThanOrEqual(numSubscribers / 1_000 - 2);

  expect((await asked(node, () => inspection.nodes())).value[0]?.queuedBytes).toBe(0);
  expect(slices.take()).toBeGreaterThanOrEqual(numSubscribers / 1_000);
  // Whoever asks in the same second shares the walk.
  await asked(node, () => inspection.nodes());
  expect(slices.take()).toBe(0);
  expect((await asked(node, () => inspection.channel('chat:lobby'))).value.numClients).toBe(numSubscribers);
});

/** How often a walk rests until the next turn. */
function countSlices({ clock }: EngineNode): { take(): number } {
  let count = 0;
  const { afterTurn } = clock;
  clock.afterTurn = (task) => {
    count++;
    afterTurn.call(clock, task);
  };
  return {
    take() {
      const taken = count;
      count = 0;
      return taken;
    },
  };
}
