/** A Redis Cluster that has lost one of its parts, with nobody to take over, and has it again. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RedisCluster } from '../../support/brokers/redis-cluster.js';
import { redisIsMissing } from '../../support/brokers/redis-server.js';
import { valkeyIsMissing, valkeyProgram } from '../../support/brokers/valkey.js';
import { channelName } from '../../support/engine/channel-name.js';
import { RecordedLog } from '../../support/engine/recorded-log.js';

const stream = { size: 100, ttlMs: 60_000 };
const data = trustedJsonText('1');
const kinds = { history: true, presence: true };
const again = { timeout: 20_000, interval: 100 };

describe.each([
  { kind: 'redis', program: '/usr/bin/redis-server', isMissing: redisIsMissing },
  { kind: 'valkey', program: valkeyProgram, isMissing: valkeyIsMissing },
])('$kind cluster', ({ kind, program, isMissing }) => {
  if (isMissing()) return;
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ program });
  }, 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());

  test.each(['yes', 'no'])(
    'G7 G10: loses a part, cluster-require-full-coverage %s',
    { timeout: 60_000 },
    async (whole) => {
      for (const server of cluster.primaries) {
        await using client = await server.client();
        await client.send(['CONFIG', 'SET', 'cluster-require-full-coverage', whole]);
      }
      const [first, second, third] = cluster.primaries;
      if (first === undefined || second === undefined || third === undefined) throw new Error('there are three');
      const broker = new RedisBroker(
        { url: cluster.url, prefix: `down-${kind}-${whole}`, timeoutMs: 1_500 },
        { clock: systemClock, random: systemRandom, log: new RecordedLog() },
      );
      const events = new RecordedEvents();
      await broker.start(events);
      const [stays, goes] = [channelName(cluster.nameOn(first, 's')), channelName(cluster.nameOn(third, 'g'))];
      const publish = (channel: typeof stays) => broker.publish(channel, { data }, { stream });
      for (const channel of [stays, goes]) await broker.subscribe(channel);
      const before = [await publish(stays), await publish(goes)];
      let taken = 1;
      third.child.kill('SIGSTOP');
      await using client = await first.client();
      await vi.waitFor(
        async () => expect(String(await client.send(['CLUSTER', 'NODES']))).toMatch(/ master,fail /),
        again,
      );
      if (whole === 'yes') {
        await vi.waitFor(async () => {
          const publishing = publish(stays).then(() => taken++);
          await expect(publishing).rejects.toMatchObject({ code: 'ERR_BROKER', retryable: true, state: 'CLUSTERDOWN' });
        }, again);
      } else {
        await publish(stays);
        taken++;
      }
      await expect(publish(goes)).rejects.toMatchObject({ code: 'ERR_BROKER', retryable: true });
      await expect(broker.probeKeeping(kinds)).rejects.toMatchObject({ code: 'ERR_BROKER' });
      third.child.kill('SIGCONT');
      await vi.waitFor(async () => {
        await broker.probe();
        await broker.probeKeeping(kinds);
        await publish(goes);
      }, again);
      const after = [await publish(stays), await publish(goes)];
      // It is the same process with the same data: nothing was taken back.
      expect(after[0]?.position).toEqual({ ...before[0]?.position, offset: taken + 1 });
      expect(after[1]?.position.epoch).toBe(before[1]?.position.epoch);
      await broker.probe();
      const seen = events.publications(stays).map(({ publication }) => publication.offset);
      expect(seen).toEqual(Array.from({ length: taken + 1 }, (_, n) => n + 1));
      await broker.close();
    },
  );
});
