/** States in which a real RabbitMQ answers and does not do its work: each is recognised and named, with what ends it. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RabbitmqBroker } from '../../../src/brokers/rabbitmq/broker.js';
import { rabbitmqStates } from '../../../src/brokers/rabbitmq/states.js';
import { stateOf } from '../../../src/brokers/server-states.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../../support/brokers/rabbitmq-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { RecordedLog } from '../../support/engine/recorded-log.js';

const stream = { size: 100, ttlMs: 60_000 };
const data = trustedJsonText('1');
const [news, plain] = [channelName('news'), channelName('plain')];
const again = { timeout: 15_000, interval: 100 };

describe.skipIf(rabbitmqIsMissing())('rabbitmq', () => {
  let server: RabbitmqServer;
  let count = 0;
  beforeAll(async () => {
    server = await RabbitmqServer.start();
    await server.control('add_user', 'node', 'secret');
    await server.control('set_permissions', 'node', '.*', '.*', '.*');
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  async function started() {
    const prefix = `states-${++count}`;
    const log = new RecordedLog();
    const events = new RecordedEvents();
    const url = server.url.replace('guest:guest', 'node:secret');
    const broker = new RabbitmqBroker(
      { url, prefix, timeoutMs: 2_000 },
      { clock: systemClock, random: systemRandom, log },
    );
    await broker.start(events);
    for (const channel of [news, plain]) await broker.subscribe(channel);
    return {
      ...{ broker, prefix, events, log },
      works: () =>
        vi.waitFor(async () => {
          await broker.probe();
          await broker.publish(plain, { data }, {});
          return broker.publish(news, { data }, { stream });
        }, again),
      [Symbol.asyncDispose]: () => broker.close(),
    };
  }

  const control = (...command: string[]) => server.control(...command);
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
    {
      timeout: 60_000,
    },
    async ({ name, begin, end }) => {
      await using site = await started();
      const { broker } = site;
      const before = await site.works();
      await begin();
      const refused = { code: 'ERR_BROKER', retryable: true, state: name, remedy: expect.any(String) };
      await vi.waitFor(async () => {
        await expect(broker.publish(plain, { data }, {})).rejects.toMatchObject(refused);
        await expect(broker.publish(news, { data }, { stream })).rejects.toMatchObject({ code: 'ERR_BROKER' });
        await expect(broker.probe()).rejects.toMatchObject({ code: 'ERR_BROKER' });
      }, again);
      await end();
      const after = await site.works();
      expect(after.position.epoch).toBe(before.position.epoch);
      // What is not acknowledged may have been written; nothing goes twice under one offset.
      const offsets = site.events.publications(news).map(({ publication }) => publication.offset);
      expect(offsets).toEqual(offsets.map((_, n) => n + 1));
      expect(offsets.at(-1)).toBe(after.position.offset);
    },
  );

  // RabbitMQ remembers what an open channel may do: docs/operations/brokers.md. Connections are closed here as it says there.
  test('G7 G10: access: once its connections are closed, everything is refused until it has the rights again', {
    timeout: 60_000,
  }, async () => {
    await using site = await started();
    const { broker } = site;
    const before = await site.works();
    await control('set_permissions', 'node', '.*', '^none$', '.*');
    await control('close_all_user_connections', 'node', 'rights were taken away');
    const refused = { code: 'ERR_BROKER', retryable: true };
    await vi.waitFor(async () => {
      await expect(broker.publish(plain, { data }, {})).rejects.toMatchObject({ ...refused, state: 'access' });
      await expect(broker.publish(news, { data }, { stream })).rejects.toMatchObject(refused);
      await expect(broker.probe()).rejects.toMatchObject(refused);
    }, again);
    await control('set_permissions', 'node', '.*', '.*', '.*');
    const after = await site.works();
    expect(after.position.epoch).toBe(before.position.epoch);
    const offsets = site.events.publications(news).map(({ publication }) => publication.offset);
    expect(offsets).toEqual(offsets.map((_, n) => n + 1));
    expect(offsets.at(-1)).toBe(after.position.offset);
  });

  test.each(['log', 'alive'])(
    'G2 G5: the queue %s is deleted under a running node: it is declared anew',
    {
      timeout: 60_000,
    },
    async (queue) => {
      await using site = await started();
      const before = await site.works();
      await using client = await server.client();
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

  test('G2 G10: its own queue is deleted: it has another, and says that something may be missing', {
    timeout: 60_000,
  }, async () => {
    await using site = await started();
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
])('%s: what is said of it', (name, text) => {
  expect(stateOf(new Error(text), rabbitmqStates)?.name).toBe(name);
});
