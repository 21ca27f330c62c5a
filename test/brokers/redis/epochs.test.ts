/**
 * What begins a new epoch and what does not (G5), on real servers. docs/operations/brokers.md has the same as a table,
 * which is compared with what is seen here.
 */

import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import type { Position } from '../../../src/model/position.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RedisServer, redis8IsMissing, redis8Program, redisIsMissing } from '../../support/brokers/redis-server.js';
import { valkeyIsMissing, valkeyProgram } from '../../support/brokers/valkey.js';
import { channelName } from '../../support/engine/channel-name.js';

const ports = { clock: systemClock, random: systemRandom, log: silentLogger };
const news = channelName('news');
const stream = { size: 100, ttlMs: 600_000 };
const numBefore = 3;

/** Servers of one case, all of which end with it. */
class Site implements AsyncDisposable {
  readonly #servers: RedisServer[] = [];
  readonly #folders: string[] = [];

  constructor(private readonly program: string) {}

  async start(options: { readonly folder?: string; readonly config?: readonly string[] } = {}): Promise<RedisServer> {
    const { config = [] } = options;
    const all = ['repl-diskless-sync-delay 0', ...config];
    const server = await RedisServer.start({ ...options, program: this.program, config: all });
    this.#servers.push(server);
    return server;
  }

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'fanfare-redis-'));
    this.#folders.push(folder);
    return folder;
  }

  /** The same data, or what is left of it, in a new process. */
  async restart(server: RedisServer, folder: string, config: readonly string[] = []): Promise<RedisServer> {
    await server.kill();
    return this.start({ folder, config });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }
}

async function send(server: RedisServer, ...command: string[]): Promise<string> {
  await using client = await server.client();
  return String(await client.send(command));
}

async function shows(server: RedisServer, pattern: RegExp): Promise<void> {
  await vi.waitFor(async () => expect(await send(server, 'INFO')).toMatch(pattern), { timeout: 30_000, interval: 100 });
}

async function follow(replica: RedisServer, primary: RedisServer): Promise<void> {
  await send(replica, 'REPLICAOF', '127.0.0.1', `${primary.port}`);
  await shows(replica, /master_link_status:up/);
  const offset = async (server: RedisServer) => /master_repl_offset:(\d+)/.exec(await send(server, 'INFO'))?.[1];
  await vi.waitFor(async () => expect(await offset(replica)).toBe(await offset(primary)), {
    timeout: 30_000,
    interval: 50,
  });
}

async function promote(replica: RedisServer): Promise<void> {
  await send(replica, 'REPLICAOF', 'NO', 'ONE');
}

async function withBroker<T>(server: RedisServer, work: (broker: RedisBroker) => Promise<T>): Promise<T> {
  const broker = new RedisBroker(server.url, ports);
  await broker.start(new RecordedEvents());
  try {
    return await work(broker);
  } finally {
    await broker.close();
  }
}

function publish(server: RedisServer, count: number): Promise<Position> {
  return withBroker(server, async (broker) => {
    let last: Position | undefined;
    for (let n = 0; n < count; n++) {
      last = (await broker.publish(news, { data: trustedJsonText(`${n}`) }, { stream })).position;
    }
    if (last === undefined) throw new Error('nothing was published');
    return last;
  });
}

interface Case {
  readonly config?: readonly string[];
  /** @returns the server that clients use from then on */
  happen(site: Site, server: RedisServer, folder: string): Promise<RedisServer>;
}

/** Another server takes over without what this one still acknowledges. @returns the other */
async function parted(site: Site, server: RedisServer): Promise<RedisServer> {
  const other = await site.start();
  await follow(other, server);
  await promote(other);
  await publish(server, 1);
  return other;
}

/** The same, and then the other's data replaces its own, and it is the primary again. */
async function lostAndBack(site: Site, server: RedisServer): Promise<RedisServer> {
  await follow(server, await parted(site, server));
  await promote(server);
  return server;
}

const aof = ['appendonly yes', 'appendfsync always'];
const shortBacklog = ['repl-backlog-ttl 1'];

const cases: Readonly<Record<string, Case>> = {
  'the first replica is attached': {
    async happen(site, server) {
      await follow(await site.start(), server);
      return server;
    },
  },
  'the last replica has been gone for longer than `repl-backlog-ttl`': {
    config: shortBacklog,
    async happen(site, server) {
      const replica = await site.start();
      await follow(replica, server);
      await publish(server, 1);
      const [before] = /master_replid:\w+/.exec(await send(server, 'INFO')) ?? [''];
      await replica.kill();
      await vi.waitFor(async () => expect(await send(server, 'INFO')).not.toContain(before), {
        timeout: 30_000,
        interval: 200,
      });
      return server;
    },
  },
  'the statistics are reset (`CONFIG RESETSTAT`)': {
    async happen(site, server) {
      await follow(await site.start(), server);
      await send(server, 'CONFIG', 'RESETSTAT');
      return server;
    },
  },
  'the data is saved, and its log rewritten': {
    config: aof,
    async happen(_, server) {
      await send(server, 'SAVE');
      await send(server, 'BGREWRITEAOF');
      await shows(server, /aof_rewrite_in_progress:0/);
      return server;
    },
  },
  'a server is told to follow one that cannot be reached, and is the primary again': {
    async happen(_, server) {
      await send(server, 'REPLICAOF', '127.0.0.1', '1');
      await promote(server);
      return server;
    },
  },
  'a planned fail-over (`FAILOVER`)': {
    async happen(site, server) {
      const replica = await site.start();
      await follow(replica, server);
      // The replica is up before its primary counts it as online.
      await shows(server, /slave0:.*state=online/);
      await send(server, 'FAILOVER', 'TO', '127.0.0.1', `${replica.port}`);
      await shows(replica, /role:master/);
      return replica;
    },
  },
  'a fail-over to a replica that has not had everything': {
    happen: parted,
  },
  'a server becomes a replica, loses what the other has not, and is the primary again': {
    happen: lostAndBack,
  },
  'the same, and nobody looks for longer than `repl-backlog-ttl`': {
    config: shortBacklog,
    async happen(site, server) {
      await lostAndBack(site, server);
      const [before] = /master_replid:\w+/.exec(await send(server, 'INFO')) ?? [''];
      // Some never free the backlog of a server that was a replica: then the promotion shows in the ids for good.
      await vi
        .waitFor(async () => expect(await send(server, 'INFO')).not.toContain(before), {
          timeout: 4_000,
          interval: 200,
        })
        .catch(() => undefined);
      return server;
    },
  },
  'a restart from a snapshot (RDB)': {
    async happen(site, server, folder) {
      await send(server, 'SAVE');
      return site.restart(server, folder);
    },
  },
  'a restart from the log (AOF)': {
    config: aof,
    happen: (site, server, folder) => site.restart(server, folder, aof),
  },
  'a restart from nothing': {
    happen: (site, server, folder) => site.restart(server, folder),
  },
  'a restart from an older file': {
    async happen(site, server, folder) {
      await send(server, 'SAVE');
      const [file, copy] = [join(folder, 'dump.rdb'), join(folder, 'older.rdb')];
      await copyFile(file, copy);
      await publish(server, 2);
      await send(server, 'SAVE');
      await server.kill();
      await copyFile(copy, file);
      return site.start({ folder });
    },
  },
  'everything is deleted (`FLUSHALL`)': {
    async happen(_, server) {
      await send(server, 'FLUSHALL');
      return server;
    },
  },
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

const servers = [
  { kind: 'Redis 7', program: '/usr/bin/redis-server', version: /redis_version:(\S+)/, isMissing: redisIsMissing },
  { kind: 'Redis 8', program: redis8Program, version: /redis_version:(\S+)/, isMissing: redis8IsMissing },
  { kind: 'Valkey', program: valkeyProgram, version: /valkey_version:(\S+)/, isMissing: valkeyIsMissing },
];

test('the page has a row for each case, and no other', () => {
  const at = rows.findIndex(([first]) => first === 'what happens');
  const named = rows.slice(at + 2, at + 2 + Object.keys(cases).length).map(([first]) => first);
  expect(named).toEqual(Object.keys(cases));
  expect(rows[at + 2 + named.length]?.length).not.toBe(header?.length);
});

describe.each(servers)('G5: the epochs of $kind', ({ kind, program, version, isMissing }) => {
  if (isMissing()) return;
  const column = servers.findIndex((server) => server.kind === kind) + 1;

  test('the version is that of the page', async () => {
    await using site = new Site(program);
    const found = version.exec(await send(await site.start(), 'INFO', 'server'))?.[1];
    expect(header?.[column]).toBe(`${kind.split(' ')[0]} ${found}`);
  });

  test.each(Object.entries(cases))('%s', { timeout: 90_000 }, async (what, { config = [], happen }) => {
    await using site = new Site(program);
    const folder = await site.folder();
    const server = await site.start({ folder, config });
    const before = await publish(server, numBefore);
    const then = await happen(site, server, folder);
    const since = { ...before };
    const page = await withBroker(then, (broker) => broker.history.read(news, { limit: 100, reverse: false, since }));
    const isKept = page.top.epoch === before.epoch;
    expect(isKept ? 'kept' : 'new').toBe(documented(what, column));
    expect(page.continuous).toBe(isKept);
    const after = await publish(then, 1);
    expect(after).toEqual({ epoch: page.top.epoch, offset: page.top.offset + 1 });
  });
});
