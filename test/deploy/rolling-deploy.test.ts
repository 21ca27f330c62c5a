/**
 * Three nodes behind nginx and HAProxy, over each broker, while messages flow: none is lost or doubled when the nodes are
 * replaced one by one (F12), or the proxy is reloaded (F11). Short here; `npm run test:deploy:long` has 5,000 clients and 500
 * publications a second, and draws them.
 */

import { beforeAll, describe, expect, test, vi } from 'vitest';
import { brokerServers } from '../support/brokers/servers.js';
import { haproxy, nginx } from './deployed-proxy.js';
import { type LoadOutcome, runUnderLoad } from './rolling/load.js';
import { mostPerSec, type RollingOutcome, runRollingDeploy } from './rolling/rolling-deploy.js';

const deadlineMs = 10_000;
const size = {
  clients: 120,
  /** Of each transport over HTTP. */
  httpClients: 4,
  processes: 1,
  channelsPerClient: 2,
  numChannels: 24,
  publicationsPerSec: 100,
  clientsPerSec: 60,
  deadline: '10s',
  calmMs: 300,
};

/** G1 to G4. */
function expectAllRead({ readers, published, unrecovered }: LoadOutcome): void {
  expect(readers).toHaveLength(size.clients * size.channelsPerClient);
  expect(Math.min(...published)).toBeGreaterThan(5);
  expect(readers.filter(({ lost, doubled }) => lost + doubled > 0)).toEqual([]);
  expect(readers.filter(({ channel, last }) => last !== published[channel])).toEqual([]);
  expect(unrecovered).toBe(0);
}

const behindNginx = { deployment: nginx, nodes: 'fanfare.conf', delay: '0s' } as const;
const behindHaproxy = { deployment: haproxy, nodes: 'fanfare.cfg', delay: '2s' } as const;

describe.each([
  ['Redis', brokerServers.redis, 'nginx', behindNginx],
  ['Redis', brokerServers.redis, 'HAProxy', behindHaproxy],
  ['NATS', brokerServers.nats, 'nginx', behindNginx],
  ['RabbitMQ', brokerServers.rabbitmq, 'nginx', behindNginx],
] as const)('F12: a rolling deploy over %s', (_, broker, name, front) => {
  describe.skipIf(front.deployment.isMissing() || broker.isMissing())(`behind ${name}`, () => {
    let outcome: RollingOutcome;
    beforeAll(async () => {
      outcome = await runRollingDeploy({ ...size, ...front, broker });
    }, 120_000);

    test('every client gets every message once and in order', () => expectAllRead(outcome));

    test('no second has more than twice the configured rate of reconnects', () => {
      const times = outcome.replacements.flatMap(({ returnsMs }) => returnsMs).sort((a, b) => a - b);
      // Some meet a node that has not been replaced yet.
      expect(times.length).toBeGreaterThanOrEqual(size.clients);
      expect(mostPerSec(times)).toBeLessThanOrEqual(2 * size.clientsPerSec);
    });

    test('each client is told to go, once for each node that it was on, and is back on another', () => {
      for (const { ends, returnsMs, connected } of outcome.replacements) {
        // Or that a node could not pass on its command in time, which a machine that stands still for seconds makes happen.
        const isTold = ([, code, how]: (typeof ends)[number]) =>
          code === 3001 || (code === 1 && /with 50[34]$/.test(how));
        expect(ends.filter((end) => !isTold(end))).toEqual([]);
        expect(returnsMs).toHaveLength(ends.length);
        expect(connected).toEqual([size.clients, size.clients]);
      }
    });

    test('readiness fails first, and the process ends by itself in time', () => {
      for (const { leave, ends } of outcome.replacements) {
        expect(leave.code).toBe(0);
        expect(leave.tookMs).toBeLessThan(deadlineMs);
        const failing = leave.readiness.findIndex(([, status]) => status === 503);
        expect(leave.readiness.slice(failing).every(([, status]) => status === 503)).toBe(true);
        const [failedMs = Number.NaN] = leave.readiness[failing] ?? [];
        const [firstEndMs = Number.NaN] = ends[0] ?? [];
        // Without a delay the first one may go before anybody can ask.
        expect(firstEndMs - failedMs).toBeGreaterThan(front.delay === '0s' ? -500 : 1_000);
      }
    });
  });
});

describe.each([
  ['nginx', behindNginx, ['worker_shutdown_timeout 5m', 'worker_shutdown_timeout 1s']],
  ['HAProxy', behindHaproxy, ['hard-stop-after 5m', 'hard-stop-after 1s']],
] as const)('F11: a reload of %s', (_, front, hurry) => {
  test.skipIf(front.deployment.isMissing() || brokerServers.redis.isMissing())(
    'loses nothing, and old workers are gone, with their clients if need be',
    { timeout: 120_000 },
    async () => {
      const outcome = await runUnderLoad(
        { ...size, ...front, limits: [hurry] },
        async ({ proxy, swarm, step, allBack }) => {
          const old = await proxy.workers();
          await step('the proxy is reloaded', async () => {
            proxy.reload();
            // Each has clients, which stay until its time is over.
            await vi.waitFor(async () => {
              const now = await proxy.workers();
              expect(now.length).toBeGreaterThan(0);
              expect(old.filter((pid) => now.includes(pid))).toEqual([]);
            }, 20_000);
          });
          await allBack();
          const { ends, returnsMs } = await swarm.moves();
          return { old, ends, returnsMs };
        },
      );
      expectAllRead(outcome);
      const { old, ends, returnsMs } = outcome.done;
      expect(old.length).toBeGreaterThan(0);
      // Everybody had to come again; sessions of long polling have no connection that could break.
      expect(ends.length).toBeGreaterThanOrEqual(size.clients - size.httpClients);
      expect(returnsMs).toHaveLength(ends.length);
    },
  );
});
