/** G8: presence over a store that fails for a while, on a fake clock. */

import { expect, test, vi } from 'vitest';
import type { MemoryBroker } from '../../src/brokers/memory/broker.js';
import { channel } from '../../src/engine/channels/channel-options.js';
import { FanfareError } from '../../src/model/fanfare-error.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';

const room = 'room:1';

async function started() {
  let isDown = false;
  const broker = (memory: MemoryBroker) => {
    const { presence } = memory;
    const add = presence.add.bind(presence);
    vi.spyOn(presence, 'add').mockImplementation(async (...args) => {
      if (isDown) throw new FanfareError('ERR_BROKER', 'the store does not answer');
      await add(...args);
    });
    return memory;
  };
  const channels = { 'room:{id}': channel({ subscribe: 'anyone', presence: true }) };
  const node = await EngineNode.start({ channels, broker, limits: { pingIntervalMs: 25_000, presenceTtlMs: 60_000 } });
  const client = await node.connect({ sub: 'ann' });
  await client.command('subscribe', { channel: room });
  let numAnswered = 0;
  /** Answers every ping. */
  const advance = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await node.clock.advance(1_000);
      for (; numAnswered < numPings(client); numAnswered++) client.session.receive('{}');
    }
  };
  return {
    client,
    advance,
    setDown: (value: boolean) => {
      isDown = value;
    },
    users: async () => (await node.operations.presence(room)).map(({ user }) => user),
  };
}

function numPings({ messages }: EngineClient): number {
  return messages.filter((message) => Object.keys(message).length === 0).length;
}

test('who is there stays in presence though two renewals have failed, as soon as the store works again', async () => {
  const { advance, setDown, users } = await started();
  await advance(20_000);
  setDown(true);
  await advance(36_000);
  setDown(false);
  for (let seconds = 0; seconds < 60; seconds++) {
    expect(await users()).toEqual(['ann']);
    await advance(1_000);
  }
});

test('who has left meanwhile is not brought back', async () => {
  const { client, advance, setDown, users } = await started();
  setDown(true);
  await advance(30_000);
  await client.command('unsubscribe', { channel: room });
  setDown(false);
  await advance(5_000);
  expect(await users()).toEqual([]);
});
