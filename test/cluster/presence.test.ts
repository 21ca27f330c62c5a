/**
 * G8 over three processes: presence is the truth after churn, after the death of a node, and after ten seconds without the
 * broker; kept in Redis, and by asking each other where the broker keeps none.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Centrifuge } from 'centrifuge';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { SeededRandom } from '../chaos/seeded-random.js';
import { FanfareProcess } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { Crowd, type Members } from './crowd.js';
import { call } from './plain-fleet.js';

const script = fileURLToPath(new URL('./presence-node.mjs', import.meta.url));
const room = 'room:1';
/** A third of the defaults, so that what dies is forgotten in a third of the time. */
const limits = { presenceTtlMs: 20_000, pingIntervalMs: 5_000, pongTimeoutMs: 3_000 };
const blipMs = 10_000;

async function startFleet(kind: 'redis' | 'asking') {
  const redis = await RedisServer.start();
  const args = [redis.url, kind, JSON.stringify(limits)];
  const nodes = [1, 2, 3].map(() => new FanfareProcess(args, { script }));
  const urls = await Promise.all(nodes.map((node) => node.listening()));
  return {
    redis,
    nodes,
    urls,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
      await redis[Symbol.asyncDispose]();
    },
  };
}

async function ask(url: string, method: string): Promise<unknown> {
  const { result, error } = await call(url, method, { channel: room });
  expect(error).toBeUndefined();
  return result;
}

/** What a node says: clients with their users. */
async function presence(url: string): Promise<Members> {
  const { presence: clients } = (await ask(url, 'presence')) as { presence: Record<string, { user: string }> };
  return new Map(Object.entries(clients).map(([client, { user }]) => [client, user]));
}

/** What each node says, and its counts, are the truth. */
async function expectTruth(urls: readonly string[], truth: Members): Promise<void> {
  for (const url of urls) {
    expect([...(await presence(url))].sort()).toEqual([...truth].sort());
    const counts = { num_clients: truth.size, num_users: new Set(truth.values()).size };
    expect(await ask(url, 'presence_stats')).toEqual(counts);
  }
}

const kinds = ['redis', 'asking'] as const;

describe.skipIf(redisIsMissing())('presence of three nodes', () => {
  test.concurrent.each(kinds)(
    '%s: is the truth within a second after churn, and after the death of a node',
    { timeout: 120_000 },
    async (kind) => {
      await using fleet = await startFleet(kind);
      const { urls } = fleet;
      using crowd = new Crowd({ size: 240, numUsers: 70, channel: room, random: new SeededRandom(8), urls });
      await crowd.gather();
      await expectTruth(urls, crowd.present());
      const tookMs: number[] = [];
      for (let round = 0; round < 5; round++) {
        await crowd.churn(150);
        const beganMs = performance.now();
        await vi.waitFor(() => expectTruth(urls, crowd.present()));
        tookMs.push(performance.now() - beganMs);
      }
      // A busy machine is late at times: each churn has the same way to go, and the swiftest shows how long it is.
      expect(Math.min(...tookMs)).toBeLessThan(1_000);

      fleet.nodes[2]?.signal('SIGKILL');
      await fleet.nodes[2]?.exited;
      const killedMs = performance.now();
      expect(crowd.orphaned(2)).toBeGreaterThan(20);
      await crowd.settled();
      const living = urls.slice(0, 2);
      const truth = crowd.present();
      // Until its members are gone, nobody else is.
      const stillThere = async () => {
        for (const url of living) {
          const told = await presence(url);
          expect([...truth.keys()].filter((client) => !told.has(client))).toEqual([]);
        }
      };
      await vi.waitFor(
        async () => {
          await stillThere();
          await expectTruth(living, truth);
        },
        { timeout: limits.presenceTtlMs + 20_000, interval: 500 },
      );
      expect(performance.now() - killedMs).toBeLessThan(limits.presenceTtlMs + 15_000);
    },
  );

  test.concurrent.each(kinds)(
    '%s: ten seconds without the broker make nobody leave',
    { timeout: 120_000 },
    async (kind) => {
      await using fleet = await startFleet(kind);
      const { urls, redis } = fleet;
      using crowd = new Crowd({ size: 60, numUsers: 20, channel: room, random: new SeededRandom(9), urls });
      await crowd.gather();
      const truth = crowd.present();
      await vi.waitFor(() => expectTruth(urls, truth));
      const watcher = new Centrifuge(endpoint(urls[0] ?? ''), { websocket: WebSocket, data: { user: 'watcher' } });
      const left: string[] = [];
      const subscription = watcher.newSubscription('room:1', { joinLeave: true });
      subscription.on('leave', ({ info }) => left.push(info.client));
      try {
        subscription.subscribe();
        watcher.connect();
        await subscription.ready(20_000);
        redis.pause();
        const beganMs = performance.now();
        const answers: (Members | 'refused')[] = [];
        while (performance.now() - beganMs < blipMs) {
          answers.push(await presence(urls[1] ?? '').catch(() => 'refused' as const));
          await pause(250);
        }
        redis.resume();
        const wakeMs = performance.now();
        // From then on: whoever was there is there, until the last entry would have expired without renewal.
        while (performance.now() - wakeMs < limits.pingIntervalMs * 2) {
          for (const url of urls) answers.push(await presence(url).catch(() => 'refused' as const));
          await pause(250);
        }
        const lacking = answers.flatMap((told) =>
          told === 'refused' ? [] : [[...truth.keys()].filter((client) => !told.has(client)).length],
        );
        expect(lacking.length).toBeGreaterThan(5);
        expect(lacking.filter((count) => count > 0)).toEqual([]);
        expect(left).toEqual([]);
        expect(crowd.present()).toEqual(truth);
      } finally {
        redis.resume();
        watcher.disconnect();
      }
    },
  );
});
