/** History over stream queues, on a real server: several nodes, nodes that come late, connections that break, restarts. */

import type { ConsumeMessage } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RabbitmqBroker } from '../../../src/brokers/rabbitmq/broker.js';
import type { RabbitmqOptions } from '../../../src/brokers/rabbitmq/options.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../../support/brokers/rabbitmq-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';

const channel = channelName('news');
const ports = { clock: systemClock, random: systemRandom, log: silentLogger };
const stream = { size: 1_000, ttlMs: 600_000 };

/** A node: its broker and what it has heard. */
class Node implements AsyncDisposable {
  readonly events = new RecordedEvents();

  constructor(readonly broker: RabbitmqBroker) {}

  get heard() {
    return this.events
      .publications(channel)
      .map(({ publication, epoch }) => ({ value: publication.data, offset: publication.offset, epoch }));
  }

  publish(value: number, idempotencyKey?: string) {
    return this.broker.publish(
      channel,
      { data: trustedJsonText(`${value}`) },
      { stream, ...(idempotencyKey !== undefined && { idempotencyKey }) },
    );
  }

  async read() {
    const page = await this.broker.history?.read(channel, { limit: 10_000, reverse: false });
    if (page === undefined) throw new Error('it keeps history');
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close();
  }
}

describe.skipIf(rabbitmqIsMissing())('history over RabbitMQ', () => {
  let server: RabbitmqServer;
  let count = 0;

  beforeAll(async () => {
    server = await RabbitmqServer.start();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  const prefixOfTest = () => `history-${++count}`;

  async function started(prefix: string, options: Partial<RabbitmqOptions> = {}): Promise<Node> {
    const node = new Node(new RabbitmqBroker({ url: server.url, prefix, ...options }, ports));
    await node.broker.start(node.events);
    await node.broker.subscribe(channel);
    return node;
  }

  /** Of what the stream still has. */
  async function oldestOffset(prefix: string): Promise<number> {
    await using client = await server.client();
    await client.channel.prefetch(1);
    const { channel: lane } = client;
    const first = await new Promise<ConsumeMessage | null>((resolve, reject) => {
      lane.consume(`${prefix}.log`, resolve, { arguments: { 'x-stream-offset': 'first' } }).catch(reject);
    });
    return Number(first?.properties.headers?.['x-stream-offset']);
  }

  test('G1 G6: nodes that publish at the same time agree on places, and on whose key was first', async () => {
    const prefix = prefixOfTest();
    await using one = await started(prefix);
    await using two = await started(prefix);
    const published = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        (n % 2 === 0 ? one : two).publish(n, n < 100 ? `key-${n >> 1}` : undefined),
      ),
    );
    await Promise.all([one.broker.probe(), two.broker.probe()]);
    expect(one.heard).toHaveLength(150);
    expect(two.heard).toEqual(one.heard);
    expect(one.heard.map(({ offset }) => offset)).toEqual(Array.from({ length: 150 }, (_, n) => n + 1));
    expect(new Set(one.heard.map(({ epoch }) => epoch)).size).toBe(1);
    for (let n = 0; n < 100; n += 2) {
      const pair = [published[n], published[n + 1]];
      expect(pair.map((each) => each?.duplicate).sort()).toEqual([false, true]);
      expect(pair[0]?.position).toEqual(pair[1]?.position);
    }
  });

  test('G4: a node that starts later has the same history and goes on counting', async () => {
    const prefix = prefixOfTest();
    await using one = await started(prefix);
    for (let n = 1; n <= 20; n++) await one.publish(n);
    await one.publish(0, 'once');
    await using two = await started(prefix);
    expect(two.heard).toEqual([]);
    expect(await two.read()).toEqual(await one.read());
    const { top } = await one.read();
    expect((await two.publish(0, 'once')).duplicate).toBe(true);
    expect((await two.publish(22)).position).toEqual({ offset: 22, epoch: top.epoch });
    await one.broker.probe();
    expect(one.heard.at(-1)).toEqual({ value: '22', offset: 22, epoch: top.epoch });
  });

  test('G2 G3: what is published while the connections of a node are cut is delivered once they are back', async () => {
    const prefix = prefixOfTest();
    await using proxy = await FaultProxy.start({ port: server.port });
    await using one = await started(prefix);
    await using cutOff = await started(prefix, { url: `amqp://127.0.0.1:${proxy.port}` });
    let last = 0;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 20; n++) await one.publish(++last);
      proxy.cut();
      for (let n = 0; n < 20; n++) await one.publish(++last);
      await expect(cutOff.read()).rejects.toMatchObject({ code: 'ERR_BROKER' });
      proxy.restore();
      await vi.waitFor(() => cutOff.broker.probe(), 15_000);
    }
    expect(cutOff.heard).toHaveLength(last);
    expect(cutOff.heard).toEqual(one.heard);
  });

  test('G7: what is published through a black hole is not acknowledged, and has one place if it happened', async () => {
    const prefix = prefixOfTest();
    await using proxy = await FaultProxy.start({ port: server.port });
    await using one = await started(prefix);
    await using cutOff = await started(prefix, { url: `amqp://127.0.0.1:${proxy.port}`, timeoutMs: 1_000 });
    await cutOff.publish(1);
    proxy.setFaults({ blackHole: true });
    const outcomes = await Promise.allSettled([2, 3, 4].map((n) => cutOff.publish(n, `key-${n}`)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    proxy.setFaults({});
    await vi.waitFor(() => cutOff.broker.probe(), 15_000);
    for (const n of [2, 3, 4]) await cutOff.publish(n, `key-${n}`);
    await Promise.all([one.broker.probe(), cutOff.broker.probe()]);
    expect(one.heard.map(({ value }) => value).sort()).toEqual(['1', '2', '3', '4']);
    expect(one.heard.map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
    expect(cutOff.heard).toEqual(one.heard);
  });

  test('what the server has dropped with age or size is not needed to know the place of a channel', async () => {
    const prefix = prefixOfTest();
    const options = { maxLogBytes: 400_000 };
    await using one = await started(prefix, options);
    const { top } = await one.read();
    const padding = 'x'.repeat(2_000);
    for (let n = 1; n <= 60; n++) {
      const data = trustedJsonText(JSON.stringify({ n, padding }));
      await Promise.all(
        Array.from({ length: 20 }, () =>
          one.broker.publish(channel, { data }, { stream: { size: 50, ttlMs: 600_000 } }),
        ),
      );
    }
    expect(await oldestOffset(prefix)).toBeGreaterThan(0);
    await using two = await started(prefix, options);
    const [full, late] = [await one.read(), await two.read()];
    expect(full.top).toEqual({ offset: 1_200, epoch: top.epoch });
    expect(late).toEqual(full);
    const { position } = await two.publish(1);
    expect(position).toEqual({ offset: 1_201, epoch: top.epoch });
  });

  test('G5 G7 F2: a restart begins a new epoch and keeps what there is', { timeout: 90_000 }, async () => {
    const prefix = prefixOfTest();
    await using one = await started(prefix);
    await using two = await started(prefix);
    for (let n = 1; n <= 5; n++) await one.publish(n);
    const before = await one.read();
    await server.kill();
    await vi.waitFor(() => expect(one.publish(6)).rejects.toMatchObject({ code: 'ERR_BROKER' }));
    await server.startAgain();
    await vi.waitFor(() => Promise.all([one.broker.probe(), two.broker.probe()]), 30_000);
    const [after, elsewhere] = [await one.read(), await two.read()];
    expect(elsewhere).toEqual(after);
    expect(after.top.epoch).not.toBe(before.top.epoch);
    expect(after.publications.slice(0, 5)).toEqual(before.publications);
    await using late = await started(prefix);
    expect(await late.read()).toEqual(after);
    const { position } = await late.publish(7);
    expect(position).toEqual({ offset: after.top.offset + 1, epoch: after.top.epoch });
  });

  test('G5: a stream that was deleted is another one, and its readers are told', async () => {
    const prefix = prefixOfTest();
    await using one = await started(prefix);
    const before = (await one.publish(1)).position;
    await using client = await server.client();
    await client.channel.deleteQueue(`${prefix}.log`);
    await vi.waitFor(() => one.broker.probe(), 20_000);
    const { top } = await one.read();
    expect(top.offset).toBe(0);
    expect(top.epoch).not.toBe(before.epoch);
  });
});
