/** The Redis broker over a Redis Cluster: the suites, slots that are moved, a primary that dies. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { slotOf } from '../../../src/brokers/redis/slots.js';
import { brokerSuite, controlChannelSuite } from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RedisCluster } from '../../support/brokers/redis-cluster.js';
import { redisIsMissing } from '../../support/brokers/redis-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { threeControls } from '../../support/engine/three-controls.js';

const ports = { clock: systemClock, random: systemRandom, log: silentLogger };
const stream = { size: 100, ttlMs: 60_000 };
const data = trustedJsonText('"hello"');
const startLimitMs = 60_000;

describe.skipIf(redisIsMissing())('redis cluster', () => {
  let cluster: RedisCluster;
  let count = 0;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  }, startLimitMs);
  afterAll(() => cluster[Symbol.asyncDispose]());

  function made(prefix = `test-${++count}`) {
    return new RedisBroker({ url: cluster.url, prefix }, ports);
  }

  async function started(prefix?: string) {
    const broker = made(prefix);
    const events = new RecordedEvents();
    await broker.start(events);
    return { broker, events };
  }

  brokerSuite({
    name: 'redis cluster',
    framework: { describe, test },
    make: async () => {
      const broker = made();
      return { broker, advance: (ms) => cluster.advance(ms), settle: () => broker.probe() };
    },
  });

  controlChannelSuite({
    name: 'redis cluster',
    framework: { describe, test },
    make: () => {
      const prefix = `test-${++count}`;
      return threeControls(() => made(prefix));
    },
  });

  test('its servers put names into the slots in which they are looked for', async () => {
    await using client = await cluster.primaryOf('a').client();
    for (const name of ['a', '{a}b', 'x{}y{z}', '{ä:🎺}', 'fanfare:bus:{chat:lobby}', '}{', '{{a}}']) {
      expect(await client.send(['CLUSTER', 'KEYSLOT', name])).toBe(slotOf(name));
    }
  });

  test('each server has its share of the channels', async () => {
    const { broker } = await started();
    for (let n = 0; n < 150; n++) await broker.publish(channelName(`c:${n}`), { data }, { stream });
    const shares = await Promise.all(
      cluster.primaries.map(async (server) => {
        await using client = await server.client();
        // safe: what the command answers with
        return ((await client.send(['KEYS', `test-${count}:place:*`])) as string[]).length;
      }),
    );
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(150);
    for (const share of shares) expect(share).toBeGreaterThan(25);
    await broker.close();
  });

  test('G2 G5: a slot is moved while publications flow: its channels are named as interrupted, others notice nothing', {
    timeout: 60_000,
  }, async () => {
    const [one, two] = [await started('moving'), await started('moving')];
    const [from, to, third] = cluster.primaries;
    if (from === undefined || to === undefined || third === undefined) throw new Error('there are three');
    const [moved, stays] = [channelName(cluster.nameOn(from, 'm')), channelName(cluster.nameOn(third, 's'))];
    for (const channel of [moved, stays]) await two.broker.subscribe(channel);
    const acknowledged: Record<string, string[]> = { [moved]: [], [stays]: [] };
    const publish = async (channel: typeof moved, value: string) => {
      await one.broker.publish(channel, { data: trustedJsonText(`"${value}"`) }, { stream });
      acknowledged[channel]?.push(value);
    };
    const stop = new AbortController();
    const flowing = [moved, stays].map(async (channel) => {
      for (let n = 0; !stop.signal.aborted; n++) await publish(channel, `${n}`);
    });
    const isFlowing = (channel: typeof moved, length: number) =>
      vi.waitFor(() => expect(acknowledged[channel]?.length).toBeGreaterThan(length), { timeout: 10_000 });
    await isFlowing(moved, 20);
    await cluster.moveSlot(moved, from, to, () => isFlowing(stays, (acknowledged[stays]?.length ?? 0) + 20));
    const before = acknowledged[moved]?.length ?? 0;
    await isFlowing(moved, before + 20);
    await vi.waitFor(() => expect(two.events.interruptions).toEqual([[moved]]), { timeout: 15_000 });
    // Once named, nothing is missing any more.
    const since = acknowledged[moved]?.length ?? 0;
    await isFlowing(moved, since + 20);
    stop.abort();
    await Promise.all(flowing);
    await two.broker.probe();
    expect(two.events.values(stays)).toEqual(acknowledged[stays]);
    const values = two.events.values(moved);
    expect(acknowledged[moved]?.slice(since).every((value) => values.includes(value))).toBe(true);
    expect(new Set(values).size).toBe(values.length);
    const epochs = new Set(two.events.publications(moved).map(({ epoch }) => epoch));
    expect(epochs.size).toBeLessThanOrEqual(2);
    await Promise.all([one.broker.close(), two.broker.close()]);
  });
});
