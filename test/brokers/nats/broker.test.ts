/** The NATS broker against the suites, on a real server. */

import { join } from 'node:path';
import { jetstreamManager, type StreamAPI, type StreamConfig } from '@nats-io/jetstream';
import { describe, expect, test, vi } from 'vitest';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import type { NatsOptions } from '../../../src/brokers/nats/options.js';
import { Folder } from '../../cli/fanfare-process.js';
import { makeCredentials } from '../../support/brokers/nats-credentials.js';
import { NatsServer, natsIsMissing, oldNatsProgram } from '../../support/brokers/nats-server.js';
import { failure, json, ownPrefix, ports, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';
import { runSuitesOver } from './nats-under-test.js';

const channel = channelName('news');
const text = json('hello');
const stream = { size: 5, ttlMs: 60_000 };

describe.skipIf(natsIsMissing())('nats', () => {
  const server = shared(NatsServer.start);
  const begun = (options: Partial<NatsOptions> = {}) =>
    started(new NatsBroker({ url: server().url, prefix: ownPrefix(), ...options }, ports));

  runSuitesOver('nats, one server', server, () => ({ url: server().url }));

  /** The histories of the nodes with a prefix. */
  async function withHistories(prefix: string, work: (streams: StreamAPI, config: StreamConfig) => Promise<unknown>) {
    const connection = await server().connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    for await (const { config } of streams.list()) {
      if (config.name.startsWith(`${prefix}_history_`)) await work(streams, config);
    }
    await connection.close();
  }

  test('G1: replicas are refused where the server would take two publications for one place', async () => {
    await using old = await NatsServer.start({ program: oldNatsProgram });
    await expect(started(new NatsBroker({ url: old.url, replicas: 3 }, ports))).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/^nats\.replicas above 1 need nats-server 2\.11 or newer; this one is 2\.9\.\d+$/),
    });
  });

  test('G7: what cannot be reached is an error, at the start and later on, and never an acknowledgement', async () => {
    await using other = await NatsServer.start();
    const { broker } = await started(new NatsBroker(other.url, ports));
    await other[Symbol.asyncDispose]();
    await expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure);
    await expect(broker.publish(channel, { data: text }, { stream })).rejects.toMatchObject(failure);
    await expect(broker.subscribe(channel)).rejects.toMatchObject(failure);
    await expect(broker.history.read(channel, { limit: 1, reverse: false })).rejects.toMatchObject(failure);
    await expect(broker.control.send('hello')).rejects.toMatchObject(failure);
    await expect(started(new NatsBroker(other.url, ports))).rejects.toMatchObject(failure);
  });

  test('G7: what is under way when the connection breaks is rejected at once', async () => {
    await using other = await NatsServer.start();
    const { broker } = await started(new NatsBroker(other.url, ports));
    other.pause();
    const under = [broker.publish(channel, { data: text }, {}), broker.publish(channel, { data: text }, { stream })];
    const results = Promise.allSettled(under);
    await other[Symbol.asyncDispose]();
    for (const result of await results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_BROKER' } });
  });

  test('two fleets with different prefixes share a server without seeing each other', async () => {
    const [one, two] = [await begun(), await begun()];
    await two.broker.subscribe(channel);
    await one.broker.publish(channel, { data: text }, { stream });
    await two.broker.probe();
    expect(two.events.values(channel)).toEqual([]);
    expect((await two.broker.history.read(channel, { limit: 5, reverse: false })).top.offset).toBe(0);
  });

  test('G6: nodes that start together make one stream', async () => {
    const prefix = ownPrefix();
    await Promise.all(Array.from({ length: 8 }, () => begun({ prefix })));
    const connection = await server().connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const names: string[] = [];
    for await (const { config } of streams.list()) if (config.name.startsWith(`${prefix}_`)) names.push(config.name);
    expect(names.map((name) => name.split('_')[1]).sort()).toEqual(['history', 'life', 'once']);
    await connection.close();
  });

  test('G1: two nodes that publish in one channel at the same time share its offsets', async () => {
    const prefix = ownPrefix();
    const [one, two] = [await begun({ prefix }), await begun({ prefix })];
    await one.broker.subscribe(channel);
    const values = Array.from({ length: 200 }, (_, n) => n);
    const limits = { size: 1_000, ttlMs: 60_000 };
    const published = await Promise.all(
      values.map((n) => (n % 2 === 0 ? one : two).broker.publish(channel, { data: json(n) }, { stream: limits })),
    );
    await one.broker.probe();
    const received = one.events.publications(channel);
    expect(received.map(({ publication }) => publication.offset)).toEqual(values.map((n) => n + 1));
    for (const [n, { position }] of published.entries())
      expect(received[position.offset - 1]).toMatchObject({ publication: { data: json(n) }, epoch: position.epoch });
    // More than one message can name those before it, so it is read in several steps.
    const page = await two.broker.history.read(channel, { limit: 1_000, reverse: false });
    expect(page.publications).toEqual(received.map(({ publication }) => publication));
  });

  test('G6: nodes that race with one key make one publication, and know it after a restart from disk', async () => {
    await using other = await NatsServer.start();
    const brokers = await Promise.all(
      [1, 2, 3].map(async () => (await started(new NatsBroker(other.url, ports))).broker),
    );
    const options = { stream, idempotencyKey: 'k' };
    const publishAll = () =>
      Promise.all(brokers.map((broker, n) => broker.publish(channel, { data: json(n) }, options)));
    const all = await publishAll();
    expect(all.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    for (const { position } of all) expect(position).toEqual(all[0]?.position);
    await other.startAgain();
    await vi.waitFor(async () => {
      for (const { position, duplicate } of await publishAll())
        expect([position, duplicate]).toEqual([all[0]?.position, true]);
    });
  });

  test('G6: a key whose publication is not kept any more is known with its place, after a restart too', async () => {
    await using other = await NatsServer.start();
    const { broker } = await started(new NatsBroker(other.url, ports));
    const limits = { size: 1, ttlMs: 60_000 };
    const options = { stream: limits, idempotencyKey: 'k' };
    const first = await broker.publish(channel, { data: text }, options);
    for (let n = 0; n < 150; n++) await broker.publish(channel, { data: json(n) }, { stream: limits });
    const again = { position: first.position, duplicate: true };
    expect(await broker.publish(channel, { data: text }, options)).toEqual(again);
    await other.startAgain();
    await vi.waitFor(async () => expect(await broker.publish(channel, { data: text }, options)).toEqual(again));
  });

  test('G5: a restart from disk begins a new epoch, and keeps what there is', async () => {
    await using other = await NatsServer.start();
    const { broker, events } = await started(new NatsBroker(other.url, ports));
    await broker.subscribe(channel);
    const before = await broker.publish(channel, { data: text }, { stream });
    await other.startAgain();
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), 15_000);
    const page = await broker.history.read(channel, { limit: 5, reverse: false, since: before.position });
    expect(page.continuous).toBe(false);
    expect(page.top.epoch).not.toBe(before.position.epoch);
    expect((await broker.history.read(channel, { limit: 5, reverse: false })).publications).toHaveLength(1);
    const after = await broker.publish(channel, { data: text }, { stream });
    expect(after.position).toEqual({ offset: 2, epoch: page.top.epoch });
    await broker.probe();
    expect(events.publications(channel).map(({ publication, epoch }) => [publication.offset, epoch])).toEqual([
      [1, before.position.epoch],
      [2, page.top.epoch],
    ]);
  });

  test.each(['erased', 'in memory'])('G5: a server that comes back empty (%s) begins a new epoch', async (how) => {
    await using other = await NatsServer.start();
    const options = { url: other.url, storage: how === 'erased' ? 'file' : 'memory' } as const;
    const { broker, events } = await started(new NatsBroker(options, ports));
    const before = await broker.publish(channel, { data: text }, { stream });
    await other.kill();
    if (how === 'erased') await other.erase();
    await other.startAgain();
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), 15_000);
    const after = await broker.publish(channel, { data: text }, { stream });
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(before.position.epoch);
  });

  test('G5: a stream that somebody deletes is made again, with a new epoch, and subscribers are looked after', async () => {
    const prefix = ownPrefix();
    const { broker, events } = await begun({ prefix });
    const before = await broker.publish(channel, { data: text }, { stream });
    await withHistories(prefix, (streams, { name }) => streams.delete(name));
    await expect(broker.publish(channel, { data: text }, { stream })).rejects.toMatchObject(failure);
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), 15_000);
    const after = await broker.publish(channel, { data: text }, { stream });
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(before.position.epoch);
  });

  test('the stream grows with what a channel wants to keep', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun({ prefix, maxAgeMs: 600_000 });
    const limits = { size: 1_500, ttlMs: 1_200_000 };
    for (let n = 0; n < 3; n++) await broker.publish(channel, { data: json(n) }, { stream: limits });
    await withHistories(prefix, async (_, { max_msgs_per_subject, max_age }) => {
      expect(max_msgs_per_subject).toBe(2_048);
      expect(max_age).toBe(limits.ttlMs * 1_000_000);
    });
  });

  test('a message that is larger than the server takes is refused as that', async () => {
    const { broker } = await begun();
    const large = json('x'.repeat(2_000_000));
    for (const options of [{}, { stream }, { idempotencyKey: 'k' }]) {
      await expect(broker.publish(channel, { data: large }, options)).rejects.toMatchObject({
        code: 'ERR_MESSAGE_TOO_LARGE',
      });
    }
  });

  test('F14 G7: a server that is full takes nothing more, and keeps what it has acknowledged', async () => {
    await using other = await NatsServer.start({ jetStream: ['max_file_store: 1MB'] });
    const { broker } = await started(new NatsBroker(other.url, ports));
    const large = json('x'.repeat(100_000));
    const limits = { size: 100, ttlMs: 60_000 };
    let acknowledged = 0;
    const fill = async () => {
      for (; acknowledged < 100; acknowledged++) await broker.publish(channel, { data: large }, { stream: limits });
    };
    await expect(fill()).rejects.toMatchObject(failure);
    const page = await broker.history.read(channel, { limit: 100, reverse: false });
    expect(page.publications.map(({ offset }) => offset)).toEqual(
      Array.from({ length: acknowledged }, (_, n) => n + 1),
    );
    expect(acknowledged).toBeGreaterThan(1);
  });

  test('G2: a node that the server cuts off for reading too slowly is told that it may have missed something', async () => {
    await using other = await NatsServer.start({ config: ['max_pending: 1MB', 'max_payload: 512KB'] });
    await using proxy = await FaultProxy.start({ port: other.port });
    const { broker: writer } = await started(new NatsBroker(other.url, ports));
    const { broker: reader, events } = await started(new NatsBroker(`nats://127.0.0.1:${proxy.port}`, ports));
    await reader.subscribe(channel);
    // The proxy and the kernel take some as well.
    proxy.setFaults({ bytesPerSec: 1_000_000 }, 'toClient');
    const large = json('x'.repeat(400_000));
    while (!other.output.includes('Slow Consumer')) await writer.publish(channel, { data: large }, {});
    proxy.restore();
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), 15_000);
    await reader.probe();
  });

  test('G11: what may wait is bounded, in number and in size', async () => {
    const { broker } = await begun({ maxInFlight: 10, maxInFlightChars: 1_000 });
    const long = json('x'.repeat(300));
    for (const options of [{}, { stream }]) {
      for (const [payload, bound] of [
        [text, 10],
        [long, 3],
      ] as const) {
        const all = await Promise.allSettled(
          Array.from({ length: 20 }, () => broker.publish(channel, { data: payload }, options)),
        );
        expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(bound);
        for (const one of all.slice(bound)) expect(one).toMatchObject({ reason: { code: 'ERR_BROKER' } });
      }
    }
  });

  test('a file with credentials', async () => {
    using folder = new Folder();
    const credentialsFile = join(folder.path, 'user.creds');
    await using other = await NatsServer.start({ config: makeCredentials(credentialsFile) });
    const { broker } = await started(new NatsBroker({ url: other.url, credentialsFile }, ports));
    expect((await broker.publish(channel, { data: text }, { stream })).position.offset).toBe(1);
    await expect(started(new NatsBroker(other.url, ports))).rejects.toMatchObject(failure);
    const absent = new NatsBroker({ url: other.url, credentialsFile: join(folder.path, 'none') }, ports);
    await expect(started(absent)).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  });

  test('user and password, and what they may not subscribe to', async () => {
    const config = [
      'authorization { users: [{ user: "fan", password: "p@ss", permissions: {',
      '  publish: ["fanfare.>", "$JS.API.>"],',
      '  subscribe: { allow: ["fanfare.>", "_INBOX.>"], deny: "fanfare.p.secret" }',
      '} }] }',
    ];
    await using other = await NatsServer.start({ config, login: 'fan:p%40ss@' });
    const { broker } = await started(new NatsBroker(other.url, ports));
    await broker.subscribe(channel);
    await broker.publish(channel, { data: text }, { stream, idempotencyKey: 'k' });
    await broker.publish(channel, { data: text }, { idempotencyKey: 'k' });
    await broker.history.remove(channel);
    await broker.probe();
    await expect(broker.subscribe(channelName('secret'))).rejects.toMatchObject(failure);
    const stranger = new NatsBroker(other.url.replace('p%40ss', 'wrong'), ports);
    await expect(started(stranger)).rejects.toMatchObject(failure);
  });
});
