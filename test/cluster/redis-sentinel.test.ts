/** F3: two nodes of the server as installed, where sentinels say which server is the primary, and it changes. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WatchedRedis } from '../support/brokers/redis-sentinels.js';
import { redisIsMissing } from '../support/brokers/redis-server.js';
import { type Flow, ObservedFleet } from './observed-fleet.js';

/** By F3. */
const resumesWithinMs = 15_000;
const channel = 'chat:lobby';

async function started(redis: WatchedRedis) {
  const fleet = await ObservedFleet.start(redis.url);
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  for (const node of [0, 1]) await fleet.follow(`client ${node}`, node, [channel]);
  const flow = fleet.flow(channel);
  await fleet.goesOn(flow, 20_000);
  const effects = { losesHistory: 'some' } as const;
  fleet.recorder.record({ kind: 'fault-began', fault: 'F3', name: 'F3 the primary changes', effects });
  return { fleet, flow };
}

/** Delivery has resumed, nobody was restarted, and nothing is wrong with what everybody was told. */
async function expectWell(fleet: ObservedFleet, flow: Flow, sinceMs: number): Promise<void> {
  await fleet.goesOn(flow, resumesWithinMs + 5_000);
  expect(performance.now() - sinceMs).toBeLessThan(resumesWithinMs);
  fleet.recorder.record({ kind: 'fault-ended', fault: 'F3' });
  await fleet.judged();
  for (const signals of fleet.signals(channel)) expect(signals).toBeGreaterThan(0);
  await fleet.becomes(200);
}

describe.skipIf(redisIsMissing())('two nodes and Redis with sentinels', { timeout: 90_000 }, () => {
  test('F3 G2 G5 G10: the primary dies, and the first connections to the new one are refused', async () => {
    await using redis = await WatchedRedis.start();
    const { fleet, flow } = await started(redis);
    const way = redis.replicas[0]?.way;
    way?.refuse();
    await redis.primary.kill();
    const killedMs = performance.now();
    await vi.waitFor(() => expect(way?.numRefused).toBeGreaterThanOrEqual(4));
    expect(await fleet.status(0, 'live')).toBe(200);
    way?.accept();
    await expectWell(fleet, flow, killedMs);
  });

  test('F3 F6 G2 G5: the primary sleeps through its replacement and takes itself for it still, with the nodes attached to it', async () => {
    // As it should be where nothing may get lost: whoever has lost its replicas acknowledges nothing.
    await using redis = await WatchedRedis.start({ numReplicas: 2, config: ['min-replicas-to-write 1'] });
    const { fleet, flow } = await started(redis);
    redis.primary.pause();
    await redis.failedOver(15_000);
    redis.primary.resume();
    await expectWell(fleet, flow, performance.now());
  });
});
