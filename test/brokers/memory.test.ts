/** The memory broker against the suite, and its own bounds. */

import { describe, expect, test } from 'vitest';
import { MemoryBroker, type MemoryBrokerOptions } from '../../src/brokers/memory/broker.js';
import { brokerSuite } from '../../src/conformance/index.js';
import { RecordedEvents } from '../../src/conformance/recorded-events.js';
import { json } from '../support/brokers/suites.js';
import { channelName as name } from '../support/engine/channel-name.js';
import { countingRandom, FakeClock } from '../support/engine/fake-clock.js';

brokerSuite({
  name: 'memory',
  framework: { describe, test },
  make: async () => {
    const clock = new FakeClock();
    return {
      broker: new MemoryBroker({ clock, random: countingRandom() }),
      advance: (ms) => clock.advance(ms),
      settle: () => clock.settle(),
    };
  },
});

const data = json(1);
const stream = { size: 3, ttlMs: 1_000 };

async function started(options: Partial<MemoryBrokerOptions>) {
  const clock = new FakeClock();
  const broker = new MemoryBroker({ clock, random: countingRandom(), ...options });
  await broker.start(new RecordedEvents());
  return { clock, broker };
}

describe('memory broker', () => {
  test('G11: keeps at most maxStreams streams and gives a dropped one a new epoch', async () => {
    const { broker, clock } = await started({ maxStreams: 10 });
    const first = await broker.publish(name('c:0'), { data }, { stream });
    await broker.subscribe(name('c:1'));
    for (let i = 1; i <= 10; i++) {
      await clock.advance(1);
      await broker.publish(name(`c:${i}`), { data }, { stream });
    }
    const reread = await broker.read(name('c:0'), { limit: 0, reverse: false });
    expect(reread.top.offset).toBe(0);
    expect(reread.top.epoch).not.toBe(first.position.epoch);
    expect((await broker.read(name('c:1'), { limit: 0, reverse: false })).top.offset).toBe(1);
    await broker.close();
  });

  test('G11: keeps at most maxHistoryBytes of payload, dropping the longest unused streams first', async () => {
    const { broker, clock } = await started({ maxHistoryBytes: 1_000 });
    const big = json('x'.repeat(98));
    for (let i = 0; i < 30; i++) {
      await clock.advance(1);
      await broker.publish(name(`c:${i}`), { data: big }, { stream: { size: 3, ttlMs: 60_000 } });
    }
    const kept: number[] = [];
    for (let i = 0; i < 30; i++) {
      const page = await broker.read(name(`c:${i}`), { limit: 10, reverse: false });
      if (page.publications.length > 0) kept.push(i);
    }
    expect(kept.length).toBeLessThanOrEqual(10);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 30 - kept.length + i));
    await broker.close();
  });

  test('G11: drops old streams one by one, and no used one before those, however many there are', async () => {
    const { broker, clock } = await started({ maxStreams: 1_000 });
    const publish = (channel: string) =>
      broker.publish(name(channel), { data }, { stream: { size: 3, ttlMs: 60_000 } });
    for (let i = 0; i < 1_000; i++) await publish(`old:${i}`);
    await clock.advance(1);
    const used = Array.from({ length: 100 }, (_, i) => `old:${i * 10}`);
    for (const channel of used) await publish(channel);
    await clock.advance(1);
    for (let i = 0; i < 450; i++) await publish(`new:${i}`);
    const kept = async (channel: string) => (await broker.read(name(channel), { limit: 0, reverse: false })).top.offset;
    expect(await Promise.all(used.map(kept))).toEqual(used.map(() => 2));
    await broker.close();
  });

  test('G11: refuses a key for which there is no room rather than forget one that is alive', async () => {
    const { broker, clock } = await started({ maxIdempotencyKeys: 2 });
    await broker.publish(name('c'), { data }, { idempotencyKey: 'a' });
    await broker.publish(name('c'), { data }, { idempotencyKey: 'b' });
    await expect(broker.publish(name('c'), { data }, { idempotencyKey: 'c' })).rejects.toMatchObject({
      code: 'ERR_BROKER',
    });
    expect((await broker.publish(name('c'), { data }, { idempotencyKey: 'a' })).duplicate).toBe(true);
    await clock.advance(300_001);
    expect((await broker.publish(name('c'), { data }, { idempotencyKey: 'c' })).duplicate).toBe(false);
    await broker.close();
  });

  test('keeps the position of an idle stream while somebody is subscribed', async () => {
    const { broker, clock } = await started({ streamIdleMs: 60_000 });
    await broker.subscribe(name('watched'));
    const { position } = await broker.publish(name('watched'), { data }, { stream });
    await broker.publish(name('unwatched'), { data }, { stream });
    await clock.advance(120_000);
    expect((await broker.read(name('watched'), { limit: 0, reverse: false })).top).toEqual(position);
    expect((await broker.read(name('unwatched'), { limit: 0, reverse: false })).top.offset).toBe(0);
    await broker.close();
  });

  test('G7: refuses to publish once closed', async () => {
    const { broker } = await started({});
    await broker.close();
    await expect(broker.publish(name('c'), { data }, {})).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});
