/**
 * G2, G7, G10: two nodes over Redis under 200 publications a second, whatever becomes of those before, while Redis goes
 * from one state to the next: each acknowledgement has its effect, readiness follows both ways at both nodes, nobody dials
 * without end, and no subscriber has a hole unsignalled.
 */

import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { redisStates } from '../../src/brokers/redis/states.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { valkeyIsMissing, valkeyProgram } from '../support/brokers/valkey.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { ObservedFleet } from './observed-fleet.js';

const channels = ['chat:a', 'chat:b', 'chat:c', 'chat:d'];
const perSecond = 200;
/** G10; most are much faster. */
const readyLimitMs = 15_000;
const user = 'user node on >secret ~* &* +@all';

type Send = (...command: string[]) => Promise<unknown>;

interface State {
  readonly name: string;
  readonly begin: (send: Send, redis: RedisServer) => Promise<unknown>;
  readonly end: (send: Send, redis: RedisServer) => Promise<unknown>;
  /** How long it lasts at least. Default: 2 s. */
  readonly lastsMs?: number;
  /** The state that the log names; absent where nothing answers. */
  readonly named?: string;
}

const states: readonly State[] = [
  {
    name: 'is full',
    named: 'OOM',
    begin: (send) => send('CONFIG', 'SET', 'maxmemory', '1mb'),
    end: (send) => send('CONFIG', 'SET', 'maxmemory', '0'),
  },
  {
    name: 'has become read-only',
    named: 'READONLY',
    lastsMs: 8_000,
    begin: (send) => send('REPLICAOF', '127.0.0.1', '1'),
    end: (send) => send('REPLICAOF', 'NO', 'ONE'),
  },
  {
    name: 'has too few replicas',
    named: 'NOREPLICAS',
    begin: (send) => send('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: (send) => send('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  },
  {
    name: 'cannot write its disk',
    named: 'MISCONF',
    async begin(send, { folder }) {
      // What it saves cannot take this one's place.
      await mkdir(join(folder, 'dump.rdb'));
      await send('CONFIG', 'SET', 'save', '3600 1');
      await send('BGSAVE');
    },
    async end(send, { folder }) {
      await rmdir(join(folder, 'dump.rdb'));
      await send('BGSAVE');
    },
  },
  {
    name: 'forbids a command',
    named: 'NOPERM',
    begin: (send) => send('ACL', 'SETUSER', 'node', '-xadd'),
    end: (send) => send('ACL', 'SETUSER', 'node', '+xadd'),
  },
  {
    name: 'is busy with the script of somebody else',
    named: 'BUSY',
    async begin(send, redis) {
      await send('CONFIG', 'SET', 'busy-reply-threshold', '50');
      const other = await redis.client();
      other.send(['EVAL', 'while true do end', '0']).catch(() => undefined);
    },
    end: (send) => send('SCRIPT', 'KILL'),
  },
  {
    name: 'stands still',
    lastsMs: 8_000,
    begin: async (_, redis) => redis.child.kill('SIGSTOP'),
    end: async (_, redis) => redis.child.kill('SIGCONT'),
  },
  {
    name: 'answers nobody who writes (CLIENT PAUSE)',
    lastsMs: 8_000,
    begin: (send) => send('CLIENT', 'PAUSE', '60000', 'WRITE'),
    end: (send) => send('CLIENT', 'UNPAUSE'),
  },
];

async function readyIs(fleet: ObservedFleet, status: number): Promise<void> {
  await vi.waitFor(
    async () => expect([await fleet.status(0, 'ready'), await fleet.status(1, 'ready')]).toEqual([status, status]),
    { timeout: readyLimitMs, interval: 100 },
  );
}

async function lasts(ms: number, sinceMs: number): Promise<void> {
  await vi.waitFor(() => expect(performance.now() - sinceMs).toBeGreaterThan(ms), { timeout: ms + 5_000 });
}

/** Two nodes with a follower at each, under the stream of publications. */
async function flowing(address: string) {
  const fleet = await ObservedFleet.start(address);
  for (const node of [0, 1]) await fleet.follow(`on ${node}`, node, channels);
  await readyIs(fleet, 200);
  const beganMs = performance.now();
  const { flows, numSent } = fleet.steadyFlows(channels, perSecond);
  const [first] = flows;
  if (first === undefined) throw new Error('there are four');
  await fleet.goesOn(first, 10_000, 3);
  return {
    fleet,
    flows,
    numDone: () => flows.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
    goOn: async () => {
      for (const flow of flows) await fleet.goesOn(flow, 20_000);
    },
    /** Also judges that what was sent is what was meant to be. */
    judged: async () => {
      const sent = (numSent() * 1_000) / (performance.now() - beganMs);
      expect(sent).toBeGreaterThan(0.95 * perSecond);
      await fleet.judged();
      for (const node of fleet.nodes) expect(node.child.exitCode).toBeNull();
    },
  };
}

async function numDialled(send: Send): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(String(await send('INFO', 'stats')))?.[1]);
}

describe.each([
  { kind: 'Redis', program: '/usr/bin/redis-server', isMissing: redisIsMissing },
  { kind: 'Valkey', program: valkeyProgram, isMissing: valkeyIsMissing },
])('two nodes whose $kind', ({ program, isMissing }) => {
  if (isMissing()) return;

  test('F6 F15: goes from one state to the next', { timeout: 240_000 }, async () => {
    await using redis = await RedisServer.start({ program, config: [user] });
    await using client = await redis.client();
    const send: Send = (...command) => client.send(command);
    const site = await flowing(redis.url.replace('//', '//node:secret@'));
    const { fleet, numDone, goOn } = site;
    await using _fleet = fleet;
    for (const { name, named, begin, end, lastsMs = 2_000 } of states) {
      const dialledBefore = await numDialled(send);
      await begin(send, redis);
      const brokenMs = performance.now();
      await readyIs(fleet, 503);
      const { error } = await fleet.call(0, 'publish', { channel: 'chat:quiet', data: 'nobody hears this' });
      expect(error?.code, name).toBe(100);
      // No word of addresses, functions or what Redis has said.
      expect(error?.message).not.toMatch(/redis|127\.0\.0\.1|script|[0-9a-f]{40}|OOM|READONLY|MISCONF|NOPERM/i);
      const before = numDone();
      await lasts(lastsMs, brokenMs);
      expect(numDone() - before, name).toBe(0);
      await end(send, redis);
      await readyIs(fleet, 200);
      await goOn();
      expect(numDone(), name).toBeGreaterThan(before);
      // Two links of each node, with pauses that grow; each dialled anew when it had fallen silent.
      expect((await numDialled(send)) - dialledBefore, name).toBeLessThan(40);
      if (named === undefined) continue;
      const remedy = redisStates.find((state) => state.name === named)?.remedy;
      for (const node of fleet.nodes) {
        expect(node.stderr, name).toContain(`"state":"${named}"`);
        expect(node.stderr, name).toContain(JSON.stringify(remedy));
        // Hundreds were refused; a line for each would hide all others.
        expect(node.stderr.split(`"state":"${named}"`).length, name).toBeLessThan(12);
      }
    }
    await site.judged();
  });

  const succession = ['without a loss', 'with a loss', 'a restart with its log', 'a restart from nothing'] as const;

  test('F2 F3 G5: is replaced: without a loss, with one, and restarted with its log and from nothing', {
    timeout: 240_000,
  }, async () => {
    const config = [user, 'repl-diskless-sync-delay 0', 'appendonly yes', 'appendfsync always'];
    const servers = [await RedisServer.start({ program, config }), await RedisServer.start({ program, config })];
    let [primary, replica] = servers as [RedisServer, RedisServer];
    await using proxy = await FaultProxy.start({ port: primary.port });
    const ask = async (server: RedisServer, ...command: string[]) => {
      await using client = await server.client();
      return String(await client.send(command));
    };
    const shows = (server: RedisServer, pattern: RegExp) =>
      vi.waitFor(async () => expect(await ask(server, 'INFO')).toMatch(pattern), { timeout: 30_000, interval: 50 });
    const follow = async () => {
      await ask(replica, 'REPLICAOF', '127.0.0.1', `${primary.port}`);
      await shows(replica, /master_link_status:up/);
      await shows(primary, /slave0:.*state=online/);
    };
    /** Whoever asks from now on reaches the other. */
    const moveOn = () => {
      [primary, replica] = [replica, primary];
      proxy.retarget({ port: primary.port });
    };
    await follow();
    const site = await flowing(`redis://node:secret@127.0.0.1:${proxy.port}`);
    const { fleet, goOn } = site;
    await using _fleet = fleet;
    const restart = async (port: number, folder: string, lines: readonly string[]) => {
      const again = await RedisServer.start({ program, port, folder, config: lines });
      servers.push(again);
      primary = again;
    };
    const steps: Readonly<Record<(typeof succession)[number], () => Promise<unknown>>> = {
      'without a loss': async () => {
        await ask(primary, 'FAILOVER', 'TO', '127.0.0.1', `${replica.port}`);
        await shows(replica, /role:master/);
        moveOn();
      },
      'with a loss': async () => {
        await ask(replica, 'REPLICAOF', 'NO', 'ONE');
        // These are acknowledged by a server that is about to be gone.
        await goOn();
        await primary.kill();
        moveOn();
      },
      'a restart with its log': async () => {
        await primary.kill();
        await restart(primary.port, primary.folder, config);
      },
      'a restart from nothing': async () => {
        const { port } = primary;
        await primary.kill();
        await restart(port, replica.folder, [user]);
      },
    };
    for (const name of succession) {
      const effects = { losesHistory: 'all' } as const;
      fleet.recorder.record({ kind: 'fault-began', fault: name, name, effects });
      const before = fleet.signals('chat:a');
      await steps[name]();
      await goOn();
      await vi.waitFor(
        () => {
          for (const [n, signals] of fleet.signals('chat:a').entries()) expect(signals).toBeGreaterThan(before[n] ?? 0);
        },
        { timeout: 20_000, interval: 100 },
      );
      fleet.recorder.record({ kind: 'fault-ended', fault: name });
      await readyIs(fleet, 200);
      await goOn();
    }
    await site.judged();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });
});

test.skipIf(redisIsMissing())(
  'F6 G2: what is answered for with 503 while it stands still: what both nodes tell their subscribers is what it has kept',
  { timeout: 120_000 },
  async () => {
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
  },
);
