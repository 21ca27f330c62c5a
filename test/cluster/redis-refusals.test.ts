/**
 * G2, G7, G10: two nodes over Redis under 200 publications a second, whatever becomes of those before, while Redis goes
 * from one state to the next: each acknowledgement has its effect, readiness follows both ways at both nodes, nobody dials
 * without end, and no subscriber has a hole unsignalled.
 */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { redisStates } from '../../src/brokers/redis/states.js';
import { defined } from '../../src/model/defined.js';
import { RedisServer, redis7, redisIsMissing, valkey } from '../support/brokers/redis-server.js';
import {
  redisServerStates as known,
  nodeUser,
  type RedisState,
  type Send,
  urlOfNode,
} from '../support/brokers/redis-states.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { ObservedFleet } from './observed-fleet.js';
import { readyLimitMs, underLoad } from './under-load.js';

const channels = ['chat:a', 'chat:b', 'chat:c', 'chat:d'];

/** The log names the state, unless nothing answers. */
type State = Pick<RedisState, 'begin' | 'end'> & Partial<RedisState>;

/** Each with how long it lasts at least. */
const states: Readonly<Record<string, readonly [state: State, lastsMs: number]>> = {
  'is full': [known['no room for data'], 2_000],
  'has become read-only': [known['a replica'], 8_000],
  'has too few replicas': [known['too few replicas'], 2_000],
  'cannot write its disk': [known['a disk that takes no snapshot'], 2_000],
  'forbids a command': [known['a command that its user may not run'], 2_000],
  'is busy with the script of somebody else': [known['a script of somebody else that does not end'], 2_000],
  'stands still': [{ begin: async (_, redis) => redis.pause(), end: async (_, redis) => redis.resume() }, 8_000],
  'answers nobody who writes (CLIENT PAUSE)': [
    { begin: (send) => send('CLIENT', 'PAUSE', '60000', 'WRITE'), end: (send) => send('CLIENT', 'UNPAUSE') },
    8_000,
  ],
};

async function lasts(ms: number, sinceMs: number): Promise<void> {
  await vi.waitFor(() => expect(performance.now() - sinceMs).toBeGreaterThan(ms), ms + 5_000);
}

async function numDialled(send: Send): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(String(await send('INFO', 'stats')))?.[1]);
}

describe.each([redis7, valkey])('two nodes whose $kind', { timeout: 240_000 }, (kind) => {
  if (redisIsMissing(kind)) return test.skip('its program is missing');

  test('F6 F15: goes from one state to the next', async () => {
    await using redis = await RedisServer.start({ ...kind, config: [nodeUser] });
    await using client = await redis.client();
    const send: Send = (...command) => client.send(command);
    const { fleet, readyIs, numDone, goOn, judged } = await underLoad(urlOfNode(redis), channels);
    for (const [name, [{ named, begin, end }, lastsMs]] of Object.entries(states)) {
      const dialledBefore = await numDialled(send);
      await begin(send, redis);
      const brokenMs = performance.now();
      await readyIs(503);
      const { error } = await fleet.call(0, 'publish', { channel: 'chat:quiet', data: 'nobody hears this' });
      expect(error?.code, name).toBe(100);
      // No word of addresses, functions or what Redis has said.
      expect(error?.message).not.toMatch(/redis|127\.0\.0\.1|script|[0-9a-f]{40}|OOM|READONLY|MISCONF|NOPERM/i);
      const before = numDone();
      await lasts(lastsMs, brokenMs);
      expect(numDone() - before, name).toBe(0);
      await end(send, redis);
      await readyIs(200);
      await goOn();
      expect(numDone(), name).toBeGreaterThan(before);
      // Two links of each node, with pauses that grow; each dialled anew when it had fallen silent.
      expect((await numDialled(send)) - dialledBefore, name).toBeLessThan(40);
      if (named === undefined) continue;
      const remedy = redisStates.find((state) => state.name === named)?.remedy;
      for (const node of fleet.nodes) {
        expect(node.stderr, name).toContain(`"state":"${named}"`);
        expect(node.stderr, name).toContain(JSON.stringify(remedy));
        // Hundreds were refused; a line for each would hide all others. A publish, a subscribe, presence and a leave have
        // one each; so have both links, twice, what both probes found, and orders that were not sent.
        expect(node.stderr.split(`"state":"${named}"`).length, name).toBeLessThan(14);
      }
    }
    await judged();
  });

  test('F2 F3 G5: is replaced: without a loss, with one, and restarted with its log and from nothing', async () => {
    const config = [nodeUser, 'repl-diskless-sync-delay 0', 'appendonly yes', 'appendfsync always'];
    const start = async (lines = config, port?: number) => {
      const server = await RedisServer.start({ ...kind, config: lines, ...defined({ port }) });
      onTestFinished(() => server[Symbol.asyncDispose]());
      return server;
    };
    let [primary, replica] = [await start(), await start()];
    await using proxy = await FaultProxy.start({ port: primary.port });
    const ask = async (server: RedisServer, ...command: string[]) => {
      await using client = await server.client();
      return String(await client.send(command));
    };
    const shows = (server: RedisServer, pattern: RegExp) =>
      vi.waitFor(async () => expect(await ask(server, 'INFO')).toMatch(pattern), 30_000);
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
    const { fleet, readyIs, goOn, judged } = await underLoad(`redis://node:secret@127.0.0.1:${proxy.port}`, channels);
    const steps: Readonly<Record<string, () => Promise<unknown>>> = {
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
        await primary.startAgain();
      },
      'a restart from nothing': async () => {
        await primary.kill();
        primary = await start([nodeUser], primary.port);
      },
    };
    for (const [name, step] of Object.entries(steps)) {
      const before = fleet.signals('chat:a');
      await fleet.during(name, { losesHistory: 'all' }, async () => {
        await step();
        await goOn();
        await vi.waitFor(() => {
          for (const [n, signals] of fleet.signals('chat:a').entries()) expect(signals).toBeGreaterThan(before[n] ?? 0);
        }, 20_000);
      });
      await readyIs(200);
      await goOn();
    }
    await judged();
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
    redis.pause();
    const late = await Promise.all([0, 1, 0, 1].map((node) => fleet.publish('chat:a', node)));
    expect(late.map(({ code }) => code)).toEqual([100, 100, 100, 100]);
    redis.resume();
    const last = await vi.waitFor(async () => {
      const published = await fleet.publish('chat:a', 1);
      expect(published.code).toBeUndefined();
      return published.value;
    }, readyLimitMs);
    await using client = await redis.client();
    // safe: what the command answers with
    const entries = (await client.send(['XRANGE', 'fanfare:stream:{chat:a}', '-', '+'])) as [string, string[]][];
    const kept = entries.map(([, [, text = '']]) => JSON.parse(text.slice(text.indexOf(':') + 1)));
    expect([kept[0], kept.at(-1)]).toEqual([first.value, last]);
    expect(entries.map(([id]) => id)).toEqual(entries.map((_, i) => `${i + 1}-0`));
    await vi.waitFor(() => expect(fleet.seen.map(({ values }) => values)).toEqual([kept, kept]), 20_000);
    await fleet.judged();
  },
);
