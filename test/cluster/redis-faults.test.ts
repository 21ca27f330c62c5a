/** F2, F4, F6: Redis dies, comes back, cannot be reached or stands still, under two nodes of the server as installed. */

import { describe, expect, test, vi } from 'vitest';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import * as fleets from './plain-fleet.js';
import { statusOf } from './plain-fleet.js';

const channel = 'chat:lobby';
const startFleet = ({ url }: RedisServer) => fleets.startFleet([url, url]);
const listen = (url: string) => fleets.subscribed(url, channel);

/** @returns the status, the error's code and how long the answer took */
async function publish(url: string, data: number) {
  const { error, ...answer } = await fleets.publish(url, channel, data);
  return { ...answer, error: error?.code };
}

describe.skipIf(redisIsMissing())('two nodes whose Redis fails', () => {
  test('F2 G5 G7 G10: it dies and comes back empty', { timeout: 120_000 }, async () => {
    const first = await RedisServer.start();
    await using fleet = await startFleet(first);
    const [one = '', two = ''] = fleet.urls;
    using ann = await listen(one);
    using bob = await listen(two);
    expect((await publish(one, 1)).status).toBe(200);
    await vi.waitFor(() => expect([ann.received, bob.received]).toEqual([[1], [1]]));

    const { port } = first;
    await first[Symbol.asyncDispose]();
    await vi.waitFor(async () => {
      const { error, tookMs } = await publish(one, 2);
      expect(error).toBe(100);
      expect(tookMs).toBeLessThan(1_000);
    });
    await vi.waitFor(async () => expect(await statusOf(one, 'ready')).toBe(503), 15_000);
    expect(await statusOf(one, 'live')).toBe(200);

    await using _second = await RedisServer.start({ port });
    const back = performance.now();
    await vi.waitFor(async () => expect((await publish(two, 3)).error).toBeUndefined());
    await vi.waitFor(() => {
      expect(ann.numSignals()).toBeGreaterThan(0);
      expect(bob.numSignals()).toBeGreaterThan(0);
    }, 20_000);
    await vi.waitFor(async () => {
      await publish(one, 4);
      expect(ann.received).toContain(4);
      expect(bob.received).toContain(4);
    });
    expect(performance.now() - back).toBeLessThan(15_000);
    await vi.waitFor(async () => expect(await statusOf(one, 'ready')).toBe(200));
    for (const node of fleet.nodes) expect(node.child.exitCode).toBeNull();
  });

  test('F6 G2: it stands still for 15 s', { timeout: 90_000 }, async () => {
    await using redis = await RedisServer.start();
    await using fleet = await startFleet(redis);
    const [one = '', two = ''] = fleet.urls;
    using ann = await listen(one);
    using bob = await listen(two);
    expect((await publish(one, 1)).status).toBe(200);
    redis.pause();
    const late = await publish(one, 2);
    expect(late.error).toBe(100);
    expect(late.tookMs).toBeLessThan(8_000);
    await vi.waitFor(async () => expect(await statusOf(two, 'ready')).toBe(503), 15_000);
    redis.resume();
    await vi.waitFor(async () => expect((await publish(two, 3)).error).toBeUndefined(), 15_000);
    await vi.waitFor(() => {
      expect(ann.received.at(-1)).toBe(3);
      expect(bob.received.at(-1)).toBe(3);
    }, 20_000);
    // 2 was not acknowledged, and may have happened: then everybody has it, in its place.
    expect([
      [1, 3],
      [1, 2, 3],
    ]).toContainEqual(ann.received);
    expect(bob.received).toEqual(ann.received);
  });

  test('F4 G2: a connection that is cut loses nothing', { timeout: 120_000 }, async () => {
    await using redis = await RedisServer.start();
    await using fleet = await startFleet(redis);
    const [one = '', two = ''] = fleet.urls;
    using ann = await listen(one);
    using bob = await listen(two);
    await using client = await redis.client();
    const values: number[] = [];
    for (let n = 1; values.length < 200; n++) {
      const { error } = await publish(n % 2 === 0 ? one : two, n);
      if (error !== undefined) continue;
      values.push(n);
      if (values.length % 40 === 0) await client.send(['CLIENT', 'KILL', 'TYPE', 'PUBSUB']);
      if (values.length % 70 === 0) await client.send(['CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES']);
    }
    await vi.waitFor(() => {
      for (const { received } of [ann, bob]) {
        const seenValues = new Set(received);
        expect(values.filter((value) => !seenValues.has(value))).toEqual([]);
        expect(received).toEqual([...seenValues].sort((a, b) => Number(a) - Number(b)));
      }
    }, 25_000);
  });
});
