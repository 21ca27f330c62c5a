/**
 * F18: functions that are killed while they work, events that come twice, late, in another order or never, connections
 * that are cut: what clients are told, judged by the checker of the chaos tests.
 */

import { Centrifuge } from 'centrifuge';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Position } from '../../src/model/position.js';
import { HistoryChecker } from '../chaos/checker/history-checker.js';
import { Recorder } from '../chaos/recorder.js';
import { SeededRandom } from '../chaos/seeded-random.js';
import { EmulatedApiGateway } from '../support/aws/api-gateway.js';
import { FunctionPool } from '../support/aws/function-pool.js';
import '../support/aws/emulated-functions.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';

const kills = Number(process.env.FUNCTION_KILLS ?? 8);
const seed = Number(process.env.CHAOS_SEED ?? 7);
const channels = ['chaos:1', 'chaos:2'];
const numSubscribers = 3;
const times = { leaseMs: 2_000, lateMs: 1_500, orderMs: 200, patienceMs: 15_000, presenceCheckMs: 1_000 };

describe.skipIf(redisIsMissing())('functions that die', () => {
  const redis = shared(RedisServer.start);

  test(
    `${kills} kills between reading and writing state: nothing is lost, repeated or out of order without a signal`,
    async () => {
      const random = new SeededRandom(seed);
      let pool: FunctionPool | undefined;
      await using gateway = await EmulatedApiGateway.start({
        invoke: async (event) => pool?.invoke(event),
        manners: { doubled: 0.1, delayMs: 20, disconnects: 'sometimes late, twice or never', throttled: 0.05 },
        random: () => random.unit(),
      });
      const args = [redis().url, ownPrefix(), gateway.endpoint, JSON.stringify(times)];
      await using functions = new FunctionPool('chaos', args, 6);
      pool = functions;
      const checker = new HistoryChecker();
      const recorder = new Recorder(checker);
      let isOver = false;
      const sweeping = (async () => {
        while (!isOver) {
          await functions.invoke({ source: 'aws.events' }).catch(() => undefined);
          await turn(150);
        }
      })();
      const subscribers = Array.from({ length: numSubscribers }, (_, n) =>
        subscriber(gateway, recorder, `subscriber ${n}`),
      );
      onTestFinished(() => {
        for (const { client } of subscribers) client.disconnect();
      });
      await Promise.all(subscribers.flatMap(({ rooms }) => rooms.map((room) => room.ready(20_000))));

      const publishers = channels.map(async (channel) => {
        let n = 0;
        while (!isOver) await publish(functions, recorder, channel, `${channel} ${n++}`);
        return n;
      });
      while (functions.numKilled < kills) {
        await turn(20 + random.below(300));
        functions.kill((count) => random.below(Math.max(1, count)));
        if (random.unit() < 0.1) gateway.cutAll();
      }
      isOver = true;
      const sent = await Promise.all(publishers);
      await sweeping;

      // Everybody gets to the end: the last of each channel.
      const last = await Promise.all(
        channels.map((channel) => publish(functions, recorder, channel, `${channel} last`)),
      );
      await expect
        .poll(
          async () => {
            await functions.invoke({ source: 'aws.events' });
            return subscribers.map(({ offsets }) => channels.map((channel) => offsets.get(channel)));
          },
          { timeout: 20_000, interval: 200 },
        )
        .toEqual(subscribers.map(() => last.map((position) => position.offset)));
      checker.check(recorder.nowMs);
      expect(checker.violations).toEqual([]);
      expect(Math.min(...sent)).toBeGreaterThan(0);
      expect(checker.numDelivered).toBeGreaterThanOrEqual(checker.numAcknowledged);
      // True to those who are there.
      await expect
        .poll(
          async () => {
            await functions.invoke({ source: 'aws.events' });
            return [...((await functions.invoke({ presence: 'chaos:1' })) as string[])].sort();
          },
          { timeout: 20_000, interval: 200 },
        )
        .toEqual(subscribers.map(({ connection }) => connection()).sort());
    },
    60_000 + kills * 8_000,
  );
});

function subscriber(gateway: EmulatedApiGateway, recorder: Recorder, name: string) {
  const client = new Centrifuge(gateway.url, {
    websocket: WebSocket,
    data: { user: name },
    minReconnectDelay: 10,
    maxReconnectDelay: 200,
    timeout: 4_000,
  });
  recorder.client(name, client, () => 'functions');
  let connection = '';
  client.on('connected', (context) => {
    connection = context.client;
  });
  const offsets = new Map<string, number>();
  const rooms = channels.map((channel) => {
    const room = client.newSubscription(channel, { minResubscribeDelay: 10, maxResubscribeDelay: 200 });
    recorder.subscription(name, room);
    room.on('publication', ({ offset = 0 }) => offsets.set(channel, offset));
    room.subscribe();
    return room;
  });
  client.connect();
  return { client, rooms, offsets, connection: () => connection };
}

/** Tried with one idempotency key until a function has acknowledged it. */
async function publish(functions: FunctionPool, recorder: Recorder, channel: string, value: string): Promise<Position> {
  recorder.record({ kind: 'publish-invoked', channel, value });
  for (;;) {
    try {
      const event = { publish: { channel, data: value, idempotencyKey: value } };
      // safe: the function answers with it
      const position = (await functions.invoke(event)) as Position;
      recorder.record({ kind: 'publish-ok', channel, value, position });
      return position;
    } catch {
      // Killed, or not able to: once more.
    }
  }
}

function turn(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
