/** The NATS broker on a cluster of three servers that keep everything three times. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import { brokerSuite } from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { NatsCluster } from '../../support/brokers/nats-cluster.js';
import { natsIsMissing } from '../../support/brokers/nats-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { natsUnderTest, ports, skippedOverNats } from './nats-under-test.js';

const channel = channelName('news');
const stream = { size: 1_000, ttlMs: 600_000 };

describe.skipIf(natsIsMissing())('nats, a cluster of three', () => {
  let cluster: NatsCluster;
  let count = 0;

  beforeAll(async () => {
    cluster = await NatsCluster.start();
  }, 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());

  /** A broker for each server, connected to that one alone. */
  async function brokers(prefix: string) {
    return Promise.all(
      cluster.servers.map(async ({ url }) => {
        const broker = new NatsBroker({ url, prefix, replicas: 3 }, ports);
        const events = new RecordedEvents();
        await broker.start(events);
        return { broker, events };
      }),
    );
  }

  brokerSuite({
    name: 'nats, a cluster of three',
    framework: { describe, test },
    make: async () => natsUnderTest(cluster.servers[0], { url: cluster.url, prefix: `suite-${++count}`, replicas: 3 }),
    skip: skippedOverNats,
  });

  test('G1 G6: nodes at different servers share the offsets of a channel, and one key is one publication', async () => {
    const nodes = await brokers('shared');
    for (const { broker } of nodes) await broker.subscribe(channel);
    const all = await Promise.all(
      Array.from({ length: 90 }, (_, n) => nodes[n % 3]?.broker.publish(channel, { data: data(n) }, { stream })),
    );
    const keyed = await Promise.all(
      nodes.map(({ broker }, n) => broker.publish(channel, { data: data(n) }, { stream, idempotencyKey: 'k' })),
    );
    expect(all.map((published) => published?.position.offset).sort((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 90 }, (_, n) => n + 1),
    );
    expect(keyed.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    for (const { position } of keyed) expect(position).toEqual({ ...all[0]?.position, offset: 91 });
    for (const { broker, events } of nodes) {
      await broker.probe();
      expect(events.publications(channel).map(({ publication }) => publication.offset)).toEqual(
        Array.from({ length: 91 }, (_, n) => n + 1),
      );
    }
    await Promise.all(nodes.map(({ broker }) => broker.close()));
  });

  test('G2 G5: servers that are replaced one after the other lose nothing, and the epoch goes on', {
    timeout: 120_000,
  }, async () => {
    const broker = new NatsBroker({ url: cluster.url, prefix: 'rolling', replicas: 3 }, ports);
    await broker.start(new RecordedEvents());
    const acknowledged: unknown[] = [];
    let epoch: string | undefined;
    const publish = async (n: number) => {
      const { position } = await broker.publish(channel, { data: data(n) }, { stream });
      acknowledged[position.offset] = n;
      epoch ??= position.epoch;
      expect(position.epoch).toBe(epoch);
    };
    let n = 0;
    for (const server of cluster.servers) {
      for (let i = 0; i < 20; i++) await publish(n++);
      await server.kill();
      await vi.waitFor(() => publish(n++), { timeout: 30_000, interval: 100 });
      await server.startAgain();
      await cluster.isReady();
    }
    const page = await vi.waitFor(() => broker.history.read(channel, { limit: 1_000, reverse: false }), 30_000);
    expect(page.top.epoch).toBe(epoch);
    for (const { offset, data: kept } of page.publications) {
      // What was not acknowledged may be there as well.
      if (acknowledged[offset] !== undefined) expect(kept).toBe(data(acknowledged[offset]));
    }
    expect(page.publications[0]?.offset).toBe(1);
    expect(page.top.offset).toBeGreaterThanOrEqual(acknowledged.length - 1);
    await broker.close();
  });

  test('G5: when all servers were down at the same time, the epoch is another', { timeout: 120_000 }, async () => {
    const broker = new NatsBroker({ url: cluster.url, prefix: 'all', replicas: 3 }, ports);
    await broker.start(new RecordedEvents());
    const before = await broker.publish(channel, { data: data(1) }, { stream });
    await Promise.all(cluster.servers.map((server) => server.kill()));
    await Promise.all(cluster.servers.map((server) => server.startAgain()));
    await cluster.isReady();
    const after = await vi.waitFor(() => broker.publish(channel, { data: data(2) }, { stream }), 30_000);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    await broker.close();
  });
});

function data(value: unknown) {
  return trustedJsonText(JSON.stringify(value));
}
