/** States in which a real server answers and does not do its work: each is recognised and named, with what ends it. */

import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { redisStates } from '../../../src/brokers/redis/states.js';
import { stateOf } from '../../../src/brokers/server-states.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RedisServer, redis8IsMissing, redis8Program, redisIsMissing } from '../../support/brokers/redis-server.js';
import { valkeyIsMissing, valkeyProgram } from '../../support/brokers/valkey.js';
import { channelName } from '../../support/engine/channel-name.js';
import { RecordedLog } from '../../support/engine/recorded-log.js';

const stream = { size: 100, ttlMs: 60_000 };
const data = trustedJsonText('1');
const news = channelName('news');
const all = { history: true, presence: true };

type Send = (...command: string[]) => Promise<unknown>;

interface State {
  readonly name: string;
  readonly begin: (send: Send, server: RedisServer) => Promise<unknown>;
  readonly end: (send: Send, server: RedisServer) => Promise<unknown>;
}

const dropAll: State['begin'] = (send) => send('CLIENT', 'KILL', 'USER', 'node');
/** Its own connections stay, and those of others that are let in while it is full. */
const oneMore = async (send: Send) => {
  await send('CONFIG', 'SET', 'maxclients', '1');
  await dropAll(send, undefined as never);
};

const states: Readonly<Record<string, State>> = {
  'no room for data': {
    name: 'OOM',
    begin: (send) => send('CONFIG', 'SET', 'maxmemory', '100kb'),
    end: (send) => send('CONFIG', 'SET', 'maxmemory', '0'),
  },
  'a replica': {
    name: 'READONLY',
    begin: (send) => send('REPLICAOF', '127.0.0.1', '1'),
    end: (send) => send('REPLICAOF', 'NO', 'ONE'),
  },
  'a replica that takes writes, which its primary never hears of': {
    name: 'READONLY',
    begin: async (send) => {
      await send('CONFIG', 'SET', 'replica-read-only', 'no');
      await send('REPLICAOF', '127.0.0.1', '1');
    },
    end: (send) => send('REPLICAOF', 'NO', 'ONE'),
  },
  'a replica that has lost its primary and says nothing': {
    name: 'MASTERDOWN',
    begin: async (send) => {
      await send('CONFIG', 'SET', 'replica-serve-stale-data', 'no');
      await send('REPLICAOF', '127.0.0.1', '1');
    },
    end: (send) => send('REPLICAOF', 'NO', 'ONE'),
  },
  'a disk that takes no snapshot': {
    name: 'MISCONF',
    async begin(send, { folder }) {
      await mkdir(join(folder, 'dump.rdb'));
      await send('CONFIG', 'SET', 'save', '3600 1');
      await send('BGSAVE');
    },
    async end(send, { folder }) {
      await rmdir(join(folder, 'dump.rdb'));
      await send('BGSAVE');
    },
  },
  'too few replicas': {
    name: 'NOREPLICAS',
    begin: (send) => send('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: (send) => send('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  },
  'a script of somebody else that does not end': {
    name: 'BUSY',
    async begin(send, server) {
      await send('CONFIG', 'SET', 'busy-reply-threshold', '50');
      const client = await server.client();
      client.send(['EVAL', 'while true do end', '0']).catch(() => undefined);
      await vi.waitFor(() => expect(send('SET', 'x', '1')).rejects.toThrow('BUSY'), { timeout: 5_000, interval: 50 });
    },
    end: (send) => send('SCRIPT', 'KILL'),
  },
  'a command that its user may not run': {
    name: 'NOPERM',
    begin: (send) => send('ACL', 'SETUSER', 'node', '-xadd'),
    end: (send) => send('ACL', 'SETUSER', 'node', '+xadd'),
  },
  'another password': {
    name: 'NOAUTH',
    async begin(send, server) {
      await send('ACL', 'SETUSER', 'node', 'resetpass', '>another');
      await dropAll(send, server);
    },
    end: (send) => send('ACL', 'SETUSER', 'node', '>secret'),
  },
  'no more connections': {
    name: 'maxclients',
    begin: oneMore,
    end: (send) => send('CONFIG', 'SET', 'maxclients', '100'),
  },
};

const programs = [
  { kind: 'redis 7', program: '/usr/bin/redis-server', isMissing: redisIsMissing },
  { kind: 'redis 8', program: redis8Program, isMissing: redis8IsMissing },
  { kind: 'valkey', program: valkeyProgram, isMissing: valkeyIsMissing },
];

describe.each(programs)('$kind', ({ program, isMissing }) => {
  if (isMissing()) return;

  async function started(rights: readonly string[] = ['~*', '&*', '+@all'], config: readonly string[] = []) {
    const user = ['user node on >secret', ...rights].join(' ');
    const server = await RedisServer.start({ program, config: [user, 'maxmemory-policy noeviction', ...config] });
    const client = await server.client();
    const log = new RecordedLog();
    const url = server.url.replace('//', '//node:secret@');
    const broker = new RedisBroker({ url, timeoutMs: 1_000 }, { clock: systemClock, random: systemRandom, log });
    const send: Send = (...command) => client.send(command);
    return {
      ...{ server, broker, send, log },
      async [Symbol.asyncDispose]() {
        await broker.close();
        await client[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  }

  test.each(Object.entries(states))('G7 G10: %s is seen by probes and publications alike, and named', async (_, at) => {
    await using site = await started();
    const { server, broker, send, log } = site;
    await broker.start(new RecordedEvents());
    await broker.subscribe(news);
    const before = await broker.publish(news, { data }, { stream });
    let taken = 1;
    await at.begin(send, server);
    const refused = { code: 'ERR_BROKER', retryable: true, state: at.name, remedy: expect.any(String) };
    await vi.waitFor(
      async () => {
        const publishing = broker.publish(news, { data }, { stream }).then(() => taken++);
        await expect(publishing).rejects.toMatchObject(refused);
        await expect(broker.probeKeeping(all)).rejects.toMatchObject(refused);
      },
      { timeout: 10_000, interval: 50 },
    );
    await at.end(send, server);
    const after = await vi.waitFor(
      async () => {
        await broker.probe();
        await broker.probeKeeping(all);
        return broker.publish(news, { data }, { stream });
      },
      { timeout: 15_000, interval: 50 },
    );
    // Whatever was refused has used up no offset.
    expect(after.position).toEqual({ ...before.position, offset: taken + 1 });
    if (at.name === 'NOAUTH' || at.name === 'maxclients')
      expect(log.errors.map(({ state }) => state)).toContain(at.name);
  });

  test.each([
    ['fanfare:place:*', all],
    ['fanfare:stream:*', all],
    ['fanfare:once:*', all],
    ['fanfare:clients:*', all],
    ['fanfare:users:*', all],
    ['fanfare:bus:*', all],
  ] as const)('G10: rights that leave out the keys %s are seen by the probe', async (left, kinds) => {
    const families = ['place', 'stream', 'once', 'clients', 'members', 'users', 'bus', 'control'];
    const rights = families.map((family) => `fanfare:${family}:*`).filter((pattern) => pattern !== left);
    await using site = await started([...rights.map((pattern) => `~${pattern}`), '&fanfare:*', '+@all']);
    const { broker } = site;
    await broker.start(new RecordedEvents());
    const denied = { code: 'ERR_BROKER', state: 'NOPERM' };
    await expect(broker.probeKeeping(kinds)).rejects.toMatchObject(denied);
  });

  test('G10: rights for the families of keys that channels have are enough for the probe', async () => {
    const families = ['place', 'stream', 'once', 'bus'];
    await using site = await started([...families.map((family) => `~fanfare:${family}:*`), '&fanfare:bus:*', '+@all']);
    const { broker } = site;
    await broker.start(new RecordedEvents());
    await broker.probe();
    await broker.probeKeeping({ history: true, presence: false });
    await broker.subscribe(news);
    await broker.publish(news, { data }, { stream, idempotencyKey: 'k' });
  });

  test('a user that may listen to no channel is told so at the start, with what it needs', async () => {
    await using site = await started(['~*', 'resetchannels', '+@all']);
    const starting = site.broker.start(new RecordedEvents());
    await expect(starting).rejects.toMatchObject({ code: 'ERR_BROKER', state: 'NOPERM' });
  });

  test('G5: a server that does not say what it is is told of once: a fail-over that loses something is not noticed', async () => {
    await using site = await started(['~*', '&*', '+@all', '-info']);
    const { broker, send, server, log } = site;
    await broker.start(new RecordedEvents());
    await broker.probe();
    await broker.publish(news, { data }, { stream });
    await dropAll(send, server);
    await vi.waitFor(() => broker.publish(news, { data }, { stream }), { timeout: 5_000, interval: 50 });
    expect(log.errors.filter(({ state }) => state === 'NOPERM')).toHaveLength(1);
  });

  test('F2 G10: it reads its data: named, and over by itself', async () => {
    await using site = await started();
    const { server, broker, send, log } = site;
    await broker.start(new RecordedEvents());
    for (let n = 0; n < 400; n++) await send('SET', `filler:${n}`, 'x'.repeat(1_000));
    await send('SAVE');
    await server.kill();
    const config = [
      'user node on >secret ~* &* +@all',
      'key-load-delay 4000',
      'loading-process-events-interval-bytes 1024',
    ];
    await using _again = await RedisServer.start({ program, port: server.port, folder: server.folder, config });
    await vi.waitFor(() => broker.publish(news, { data }, { stream }), { timeout: 10_000, interval: 50 });
    expect(log.errors.map(({ state }) => state)).toContain('LOADING');
  });
});

test.each([
  ['DENIED', 'DENIED Redis is running in protected mode because protected mode is enabled'],
  ['CLUSTERDOWN', 'CLUSTERDOWN Hash slot not served'],
  ['CLUSTERDOWN', 'CLUSTERDOWN The cluster is down'],
  ['OOM', "OOM allow-oom flag is not set on the script,  can not run it when used memory > 'maxmemory'"],
  ['NOAUTH', 'AUTH <password> called without any password configured for the default user.'],
  [undefined, 'ERR something about OOM and BUSY'],
  [undefined, 'BUSYGROUP Consumer Group name already exists'],
])('%s: what servers say of it', (name, text) => {
  expect(stateOf(new Error('outer', { cause: new Error(text) }), redisStates)?.name).toBe(name);
});
