/** History over stream queues, on a real server: several nodes, nodes that come late, connections that break, restarts. */

import type { ConsumeMessage } from 'amqplib';
import { describe, expect, test, vi } from 'vitest';
import { RabbitmqBroker } from '../../../src/brokers/rabbitmq/broker.js';
import type { RabbitmqOptions } from '../../../src/brokers/rabbitmq/options.js';
import { defined } from '../../../src/model/defined.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../../support/brokers/rabbitmq-server.js';
import { failure, json, ownPrefix, ports, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';

const channel = channelName('news');
const stream = { size: 1_000, ttlMs: 600_000 };

describe.skipIf(rabbitmqIsMissing())('history over RabbitMQ', () => {
  const server = shared(() => RabbitmqServer.start());

  /** A node: its broker, and what it has heard. */
  async function node(prefix: string, options: Partial<RabbitmqOptions> = {}) {
    const { broker, events } = await started(new RabbitmqBroker({ url: server().url, prefix, ...options }, ports));
    await broker.subscribe(channel);
    return {
      broker,
      heard: () =>
        events
          .publications(channel)
          .map(({ publication, epoch }) => ({ value: publication.data, offset: publication.offset, epoch })),
      publish: (value: number, idempotencyKey?: string) =>
        broker.publish(channel, { data: json(value) }, { stream, ...defined({ idempotencyKey }) }),
      async read() {
        const page = await broker.history?.read(channel, { limit: 10_000, reverse: false });
        if (page === undefined) throw new Error('it keeps history');
        return page;
      },
    };
  }

  /** Of what the stream still has. */
  async function oldestOffset(prefix: string): Promise<number> {
    await using client = await server().client();
    await client.channel.prefetch(1);
    const { channel: lane } = client;
    const first = await new Promise<ConsumeMessage | null>((resolve, reject) => {
      lane.consume(`${prefix}.log`, resolve, { arguments: { 'x-stream-offset': 'first' } }).catch(reject);
    });
    return Number(first?.properties.headers?.['x-stream-offset']);
  }

  /** How often all channels were given another epoch, as the stream has it from its beginning. */
  async function numEpochsBegun(prefix: string): Promise<number> {
    await using client = await server().client();
    const { channel: lane } = client;
    await lane.prefetch(100);
    const last = JSON.stringify({ kind: 'mark' });
    let numBreaks = 0;
    await new Promise<void>((resolve, reject) => {
      const take = (delivery: ConsumeMessage | null) => {
        if (delivery === null) return;
        const header = String(delivery.properties.headers?.fanfare);
        lane.ack(delivery);
        if (header === last) resolve();
        else if (header.includes('"kind":"break"')) numBreaks++;
      };
      lane.consume(`${prefix}.log`, take, { arguments: { 'x-stream-offset': 'first' } }).catch(reject);
      lane.publish('', `${prefix}.log`, Buffer.alloc(0), { headers: { fanfare: last } });
    });
    return numBreaks;
  }

  test('G5: nodes that start at the same time begin one epoch', async () => {
    const prefix = ownPrefix();
    await Promise.all(Array.from({ length: 8 }, () => node(prefix)));
    expect(await numEpochsBegun(prefix)).toBe(1);
  });

  test('G1 G6: nodes that publish at the same time agree on places, and on whose key was first', async () => {
    const prefix = ownPrefix();
    const one = await node(prefix);
    const two = await node(prefix);
    const published = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        (n % 2 === 0 ? one : two).publish(n, n < 100 ? `key-${n >> 1}` : undefined),
      ),
    );
    await Promise.all([one.broker.probe(), two.broker.probe()]);
    expect(one.heard()).toHaveLength(150);
    expect(two.heard()).toEqual(one.heard());
    expect(one.heard().map(({ offset }) => offset)).toEqual(Array.from({ length: 150 }, (_, n) => n + 1));
    expect(new Set(one.heard().map(({ epoch }) => epoch)).size).toBe(1);
    for (let n = 0; n < 100; n += 2) {
      const pair = [published[n], published[n + 1]];
      expect(pair.map((each) => each?.duplicate).sort()).toEqual([false, true]);
      expect(pair[0]?.position).toEqual(pair[1]?.position);
    }
  });

  test('G4: a node that starts later has the same history and goes on counting', async () => {
    const prefix = ownPrefix();
    const one = await node(prefix);
    for (let n = 1; n <= 20; n++) await one.publish(n);
    await one.publish(0, 'once');
    const two = await node(prefix);
    expect(two.heard()).toEqual([]);
    expect(await two.read()).toEqual(await one.read());
    const { top } = await one.read();
    expect((await two.publish(0, 'once')).duplicate).toBe(true);
    expect((await two.publish(22)).position).toEqual({ offset: 22, epoch: top.epoch });
    await one.broker.probe();
    expect(one.heard().at(-1)).toEqual({ value: '22', offset: 22, epoch: top.epoch });
  });

  test('G2 G3: what is published while the connections of a node are cut is delivered once they are back', async () => {
    const prefix = ownPrefix();
    await using proxy = await FaultProxy.start({ port: server().port });
    const one = await node(prefix);
    const cutOff = await node(prefix, { url: `amqp://127.0.0.1:${proxy.port}` });
    let last = 0;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 20; n++) await one.publish(++last);
      proxy.cut();
      for (let n = 0; n < 20; n++) await one.publish(++last);
      await expect(cutOff.read()).rejects.toMatchObject(failure);
      proxy.restore();
      await vi.waitFor(() => cutOff.broker.probe(), 15_000);
    }
    expect(cutOff.heard()).toHaveLength(last);
    expect(cutOff.heard()).toEqual(one.heard());
  });

  test('G7: what is published through a black hole is not acknowledged, and has one place if it happened', async () => {
    const prefix = ownPrefix();
    await using proxy = await FaultProxy.start({ port: server().port });
    const one = await node(prefix);
    const cutOff = await node(prefix, { url: `amqp://127.0.0.1:${proxy.port}`, timeoutMs: 1_000 });
    await cutOff.publish(1);
    proxy.setFaults({ blackHole: true });
    const outcomes = await Promise.allSettled([2, 3, 4].map((n) => cutOff.publish(n, `key-${n}`)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    proxy.setFaults({});
    await vi.waitFor(() => cutOff.broker.probe(), 15_000);
    for (const n of [2, 3, 4]) await cutOff.publish(n, `key-${n}`);
    await Promise.all([one.broker.probe(), cutOff.broker.probe()]);
    expect(
      one
        .heard()
        .map(({ value }) => value)
        .sort(),
    ).toEqual(['1', '2', '3', '4']);
    expect(one.heard().map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
    expect(cutOff.heard()).toEqual(one.heard());
  });

  test('what the server has dropped with age or size is not needed to know the place of a channel', async () => {
    const prefix = ownPrefix();
    const options = { maxLogBytes: 400_000 };
    const one = await node(prefix, options);
    const { top } = await one.read();
    const padding = 'x'.repeat(2_000);
    for (let n = 1; n <= 60; n++) {
      const data = json({ n, padding });
      await Promise.all(
        Array.from({ length: 20 }, () =>
          one.broker.publish(channel, { data }, { stream: { size: 50, ttlMs: 600_000 } }),
        ),
      );
    }
    expect(await oldestOffset(prefix)).toBeGreaterThan(0);
    const two = await node(prefix, options);
    const [full, late] = [await one.read(), await two.read()];
    expect(full.top).toEqual({ offset: 1_200, epoch: top.epoch });
    expect(late).toEqual(full);
    const { position } = await two.publish(1);
    expect(position).toEqual({ offset: 1_201, epoch: top.epoch });
  });

  test('G5 G7 F2: a restart begins a new epoch and keeps what there is', { timeout: 90_000 }, async () => {
    const prefix = ownPrefix();
    const one = await node(prefix);
    const two = await node(prefix);
    const others = await Promise.all(Array.from({ length: 4 }, () => node(prefix)));
    for (let n = 1; n <= 5; n++) await one.publish(n);
    const before = await one.read();
    await server().kill();
    await vi.waitFor(() => expect(one.publish(6)).rejects.toMatchObject(failure));
    await server().startAgain();
    await vi.waitFor(() => Promise.all([one, two, ...others].map(({ broker }) => broker.probe())), 30_000);
    expect(await numEpochsBegun(prefix)).toBe(2);
    const [after, elsewhere] = [await one.read(), await two.read()];
    expect(elsewhere).toEqual(after);
    expect(after.top.epoch).not.toBe(before.top.epoch);
    expect(after.publications.slice(0, 5)).toEqual(before.publications);
    const late = await node(prefix);
    expect(await late.read()).toEqual(after);
    const { position } = await late.publish(7);
    expect(position).toEqual({ offset: after.top.offset + 1, epoch: after.top.epoch });
  });

  test('G5: a stream that was deleted is another one, and its readers are told', async () => {
    const prefix = ownPrefix();
    const one = await node(prefix);
    const before = (await one.publish(1)).position;
    await using client = await server().client();
    await client.channel.deleteQueue(`${prefix}.log`);
    await vi.waitFor(() => one.broker.probe(), 20_000);
    const { top } = await one.read();
    expect(top.offset).toBe(0);
    expect(top.epoch).not.toBe(before.epoch);
  });
});
