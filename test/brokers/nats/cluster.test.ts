/** The NATS broker on a cluster of three servers that keep everything three times. */

import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test, vi } from 'vitest';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import { natsStates } from '../../../src/brokers/nats/states.js';
import { stateOf } from '../../../src/brokers/server-states.js';
import { NatsCluster } from '../../support/brokers/nats-cluster.js';
import { natsIsMissing } from '../../support/brokers/nats-server.js';
import { raceForKey } from '../../support/brokers/race-for-key.js';
import { json, ports, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { faultsOf } from '../../support/map-linear.js';
import { runSuitesOver } from './nats-under-test.js';

const channel = channelName('news');
const stream = { size: 1_000, ttlMs: 600_000 };

describe.skipIf(natsIsMissing())('nats, a cluster of three', { timeout: 120_000 }, () => {
  const cluster = shared(NatsCluster.start);

  /** A broker for each server, connected to that one alone. */
  const brokers = (prefix: string) =>
    Promise.all(cluster().servers.map(({ url }) => started(new NatsBroker({ url, prefix, replicas: 3 }, ports))));

  runSuitesOver(
    'nats, a cluster of three',
    () => cluster().servers[0],
    () => ({ url: cluster().url, replicas: 3 }),
  );

  test('G1 G6: nodes at different servers share the offsets of a channel, and one key is one publication', async () => {
    const nodes = await brokers('shared');
    for (const { broker } of nodes) await broker.subscribe(channel);
    const all = await Promise.all(
      Array.from({ length: 90 }, (_, n) => nodes[n % 3]?.broker.publish(channel, { data: json(n) }, { stream })),
    );
    const keyed = await Promise.all(
      nodes.map(({ broker }, n) => broker.publish(channel, { data: json(n) }, { stream, idempotencyKey: 'k' })),
    );
    expect(all.map((published) => published?.position.offset).sort((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 90 }, (_, n) => n + 1),
    );
    expect(keyed.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    for (const { position } of keyed) expect(position).toEqual({ ...all[0]?.position, offset: 91 });
    for (const { broker, events } of nodes) {
      await broker.probe();
      expect(events.offsets(channel)).toEqual(Array.from({ length: 91 }, (_, n) => n + 1));
    }
  });

  test('changes of a key that race at different servers are linearizable, and its state is the same everywhere', async () => {
    const nodes = await brokers('race');
    const calls = await raceForKey(
      nodes.map(({ broker }) => broker),
      15,
    );
    expect(faultsOf(calls)).toEqual([]);
    expect(calls.some(({ outcome }) => !outcome.ok)).toBe(true);
    const pages = await Promise.all(
      nodes.map(({ broker }) => broker.maps.page(channelName('race'), { after: 0, limit: 10 })),
    );
    for (const page of pages) expect(page).toEqual(pages[0]);
    expect(pages[0]?.top.offset).toBe(45);
  });

  test('G2 G5: servers that are replaced one after the other lose nothing, and the epoch goes on', async () => {
    const { broker } = await started(new NatsBroker({ url: cluster().url, prefix: 'rolling', replicas: 3 }, ports));
    const acknowledged: unknown[] = [];
    let epoch: string | undefined;
    const publish = async (n: number) => {
      const { position } = await broker.publish(channel, { data: json(n) }, { stream });
      acknowledged[position.offset] = n;
      epoch ??= position.epoch;
      expect(position.epoch).toBe(epoch);
    };
    let n = 0;
    for (const server of cluster().servers) {
      for (let i = 0; i < 20; i++) await publish(n++);
      await server.kill();
      await vi.waitFor(() => publish(n++), 30_000);
      await server.startAgain();
      await cluster().isReady();
    }
    const page = await vi.waitFor(() => broker.history.read(channel, { limit: 1_000, reverse: false }), 30_000);
    expect(page.top.epoch).toBe(epoch);
    for (const { offset, data: kept } of page.publications) {
      // What was not acknowledged may be there as well.
      if (acknowledged[offset] !== undefined) expect(kept).toBe(json(acknowledged[offset]));
    }
    expect(page.publications[0]?.offset).toBe(1);
    expect(page.top.offset).toBeGreaterThanOrEqual(acknowledged.length - 1);
  });

  test('G5: when all servers were down at the same time, the epoch is another', async () => {
    const { broker } = await started(new NatsBroker({ url: cluster().url, prefix: 'all', replicas: 3 }, ports));
    const before = await broker.publish(channel, { data: json(1) }, { stream });
    await Promise.all(cluster().servers.map((server) => server.kill()));
    await Promise.all(cluster().servers.map((server) => server.startAgain()));
    await cluster().isReady();
    const after = await vi.waitFor(() => broker.publish(channel, { data: json(2) }, { stream }), 30_000);
    expect(after.position.epoch).not.toBe(before.position.epoch);
  });

  // The last one: the cluster is not whole any more.
  test('G10: a stream whose server is gone is named by its code, whatever words the version has for it', async () => {
    const name = 'alone';
    const [first, second] = cluster().servers;
    if (first === undefined || second === undefined) throw new Error('there are three');
    const connections = { first: await first.connection(), second: await second.connection() };
    const { streams } = await jetstreamManager(connections.first);
    const { cluster: its } = await streams.add({ name, subjects: [name], num_replicas: 1 });
    const place = cluster().servers.findIndex((_, n) => its?.leader === `server-${n}`);
    await cluster().servers[place]?.stop();
    const left = await jetstreamManager(connections[place === 0 ? 'second' : 'first'], { checkAPI: false });
    const refusal = await vi.waitFor(async () => {
      const error = await left.streams.info(name).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 10_118 });
      return error;
    }, 15_000);
    expect(stateOf(refusal, natsStates)?.name).toBe('no quorum');
    for (const connection of Object.values(connections)) await connection.close();
  });
});
