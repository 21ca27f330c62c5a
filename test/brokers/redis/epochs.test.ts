/**
 * What begins a new epoch and what does not (G5), on real servers. docs/operations/brokers.md has the same as a table,
 * which is compared with what is seen here.
 */

import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import type { Position } from '../../../src/model/position.js';
import { RedisServer, redis7, redis8, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import { json, ports } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const news = channelName('news');
const stream = { size: 100, ttlMs: 600_000 };
const numBefore = 3;
const limitMs = 30_000;

/** Starts a further server of the case, which ends with it. */
type Start = (config?: readonly string[]) => Promise<RedisServer>;

async function send(server: RedisServer, ...command: string[]): Promise<string> {
  await using client = await server.client();
  return String(await client.send(command));
}

const info = (server: RedisServer) => send(server, 'INFO');
const shows = (server: RedisServer, pattern: RegExp) =>
  vi.waitFor(async () => expect(await info(server)).toMatch(pattern), limitMs);

async function follow(replica: RedisServer, primary: RedisServer): Promise<void> {
  await send(replica, 'REPLICAOF', '127.0.0.1', `${primary.port}`);
  await shows(replica, /master_link_status:up/);
  const offset = async (server: RedisServer) => /master_repl_offset:(\d+)/.exec(await info(server))?.[1];
  await vi.waitFor(async () => expect(await offset(replica)).toBe(await offset(primary)), limitMs);
}

const promote = (replica: RedisServer) => send(replica, 'REPLICAOF', 'NO', 'ONE');

/** Its name among replicas, as it was, is gone. */
async function forgets(server: RedisServer, name: string | undefined, withinMs = limitMs): Promise<void> {
  await vi.waitFor(async () => expect(await info(server)).not.toContain(name), withinMs);
}

const nameOf = async (server: RedisServer) => /master_replid:\w+/.exec(await info(server))?.[0];

async function withBroker<T>(server: RedisServer, work: (broker: RedisBroker) => Promise<T>): Promise<T> {
  const broker = new RedisBroker(server.url, ports);
  await broker.start(new RecordedEvents());
  return work(broker).finally(() => broker.close());
}

function publish(server: RedisServer, count: number): Promise<Position> {
  return withBroker(server, async (broker) => {
    let last: Position = { offset: 0, epoch: '' };
    for (let n = 0; n < count; n++) last = (await broker.publish(news, { data: json(n) }, { stream })).position;
    return last;
  });
}

/** Another server takes over without what this one still acknowledges. @returns the other */
async function parted(server: RedisServer, start: Start): Promise<RedisServer> {
  const other = await start();
  await follow(other, server);
  await promote(other);
  await publish(server, 1);
  return other;
}

/** The same, and then the other's data replaces its own, and it is the primary again. */
async function lostAndBack(server: RedisServer, start: Start): Promise<void> {
  await follow(server, await parted(server, start));
  await promote(server);
}

async function restart(server: RedisServer): Promise<void> {
  await server.kill();
  await server.startAgain();
}

/** @returns the server that clients use from then on, when that is another */
type Happen = (server: RedisServer, start: Start) => Promise<unknown>;

const aof = ['appendonly yes', 'appendfsync always'];
const shortBacklog = ['repl-backlog-ttl 1'];

/** What happens, and the configuration for it. */
const cases: Readonly<Record<string, readonly [happen: Happen, config?: readonly string[]]>> = {
  'the first replica is attached': [async (server, start) => follow(await start(), server)],
  'the last replica has been gone for longer than `repl-backlog-ttl`': [
    async (server, start) => {
      const replica = await start();
      await follow(replica, server);
      await publish(server, 1);
      const before = await nameOf(server);
      await replica.kill();
      await forgets(server, before);
    },
    shortBacklog,
  ],
  'the statistics are reset (`CONFIG RESETSTAT`)': [
    async (server, start) => {
      await follow(await start(), server);
      await send(server, 'CONFIG', 'RESETSTAT');
    },
  ],
  'the data is saved, and its log rewritten': [
    async (server) => {
      await send(server, 'SAVE');
      await send(server, 'BGREWRITEAOF');
      await shows(server, /aof_rewrite_in_progress:0/);
    },
    aof,
  ],
  'a server is told to follow one that cannot be reached, and is the primary again': [
    async (server) => {
      await send(server, 'REPLICAOF', '127.0.0.1', '1');
      await promote(server);
    },
  ],
  'a planned fail-over (`FAILOVER`)': [
    async (server, start) => {
      const replica = await start();
      await follow(replica, server);
      // The replica is up before its primary counts it as online.
      await shows(server, /slave0:.*state=online/);
      await send(server, 'FAILOVER', 'TO', '127.0.0.1', `${replica.port}`);
      await shows(replica, /role:master/);
      return replica;
    },
  ],
  'a fail-over to a replica that has not had everything': [parted],
  'a server becomes a replica, loses what the other has not, and is the primary again': [lostAndBack],
  'the same, and nobody looks for longer than `repl-backlog-ttl`': [
    async (server, start) => {
      await lostAndBack(server, start);
      // Some never free the backlog of a server that was a replica: then the promotion shows in the ids for good.
      await forgets(server, await nameOf(server), 4_000).catch(() => undefined);
    },
    shortBacklog,
  ],
  'a restart from a snapshot (RDB)': [
    async (server) => {
      await send(server, 'SAVE');
      await restart(server);
    },
  ],
  'a restart from the log (AOF)': [restart, aof],
  'a restart from nothing': [restart],
  'a restart from an older file': [
    async (server) => {
      await send(server, 'SAVE');
      const [file, copy] = [join(server.folder, 'dump.rdb'), join(server.folder, 'older.rdb')];
      await copyFile(file, copy);
      await publish(server, 2);
      await send(server, 'SAVE');
      await server.kill();
      await copyFile(copy, file);
      await server.startAgain();
    },
  ],
  'everything is deleted (`FLUSHALL`)': [(server) => send(server, 'FLUSHALL')],
};

const page = readFileSync(new URL('../../../docs/operations/brokers.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const header = rows.find(([first]) => first === 'what happens');

function documented(what: string, column: number): string | undefined {
  return rows.find(([first]) => first === what)?.[column];
}

const kinds = [
  { ...redis7, version: /redis_version:(\S+)/ },
  { ...redis8, version: /redis_version:(\S+)/ },
  { ...valkey, version: /valkey_version:(\S+)/ },
];

test('the page has a row for each case, and no other', () => {
  const at = rows.findIndex(([first]) => first === 'what happens');
  const named = rows.slice(at + 2, at + 2 + Object.keys(cases).length).map(([first]) => first);
  expect(named).toEqual(Object.keys(cases));
  expect(rows[at + 2 + named.length]?.length).not.toBe(header?.length);
});

describe.each(kinds)('G5: the epochs of $kind', { timeout: 90_000 }, ({ kind, program, version }) => {
  if (redisIsMissing({ kind, program })) return test.skip('its program is missing');
  const column = kinds.findIndex((one) => one.kind === kind) + 1;

  const start: Start = async (config = []) => {
    const server = await RedisServer.start({ program, config: ['repl-diskless-sync-delay 0', ...config] });
    onTestFinished(() => server[Symbol.asyncDispose]());
    return server;
  };

  test('the version is that of the page', async () => {
    const found = version.exec(await send(await start(), 'INFO', 'server'))?.[1];
    expect(header?.[column]).toBe(`${kind.split(' ')[0]} ${found}`);
  });

  test.each(Object.entries(cases))('%s', async (what, [happen, config]) => {
    const server = await start(config);
    const before = await publish(server, numBefore);
    const then = await happen(server, start);
    const now = then instanceof RedisServer ? then : server;
    const page = await withBroker(now, ({ history }) =>
      history.read(news, { limit: 100, reverse: false, since: before }),
    );
    const isKept = page.top.epoch === before.epoch;
    expect(isKept ? 'kept' : 'new').toBe(documented(what, column));
    expect(page.continuous).toBe(isKept);
    expect(await publish(now, 1)).toEqual({ epoch: page.top.epoch, offset: page.top.offset + 1 });
  });
});
