/** Two nodes of the server as installed over a real Redis Cluster: slots that are moved, cut connections, a primary that dies. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { controlTag } from '../../src/brokers/redis/keys.js';
import { RedisCluster } from '../support/brokers/redis-cluster.js';
import { type RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { shared } from '../support/brokers/suites.js';
import { type Flow, ObservedFleet } from './observed-fleet.js';

describe.skipIf(redisIsMissing())('two nodes and a Redis Cluster', { timeout: 120_000 }, () => {
  const cluster = shared(() => RedisCluster.start({ withReplicas: true, nodeTimeoutMs: 3_000 }));

  /** One channel on each primary, with a follower at each node. */
  async function started(prefix: string) {
    const fleet = await ObservedFleet.start(cluster().url);
    onTestFinished(() => fleet[Symbol.asyncDispose]());
    const channels = cluster().primaries.map((primary) => cluster().nameOn(primary, `chat:${prefix}`));
    for (const node of [0, 1]) await fleet.follow(`${prefix}${node}`, node, channels);
    const [first, second, third] = channels.map((channel) => fleet.flow(channel));
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three');
    const flows = [first, second, third] as const;
    for (const flow of flows) await fleet.goesOn(flow, 20_000);
    const expectUntouched = (...others: readonly Flow[]) => {
      for (const { channel, failed } of others) {
        expect(failed).toEqual([]);
        expect(fleet.signals(channel)).toEqual([0, 0]);
      }
    };
    return { fleet, flows, expectUntouched };
  }

  function primary(n: number): RedisServer {
    const server = cluster().primaries[n];
    if (server === undefined) throw new Error('there are three');
    return server;
  }

  test('G2 G5: a slot that is moved while publications flow loses nothing, and nobody elsewhere hears of it', async () => {
    const { fleet, flows, expectUntouched } = await started('moved');
    const [first, second, third] = flows;
    await fleet.during('a slot is moved', { losesHistory: 'some' }, async () => {
      await cluster().moveSlot(first.channel, primary(0), primary(1), () => fleet.goesOn(second, 20_000));
      await fleet.goesOn(first, 20_000, 20);
    });
    for (const flow of [second, third]) await fleet.goesOn(flow, 20_000);
    await fleet.judged();
    expectUntouched(second, third);
    // Back to where it was, for whoever comes next.
    await cluster().moveSlot(first.channel, primary(1), primary(0));
  });

  test('G9: nodes hear each other also when what they use for it has been moved', async () => {
    await using fleet = await ObservedFleet.start(cluster().url);
    const from = cluster().primaryOf(controlTag);
    const to = cluster().primaries.find((one) => one !== from) ?? from;
    await cluster().moveSlot(controlTag, from, to);
    const client = await fleet.follow('ann', 1, ['plain:lobby']);
    const clientsAre = (counts: number[]) =>
      vi.waitFor(async () => {
        // safe: the API's own answer
        const { result } = (await fleet.call(0, 'info', {})) as { result: { nodes: { num_clients: number }[] } };
        expect(result.nodes.map(({ num_clients }) => num_clients).sort()).toEqual(counts);
      }, 20_000);
    await clientsAre([0, 1]);
    await fleet.call(0, 'disconnect', { user: '', client, disconnect: { code: 4_500, reason: 'asked to' } });
    await clientsAre([0, 0]);
    await cluster().moveSlot(controlTag, to, from);
  });

  test('F4 F5 G2: connections to one server that are cut again and again lose nothing', async () => {
    const { fleet, flows, expectUntouched } = await started('cut');
    await using client = await primary(0).client();
    for (let round = 0; round < 3; round++) {
      await client.send(['CLIENT', 'KILL', 'TYPE', round === 2 ? 'NORMAL' : 'PUBSUB', 'SKIPME', 'YES']);
      for (const flow of flows) await fleet.goesOn(flow, 20_000);
    }
    await fleet.judged();
    expectUntouched(...flows.slice(1));
  });

  test('F6 G2 G5: a primary stands still until its replica has taken over, and wakes up', async () => {
    const { fleet, flows, expectUntouched } = await started('still');
    const [first, second, third] = flows;
    await fleet.during('F6 a primary stands still', { losesHistory: 'some' }, async () => {
      primary(2).pause();
      const stoppedMs = performance.now();
      await fleet.goesOn(third, 20_000);
      expect(performance.now() - stoppedMs).toBeLessThan(15_000);
      primary(2).resume();
      for (const flow of flows) await fleet.goesOn(flow, 20_000, 50);
    });
    await fleet.judged();
    expectUntouched(first, second);
  });

  test('F3 G2 G5 G10: a primary dies and its replica takes over: its channels go on within 15 s in a new epoch, the others never stop', async () => {
    const { fleet, flows, expectUntouched } = await started('dead');
    const [first, ...others] = flows;
    await fleet.during('F3 a primary is killed', { losesHistory: 'some' }, async () => {
      const killedMs = performance.now();
      await primary(0).kill();
      await fleet.goesOn(first, 20_000);
      expect(performance.now() - killedMs).toBeLessThan(15_000);
    });
    for (const flow of others) await fleet.goesOn(flow, 20_000);
    await fleet.judged();
    expectUntouched(...others);
    for (const signals of fleet.signals(first.channel)) expect(signals).toBeGreaterThan(0);
    for (const node of [0, 1]) {
      await vi.waitFor(async () => expect(await fleet.status(node, 'ready')).toBe(200));
    }

    // With nobody to take over, there are channels that nothing can be delivered in.
    await cluster().replicaOf(primary(1)).kill();
    await primary(1).kill();
    await vi.waitFor(async () => expect(await fleet.status(0, 'ready')).toBe(503), 15_000);
    expect(await fleet.status(0, 'live')).toBe(200);
  });
});
