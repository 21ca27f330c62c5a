/** A Redis Cluster that has lost one of its parts, with nobody to take over, and has it again. */

import { describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RedisCluster } from '../../support/brokers/redis-cluster.js';
import { redis7, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import { failure, json, ports, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const data = json(1);
const kinds = { history: true, presence: true };
const again = { timeout: 20_000, interval: 100 };

describe.each([redis7, valkey])('a cluster of $kind', (kind) => {
  if (redisIsMissing(kind)) return test.skip('its program is missing');
  const theCluster = shared(() => RedisCluster.start(kind));

  test.each(['yes', 'no'])(
    'G7 G10: loses a part, cluster-require-full-coverage %s',
    { timeout: 120_000 },
    async (whole) => {
      const cluster = theCluster();
      for (const server of cluster.primaries) {
        await using client = await server.client();
        await client.send(['CONFIG', 'SET', 'cluster-require-full-coverage', whole]);
      }
      const [first, second, third] = cluster.primaries;
      if (first === undefined || second === undefined || third === undefined) throw new Error('there are three');
      const { broker, events } = await started(
        new RedisBroker({ url: cluster.url, prefix: `down-${whole}`, timeoutMs: 1_500 }, ports),
      );
      const [stays, goes] = [channelName(cluster.nameOn(first, 's')), channelName(cluster.nameOn(third, 'g'))];
      const publish = (channel: typeof stays) => broker.publish(channel, { data }, { stream });
      for (const channel of [stays, goes]) await broker.subscribe(channel);
      const before = [await publish(stays), await publish(goes)];
      let taken = 1;
      third.pause();
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
      await expect(publish(goes)).rejects.toMatchObject({ ...failure, retryable: true });
      await expect(broker.probeKeeping(kinds)).rejects.toMatchObject(failure);
      third.resume();
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
      expect(events.offsets(stays)).toEqual(Array.from({ length: taken + 1 }, (_, n) => n + 1));
    },
  );
});
