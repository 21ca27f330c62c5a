/** The arena on two nodes over Redis, which are both replaced while people play: nobody loses ship or points. */

import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Pilot } from '../arena/pilot.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { startExample } from '../support/programs/dev-server.js';
import { ArenaVisitor } from './arena-visitor.js';

const eventually = { timeout: 30_000 };

describe.skipIf(chromiumIsMissing() || redisIsMissing())('the arena on two nodes', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
    return () => browser.close();
  });

  it('costs no player the ship or the score when both are replaced', async () => {
    await using redis = await RedisServer.start();
    const startNode = async () => {
      const node = await startExample('arena', { REDIS_URL: redis.url, ARENA_FILL: '4' });
      onTestFinished(() => node[Symbol.asyncDispose]());
      return node;
    };
    const old = await Promise.all([startNode(), startNode()]);
    // What a load balancer does: a name for each node, behind which nodes come and go.
    await using first = await FaultProxy.start({ port: old[0].port });
    await using second = await FaultProxy.start({ port: old[1].port });
    await using ann = await ArenaVisitor.enter(browser, { url: `http://127.0.0.1:${first.port}`, name: 'Ann' });
    await using bob = await new Pilot(`http://127.0.0.1:${second.port}`, 'bob').play('Bob', ann.room);
    bob.letBotFly();
    expect(bob.room).toBe(ann.room);
    await expect.poll(() => bob.score?.points ?? 0, eventually).toBeGreaterThan(0);
    await expect.poll(async () => (await ann.points()).get('Bob') ?? 0, eventually).toBeGreaterThan(0);
    const before = new Map(bob.scores);

    const proxies = [first, second];
    for (const [index, node] of old.entries()) {
      const next = await startNode();
      // New connections go to the new one, and the old one tells its clients to come again.
      proxies[index]?.retarget({ port: next.port });
      await node.stop();
      const { number = 0 } = bob.tick ?? {};
      await expect.poll(() => bob.tick?.number ?? 0, eventually).toBeGreaterThan(number + 20);
    }
    await ann.banner.waitFor({ state: 'hidden' });
    await expect.poll(() => ann.place('Ann'), eventually).toBeDefined();

    // Each player has the place and at least the points of before; so far everybody is told it.
    for (const [player, { slot, name, points, isBot }] of before) {
      if (isBot) continue;
      expect(bob.scores.get(player)).toMatchObject({ slot, name });
      expect(bob.scores.get(player)?.points).toBeGreaterThanOrEqual(points);
    }
    await expect
      .poll(async () => (await ann.points()).get('Bob') ?? 0, eventually)
      .toBeGreaterThanOrEqual(before.get(bob.player)?.points ?? Number.NaN);
    expect(ann.faults).toEqual([]);
  });
});
