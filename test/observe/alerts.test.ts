/**
 * Three nodes, a real Prometheus, and every alert of deploy/prometheus/alerts.yml: each fires by its real fault, and clears
 * when that has ended. All at once, since each takes as long as Prometheus needs to notice.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { HookBackend } from '../support/servers/hook-backend.js';
import { Client, foreignPages, IdleConnections, repeatedly, type Stop, stutter, wrongTokens } from './faults.js';
import { ObservedNode } from './observed-node.js';
import { PrometheusServer, prometheusIsMissing } from './prometheus-server.js';
import { alerts, asSent, queries } from './rules.js';

const isMissing = [redisIsMissing(), prometheusIsMissing()].includes(true);

/** Faults of the broker and of whole nodes would hide others, so they come second. */
const later = [
  'FanfareNodeDown',
  'FanfareBrokerUnreachable',
  'FanfareBrokerKeepsNothing',
  'FanfareApiFails',
  'FanfareDrainsTooLong',
];
const sooner = alerts.map(({ alert }) => alert).filter((name) => !later.includes(name));
/** Panels of the dashboard that show what those do. */
const laterPanels = ['Failed API calls'];

/** Of a publication that a node shall not get, and a name of the same length that nobody has. */
const [deafChannel, otherChannel] = ['{deaf:1}', '{daef:1}'];

const open = { subscribe: 'anyone', publish: 'anyone' };
const kept = { ...open, history: { size: 5, ttl: '10m' } };
/** A page, a client or a broker has half a minute. */
const patienceMs = 40_000;

describe.skipIf(isMissing)('alerts', () => {
  /** Closed in reverse, when all is over. */
  const opened: (() => PromiseLike<void> | void)[] = [];
  const keep = <Opened extends AsyncDisposable>(one: Opened): Opened => {
    opened.push(() => one[Symbol.asyncDispose]());
    return one;
  };
  let redis: RedisServer;
  let backend: HookBackend;
  /** Over Redis; the first one behind a proxy. */
  let first: ObservedNode;
  let second: ObservedNode;
  /** With the broker in memory. */
  let alone: ObservedNode;
  let prometheus: PrometheusServer;
  let isDeaf = false;
  let isBackendWell = false;

  beforeAll(async () => {
    redis = keep(await RedisServer.start());
    const rewrite = (bytes: Buffer) =>
      isDeaf ? Buffer.from(bytes.toString('latin1').replaceAll(deafChannel, otherChannel), 'latin1') : bytes;
    const proxy = keep(await FaultProxy.start({ port: redis.port }, { rewriteToClient: () => rewrite }));
    backend = keep(await HookBackend.start());
    for (const path of ['/rpc', '/events']) backend.on(path, () => (isBackendWell ? { result: {} } : 'hang up'));
    const common = {
      anonymous: true,
      token: { secret: 'kQ7vX2mB9wR4tY6uZ1aS3dF5gH8jL0pN' },
      log: { level: 'error' },
      limits: { pingInterval: '2s', pongTimeout: '1s' },
    };
    const hooks = {
      url: backend.url,
      rpc: '/rpc',
      events: '/events',
      eventTypes: ['connected'],
      breakerFailures: 2,
      maxQueuedEvents: 1,
    };
    const last = { ...kept, recovery: 'cache' };
    const channels = { 'deaf:{id}': kept, 'kept:{id}': kept, 'last:{id}': last, 'open:{id}': open };
    [first, second, alone] = await Promise.all([
      ObservedNode.start({ ...common, broker: `redis://127.0.0.1:${proxy.port}`, hooks, channels }),
      ObservedNode.start({
        ...common,
        broker: redis.url,
        channels,
        limits: { ...common.limits, pingInterval: '5m', maxQueueBytes: '64KiB' },
        // A dozen seconds for a dozen clients.
        shutdown: { deadline: '60s', clientsPerSec: 1 },
      }),
      ObservedNode.start(
        {
          ...common,
          channels: {
            'kept:{id}': { ...kept, history: { size: 100, ttl: '10m' } },
            'open:{id}': open,
            'score:{id}': { map: { size: 10 }, slow: 'latest' },
          },
          memory: { maxHistoryBytes: '1MiB' },
          limits: {
            ...common.limits,
            maxQueueBytes: '16MiB',
            maxConnections: 30,
            // Who has stopped reading is not to be found out by that.
            pingInterval: '5m',
          },
        },
        256,
      ),
    ]);
    for (const node of [first, second, alone]) keep(node);
    prometheus = keep(await PrometheusServer.start([first.target, second.target, alone.target]));
  }, patienceMs);

  afterAll(async () => {
    for (const close of opened.reverse()) await close();
  }, patienceMs);

  /** Resolves when all have fired from now on, at the same time or one after the other. */
  const allFired = (names: readonly string[]) => {
    const fired = new Set<string>();
    return prometheus.untilNone(async () => {
      for (const name of await prometheus.firing()) fired.add(name);
      return names.filter((name) => !fired.has(name));
    }, patienceMs);
  };

  /** Resolves when each of the dashboard's panels has had data: each of its queries found more than what cannot be computed. */
  const allSeen = (panels: readonly string[]) => {
    let unseen = queries.filter(({ title }) => panels.includes(title));
    return prometheus.untilNone(async () => {
      const found = await Promise.all(unseen.map(({ expr }) => prometheus.query(asSent(expr, 60))));
      unseen = unseen.filter((_, n) => found[n]?.every(({ value: [, value] }) => value === 'NaN'));
      return unseen.map(({ title, expr }) => `${title}: ${expr}`);
    }, patienceMs);
  };

  const noneFires = () => prometheus.untilNone(async () => [...(await prometheus.firing())], patienceMs);

  const faults = new Map<string, () => Promise<Stop> | Stop>([
    ['FanfareBrokerSlow', () => stutter(redis, { stopMs: 900, runMs: 400 })],
    [
      'FanfareDeliveryLate',
      async () => {
        const reader = await Client.open(first.url);
        reader.send({ subscribe: { channel: 'kept:late' } });
        const stop = repeatedly(50, () => first.call('publish', { channel: 'kept:late', data: 1 }));
        return () => {
          stop();
          reader.close();
        };
      },
    ],
    [
      'FanfareNodeDeaf',
      async () => {
        const reader = await Client.open(first.url);
        reader.send({ subscribe: { channel: 'deaf:1', recoverable: true } });
        // Two publications that arrive tell that it is subscribed; the third one does not.
        await second.call('publish', { channel: 'deaf:1', data: 1 });
        isDeaf = true;
        await second.call('publish', { channel: 'deaf:1', data: 2 });
        return () => {
          isDeaf = false;
          reader.close();
        };
      },
    ],
    ['FanfareEventLoopLate', () => stutter(second, { stopMs: 250, runMs: 150 })],
    [
      'FanfareQueuesFull',
      async () => {
        const readers = await Promise.all(Array.from({ length: 20 }, () => Client.open(alone.url)));
        await Promise.all(readers.map((reader) => reader.stopReading('open:stuck')));
        const data = 'x'.repeat(60_000);
        const stop = repeatedly(20, async () => {
          if ((await alone.metric('fanfare_queue_largest_bytes')) < 8_000_000) {
            const calls = Array.from({ length: 15 }, () => ({ publish: { channel: 'open:stuck', data } }));
            await alone.call('batch', { commands: calls });
          }
        });
        return () => {
          stop();
          for (const reader of readers) reader.close();
        };
      },
    ],
    [
      'FanfareSlowReaders',
      async () => {
        const readers = new Set<Client>();
        const data = 'x'.repeat(60_000);
        const stop = repeatedly(300, async () => {
          const reader = await Client.open(second.url);
          readers.add(reader);
          await reader.stopReading('open:slow');
          const calls = Array.from({ length: 15 }, () => ({ publish: { channel: 'open:slow', data } }));
          for (let sent = 0; sent < 10; sent++) await second.call('batch', { commands: calls });
        });
        return () => {
          stop();
          for (const reader of readers) reader.close();
        };
      },
    ],
    [
      'FanfareInternalErrors',
      async () => {
        const caller = await Client.open(first.url);
        const stop = repeatedly(100, () => caller.send({ rpc: { method: 'm', data: 1 } }));
        return () => {
          stop();
          // Whoever calls next finds the backend well, and closes the circuit.
          isBackendWell = true;
          const later = repeatedly(200, () => caller.send({ rpc: { method: 'm', data: 1 } }));
          opened.push(() => {
            later();
            caller.close();
          });
        };
      },
    ],
    // The same fault as of internal errors.
    ['FanfareHookBroken', () => () => undefined],
    ['FanfareEventsDropped', () => repeatedly(200, async () => (await Client.open(first.url)).close())],
    [
      'FanfareCommandsRefused',
      async () => {
        const client = await Client.open(first.url);
        const stop = repeatedly(50, () => client.send({ subscribe: { channel: 'there:is:none' } }));
        return () => {
          stop();
          client.close();
        };
      },
    ],
    [
      'FanfareRecoveriesFail',
      async () => {
        const client = await Client.open(first.url);
        const channel = 'kept:lost';
        // More than once, since the broker stops in between and may refuse.
        const stopPublishing = repeatedly(300, () => first.call('publish', { channel: 'last:1', data: 1 }));
        const stop = repeatedly(100, () => {
          client.send({ subscribe: { channel, recover: true, offset: 1, epoch: 'of another stream' } });
          client.send({ unsubscribe: { channel } });
          // One that gets the last value has recovered.
          client.send({ subscribe: { channel: 'last:1' } });
          client.send({ unsubscribe: { channel: 'last:1' } });
        });
        return () => {
          stopPublishing();
          stop();
          client.close();
        };
      },
    ],
    ['FanfareTokensRefused', () => wrongTokens(first.url)],
    ['FanfareOriginsRefused', () => foreignPages(first.url)],
    [
      'FanfareConnectsRefused',
      async () => {
        // As many as are let in, and more.
        const clients = new Set<Client>();
        const stop = repeatedly(100, async () => clients.add(await Client.open(alone.url)));
        return () => {
          stop();
          for (const client of clients) client.close();
        };
      },
    ],
    // As many connections as are let in.
    ['FanfareConnectionsNearLimit', () => () => undefined],
    [
      'FanfareDescriptorsRunOut',
      async () => {
        const idle = new IdleConnections(alone.port);
        while ((await alone.metric('process_open_fds')) < 0.88 * (await alone.metric('process_max_fds')))
          await idle.add(10);
        return () => idle.close();
      },
    ],
    [
      'FanfareMemoryBrokerFull',
      () => {
        let id = 0;
        return repeatedly(50, () => alone.call('publish', { channel: `kept:${id++}`, data: 'x'.repeat(60_000) }));
      },
    ],
    [
      'FanfareReloadFailed',
      () => {
        alone.reload({ limits: { pongTimeout: 'soon' } });
        return () => alone.reload();
      },
    ],
  ]);

  test('every alert has a fault here', () => {
    expect(new Set([...faults.keys(), ...later])).toEqual(new Set(alerts.map(({ alert }) => alert)));
  });

  test('nothing fires while all is well, and each fires by its fault and clears after it', {
    timeout: 120_000,
  }, async () => {
    await prometheus.untilNone(async () => {
      const up = await prometheus.query('up == 1');
      return up.length === 3 ? [] : ['nodes that have not been scraped'];
    }, patienceMs);
    await noneFires();

    // No fault, but something to show.
    await alone.call('map_publish', { channel: 'score:1', key: 'home', data: 1 });
    const stops: Stop[] = [];
    const begun = Array.from(faults.values(), async (begin) => {
      stops.push(await begin());
    });
    try {
      const panels = queries.map(({ title }) => title).filter((title) => !laterPanels.includes(title));
      await Promise.all([allFired(sooner), allSeen(panels), ...begun]);
    } finally {
      for (const stop of stops) stop();
    }
    await noneFires();

    const leaving = await Promise.all(Array.from({ length: 12 }, () => Client.open(second.url)));
    await redis.kill();
    await alone.kill();
    second.signal('SIGTERM');
    const stopCalls = repeatedly(100, () => first.call('publish', { channel: 'kept:1', data: 1 }));
    await Promise.all([allFired(later), allSeen(laterPanels)]);
    stopCalls();
    for (const client of leaving) client.close();
    await redis.startAgain();
    await Promise.all([second.startAgain(), alone.startAgain()]);
    await noneFires();
  });
});
