/**
 * G2, G7, G10: two nodes over NATS and RabbitMQ under 200 publications a second, while the servers answer and do not do
 * their work: nothing is acknowledged without its effect, readiness follows both ways at both nodes, the log names the
 * state, and no subscriber has a hole unsignalled.
 */

import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test, vi } from 'vitest';
import { NatsCluster } from '../support/brokers/nats-cluster.js';
import { type NatsServer, natsIsMissing } from '../support/brokers/nats-server.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../support/brokers/rabbitmq-server.js';
import { readyLimitMs, underLoad } from './under-load.js';

const channels = ['chat:a', 'chat:b'];

interface State {
  readonly name: string;
  /** What the log names; absent for what is over before anybody has to be told. */
  readonly named?: string;
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
}

async function goThrough(address: string, states: readonly State[], more: object = {}): Promise<void> {
  const { fleet, readyIs, goOn, numDone, judged } = await underLoad(address, channels, more);
  for (const { name, named, begin, end } of states) {
    await fleet.during(name, { losesHistory: 'all' }, async () => {
      await begin();
      if (named !== undefined) {
        await readyIs(503);
        const before = numDone();
        const { error } = await fleet.call(1, 'publish', { channel: 'chat:quiet', data: 'nobody hears this' });
        expect(error?.code, name).toBe(100);
        expect(numDone() - before, name).toBe(0);
        for (const node of fleet.nodes) {
          await vi.waitFor(() => expect(node.stderr, name).toContain(`"state":"${named}"`), readyLimitMs);
        }
      }
      await end();
      await readyIs(200);
      await goOn();
    });
    await goOn();
  }
  await judged();
}

test.skipIf(natsIsMissing())(
  'two nodes over a cluster of NATS that loses its quorum, is full, and whose streams are deleted',
  {
    timeout: 240_000,
  },
  async () => {
    await using cluster = await NatsCluster.start();
    const [first, ...others] = cluster.servers;
    if (first === undefined) throw new Error('there are three');
    const streamsOf = async (server: NatsServer, change: 'full' | 'unlimited' | 'delete') => {
      const connection = await server.connection();
      const { streams } = await jetstreamManager(connection);
      for (const name of await streams.names().next()) {
        if (!name.includes('history')) continue;
        if (change === 'delete') await streams.delete(name);
        else await streams.update(name, { max_bytes: change === 'full' ? 1_000 : -1 });
      }
      await connection.close();
    };
    const each = (work: (server: NatsServer) => Promise<unknown>) => Promise.all(others.map(work));
    await goThrough(
      cluster.url,
      [
        {
          name: 'it is full',
          named: 'full',
          begin: () => streamsOf(first, 'full'),
          end: () => streamsOf(first, 'unlimited'),
        },
        { name: 'its stream is deleted', begin: () => streamsOf(first, 'delete'), end: async () => undefined },
        {
          name: 'two of three are gone',
          named: 'no quorum',
          begin: () => each((server) => server.kill()),
          end: () => each((server) => server.startAgain()),
        },
      ],
      { nats: { replicas: 3 } },
    );
  },
);

describe.skipIf(rabbitmqIsMissing())('two nodes over RabbitMQ', () => {
  test('that is short of memory, of disk, and whose stream is deleted', { timeout: 240_000 }, async () => {
    await using server = await RabbitmqServer.start();
    const control = (...command: string[]) => server.control(...command);
    await goThrough(server.url, [
      {
        name: 'it is short of memory',
        named: 'memory alarm',
        begin: () => control('set_vm_memory_high_watermark', 'absolute', '1MB'),
        end: () => control('set_vm_memory_high_watermark', '0.9'),
      },
      {
        name: 'it is short of disk',
        named: 'disk alarm',
        begin: () => control('set_disk_free_limit', '100000GB'),
        end: () => control('set_disk_free_limit', '10MB'),
      },
      {
        name: 'its stream is deleted',
        begin: () => control('delete_queue', 'fanfare.log'),
        end: async () => undefined,
      },
    ]);
  });
});
