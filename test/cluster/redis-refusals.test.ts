/**
 * G2, G7, G10: two nodes over Redis under a stream of publications, while Redis answers and does not do its work: each
 * acknowledgement has its effect, readiness follows both ways at both nodes, and no subscriber has a hole unsignalled.
 */

import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { RedisServer, redisIsMissing } from '../support/redis-server.js';
import { ObservedFleet } from './observed-fleet.js';

const channels = ['chat:a', 'chat:b', 'chat:c', 'chat:d'];
/** G10; most are much faster. */
const readyLimitMs = 15_000;

type Send = (command: readonly string[]) => Promise<unknown>;

interface State {
  readonly begin: (send: Send, redis: RedisServer) => Promise<unknown>;
  readonly end: (send: Send, redis: RedisServer) => Promise<unknown>;
}

const states: Readonly<Record<string, State>> = {
  'is full (OOM)': {
    begin: (send) => send(['CONFIG', 'SET', 'maxmemory', '1mb']),
    end: (send) => send(['CONFIG', 'SET', 'maxmemory', '0']),
  },
  'has become read-only (READONLY)': {
    begin: (send) => send(['REPLICAOF', '127.0.0.1', '1']),
    end: (send) => send(['REPLICAOF', 'NO', 'ONE']),
  },
  'has too few replicas (NOREPLICAS)': {
    begin: (send) => send(['CONFIG', 'SET', 'min-replicas-to-write', '1']),
    end: (send) => send(['CONFIG', 'SET', 'min-replicas-to-write', '0']),
  },
  'cannot write its disk (MISCONF)': {
    async begin(send, { folder }) {
      // What it saves cannot take this one's place.
      await mkdir(join(folder, 'dump.rdb'));
      await send(['CONFIG', 'SET', 'save', '3600 1']);
      await send(['BGSAVE']);
    },
    async end(send, { folder }) {
      await rmdir(join(folder, 'dump.rdb'));
      await send(['BGSAVE']);
    },
  },
  'forbids a command (NOPERM)': {
    begin: (send) => send(['ACL', 'SETUSER', 'node', '-xadd']),
    end: (send) => send(['ACL', 'SETUSER', 'node', '+xadd']),
  },
  'stands still for 8 s': {
    begin: async (_, redis) => redis.child.kill('SIGSTOP'),
    end: async (_, redis) => redis.child.kill('SIGCONT'),
  },
};

describe.skipIf(redisIsMissing())('two nodes whose Redis', () => {
  test.each(Object.entries(states))('%s', { timeout: 120_000 }, async (name, { begin, end }) => {
    await using redis = await RedisServer.start({ config: ['user node on >secret ~* &* +@all'] });
    await using client = await redis.client();
    const { send } = client;
    await using fleet = await ObservedFleet.start(redis.url.replace('//', '//node:secret@'));
    for (const node of [0, 1]) await fleet.follow(`on ${node}`, node, channels);
    const flows = channels.map((channel) => fleet.flow(channel));
    const readyIs = async (status: number) => {
      const since = performance.now();
      await vi.waitFor(
        async () => expect([await fleet.status(0, 'ready'), await fleet.status(1, 'ready')]).toEqual([status, status]),
        { timeout: readyLimitMs, interval: 100 },
      );
      return performance.now() - since;
    };
    await readyIs(200);
    for (const flow of flows) await fleet.goesOn(flow, 10_000, 3);

    await begin(send, redis);
    const brokenMs = performance.now();
    await readyIs(503);
    const { error } = await fleet.call(0, 'publish', { channel: 'chat:quiet', data: 'nobody hears this' });
    expect(error?.code).toBe(100);
    // No word of addresses, functions or what Redis has said.
    expect(error?.message).not.toMatch(/redis|127\.0\.0\.1|script|[0-9a-f]{40}|OOM|READONLY|MISCONF|NOPERM/i);
    const numDone = () => flows.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    const before = numDone();
    await vi.waitFor(() => expect(performance.now() - brokenMs).toBeGreaterThan(8_000), { timeout: 10_000 });
    expect(numDone() - before).toBe(0);

    await end(send, redis);
    await readyIs(200);
    for (const flow of flows) await fleet.goesOn(flow, 20_000);
    await fleet.judged();
    expect(numDone(), name).toBeGreaterThan(before);
    for (const node of fleet.nodes) expect(node.child.exitCode).toBeNull();
  });

  test('F6 G2: that is answered for with 503 while it stands still: what both nodes tell their subscribers is what it has kept', {
    timeout: 120_000,
  }, async () => {
    await using redis = await RedisServer.start();
    await using fleet = await ObservedFleet.start(redis.url);
    for (const node of [0, 1]) await fleet.follow(`on ${node}`, node, ['chat:a']);
    const first = await fleet.publish('chat:a', 0);
    redis.child.kill('SIGSTOP');
    const late = await Promise.all([0, 1, 0, 1].map((node) => fleet.publish('chat:a', node)));
    expect(late.map(({ code }) => code)).toEqual([100, 100, 100, 100]);
    redis.child.kill('SIGCONT');
    const last = await vi.waitFor(
      async () => {
        const published = await fleet.publish('chat:a', 1);
        expect(published.code).toBeUndefined();
        return published.value;
      },
      { timeout: readyLimitMs, interval: 100 },
    );
    await using client = await redis.client();
    // safe: what the command answers with
    const entries = (await client.send(['XRANGE', 'fanfare:stream:{chat:a}', '-', '+'])) as [string, string[]][];
    const kept = entries.map(([, [, text = '']]) => JSON.parse(text.slice(text.indexOf(':') + 1)));
    expect([kept[0], kept.at(-1)]).toEqual([first.value, last]);
    expect(entries.map(([id]) => id)).toEqual(entries.map((_, i) => `${i + 1}-0`));
    await vi.waitFor(() => expect(fleet.seen.map(({ values }) => values)).toEqual([kept, kept]), { timeout: 20_000 });
    await fleet.judged();
  });
});
