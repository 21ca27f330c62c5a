/** States in which a real RabbitMQ answers and does not do its work: each is recognised and named, with what ends it. */

import { describe, expect, test, vi } from 'vitest';
import { RabbitmqBroker } from '../../../src/brokers/rabbitmq/broker.js';
import { rabbitmqStates } from '../../../src/brokers/rabbitmq/states.js';
import { stateOf } from '../../../src/brokers/server-states.js';
import type { Published } from '../../../src/engine/ports/broker.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../../support/brokers/rabbitmq-server.js';
import { failure, json, ownPrefix, ports, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const data = json(1);
const [news, plain] = [channelName('news'), channelName('plain')];
const limitMs = 15_000;

describe.skipIf(rabbitmqIsMissing())('rabbitmq', { timeout: 180_000 }, () => {
  const server = shared(async () => {
    const made = await RabbitmqServer.start();
    await made.control('add_user', 'node', 'secret');
    await made.control('set_permissions', 'node', '.*', '.*', '.*');
    return made;
  });

  async function begun() {
    const prefix = ownPrefix();
    const url = server().url.replace('guest:guest', 'node:secret');
    const { broker, events } = await started(new RabbitmqBroker({ url, prefix, timeoutMs: 2_000 }, ports));
    for (const channel of [news, plain]) await broker.subscribe(channel);
    const works = () =>
      vi.waitFor(async () => {
        await broker.probe();
        await broker.publish(plain, { data }, {});
        return broker.publish(news, { data }, { stream });
      }, limitMs);
    /** What is not acknowledged may have been written; nothing goes twice under one offset. */
    const expectWell = async (before: Published) => {
      const { position } = await works();
      expect(position.epoch).toBe(before.position.epoch);
      const offsets = events.offsets(news);
      expect(offsets).toEqual(offsets.map((_, n) => n + 1));
      expect(offsets.at(-1)).toBe(position.offset);
    };
    return { broker, prefix, events, works, expectWell };
  }

  const control = (...command: string[]) => server().control(...command);
  const states = [
    {
      name: 'memory alarm',
      begin: () => control('set_vm_memory_high_watermark', 'absolute', '1MB'),
      end: () => control('set_vm_memory_high_watermark', '0.9'),
    },
    {
      name: 'disk alarm',
      begin: () => control('set_disk_free_limit', '100000GB'),
      end: () => control('set_disk_free_limit', '10MB'),
    },
  ];

  test.each(states)(
    'G7 G10: $name: probes and publications of all kinds fail, and the log can say why',
    async ({ name, begin, end }) => {
      const site = await begun();
      const { broker } = site;
      const before = await site.works();
      await begin();
      const refused = { ...failure, retryable: true, state: name, remedy: expect.any(String) };
      await vi.waitFor(async () => {
        await expect(broker.publish(plain, { data }, {})).rejects.toMatchObject(refused);
        await expect(broker.publish(news, { data }, { stream })).rejects.toMatchObject(failure);
        await expect(broker.probe()).rejects.toMatchObject(failure);
      }, limitMs);
      await end();
      await site.expectWell(before);
    },
  );

  // RabbitMQ remembers what an open channel may do: docs/operations/brokers.md. Connections are closed here as it says there.
  test('G7 G10: access: once its connections are closed, everything is refused until it has the rights again', async () => {
    const site = await begun();
    const { broker } = site;
    const before = await site.works();
    await control('set_permissions', 'node', '.*', '^none$', '.*');
    await control('close_all_user_connections', 'node', 'rights were taken away');
    const refused = { ...failure, retryable: true };
    await vi.waitFor(async () => {
      await expect(broker.publish(plain, { data }, {})).rejects.toMatchObject({ ...refused, state: 'access' });
      await expect(broker.publish(news, { data }, { stream })).rejects.toMatchObject(refused);
      await expect(broker.probe()).rejects.toMatchObject(refused);
    }, limitMs);
    await control('set_permissions', 'node', '.*', '.*', '.*');
    await site.expectWell(before);
  });

  test.each(['log', 'alive'])(
    'G2 G5: the queue %s is deleted under a running node: it is declared anew',
    async (queue) => {
      const site = await begun();
      const before = await site.works();
      await using client = await server().client();
      await client.channel.deleteQueue(`${site.prefix}.${queue}`);
      const after = await site.works();
      if (queue === 'alive') {
        expect(after.position.epoch).toBe(before.position.epoch);
        return;
      }
      expect(after.position.epoch).not.toBe(before.position.epoch);
      expect(site.events.interruptions.length).toBeGreaterThan(0);
    },
  );

  test('G2 G10: its own queue is deleted: it has another, and says that something may be missing', async () => {
    const site = await begun();
    await site.works();
    const names = (await control('list_queues', '--quiet', 'name')).split('\n');
    const own = names.find((name) => name.startsWith(`${site.prefix}.node.`));
    await control('delete_queue', own ?? '');
    await site.works();
    expect(own).toBeDefined();
    expect(site.events.interruptions.length).toBeGreaterThan(0);
  });
});

test.each([
  ['memory alarm', 'rabbitmq: the server takes nothing: low on memory'],
  ['disk alarm', 'rabbitmq: the server takes nothing: low on disk'],
  ['access', 'Channel closed by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - write access"'],
  ['stream gone', 'Operation failed: QueueDeclare; 404 (NOT-FOUND) with message "NOT_FOUND - no queue"'],
  [undefined, 'rabbitmq: no confirm in 4000 ms'],
])('%s: what is said of it', (name, text) => expect(stateOf(new Error(text), rabbitmqStates)?.name).toBe(name));
