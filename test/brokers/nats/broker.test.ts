/** The NATS broker against the suites, on a real server. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import type { NatsOptions } from '../../../src/brokers/nats/options.js';
import { brokerSuite, controlChannelSuite } from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { makeCredentials } from '../../support/brokers/nats-credentials.js';
import { NatsServer, natsIsMissing, oldNatsProgram } from '../../support/brokers/nats-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { threeControls } from '../../support/engine/three-controls.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';
import { natsUnderTest, ports, skippedOverNats } from './nats-under-test.js';

const channel = channelName('news');
const text = trustedJsonText('"hello"');
const stream = { size: 5, ttlMs: 60_000 };

describe.skipIf(natsIsMissing())('nats', () => {
  let server: NatsServer;
  let count = 0;

  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function started(options: Partial<NatsOptions> = {}) {
    const broker = new NatsBroker({ url: server.url, prefix: `test-${++count}`, ...options }, ports);
    const events = new RecordedEvents();
    await broker.start(events);
    return { broker, events };
  }

  brokerSuite({
    name: 'nats, one server',
    framework: { describe, test },
    make: async () => natsUnderTest(server, { url: server.url, prefix: `suite-${++count}` }),
    skip: skippedOverNats,
  });

  controlChannelSuite({
    name: 'nats, one server',
    framework: { describe, test },
    make: () => {
      const prefix = `test-${++count}`;
      return threeControls(() => new NatsBroker({ url: server.url, prefix }, ports));
    },
  });

  test('G1: replicas are refused where the server would take two publications for one place', async () => {
    await using old = await NatsServer.start({ program: oldNatsProgram });
    const broker = new NatsBroker({ url: old.url, replicas: 3 }, ports);
    await expect(broker.start(new RecordedEvents())).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/^nats\.replicas above 1 need nats-server 2\.11 or newer; this one is 2\.9\.\d+$/),
    });
  });

  test('G7: what cannot be reached is an error, at the start and later on, and never an acknowledgement', async () => {
    await using other = await NatsServer.start();
    const broker = new NatsBroker(other.url, ports);
    await broker.start(new RecordedEvents());
    await other[Symbol.asyncDispose]();
    const failure = { code: 'ERR_BROKER' };
    await expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure);
    await expect(broker.publish(channel, { data: text }, { stream })).rejects.toMatchObject(failure);
    await expect(broker.subscribe(channel)).rejects.toMatchObject(failure);
    await expect(broker.history.read(channel, { limit: 1, reverse: false })).rejects.toMatchObject(failure);
    await expect(broker.control.send('hello')).rejects.toMatchObject(failure);
    await broker.close();
    await expect(new NatsBroker(other.url, ports).start(new RecordedEvents())).rejects.toMatchObject(failure);
  });

  test('G7: what is under way when the connection breaks is rejected at once', async () => {
    await using other = await NatsServer.start();
    const broker = new NatsBroker(other.url, ports);
    await broker.start(new RecordedEvents());
    other.pause();
    const under = [broker.publish(channel, { data: text }, {}), broker.publish(channel, { data: text }, { stream })];
    const results = Promise.allSettled(under);
    await other[Symbol.asyncDispose]();
    for (const result of await results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_BROKER' } });
    }
    await broker.close();
  });

  test('two fleets with different prefixes share a server without seeing each other', async () => {
    const [one, two] = [await started(), await started()];
    await two.broker.subscribe(channel);
    await one.broker.publish(channel, { data: text }, { stream });
    await two.broker.probe();
    expect(two.events.values(channel)).toEqual([]);
    expect((await two.broker.history.read(channel, { limit: 5, reverse: false })).top.offset).toBe(0);
    await Promise.all([one.broker.close(), two.broker.close()]);
  });

  test('G6: nodes that start together make one stream', async () => {
    const prefix = `together-${++count}`;
    const nodes = await Promise.all(Array.from({ length: 8 }, () => started({ prefix })));
    const connection = await server.connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const names: string[] = [];
    for await (const { config } of streams.list()) if (config.name.startsWith(`${prefix}_`)) names.push(config.name);
    expect(names.map((name) => name.split('_')[1]).sort()).toEqual(['history', 'life', 'once']);
    await connection.close();
    await Promise.all(nodes.map(({ broker }) => broker.close()));
  });

  test('G1: two nodes that publish in one channel at the same time share its offsets', async () => {
    const prefix = `race-${++count}`;
    const [one, two] = [await started({ prefix }), await started({ prefix })];
    await one.broker.subscribe(channel);
    const values = Array.from({ length: 200 }, (_, n) => n);
    const limits = { size: 1_000, ttlMs: 60_000 };
    const published = await Promise.all(
      values.map((n) => (n % 2 === 0 ? one : two).broker.publish(channel, { data: data(n) }, { stream: limits })),
    );
    await one.broker.probe();
    const received = one.events.publications(channel);
    expect(received.map(({ publication }) => publication.offset)).toEqual(values.map((n) => n + 1));
    for (const [n, { position }] of published.entries()) {
      expect(received[position.offset - 1]).toMatchObject({ publication: { data: data(n) }, epoch: position.epoch });
    }
    // More than one message can name those before it, so it is read in several steps.
    const page = await two.broker.history.read(channel, { limit: 1_000, reverse: false });
    expect(page.publications).toEqual(received.map(({ publication }) => publication));
    await Promise.all([one.broker.close(), two.broker.close()]);
  });

  test('G6: nodes that race with one key make one publication, and know it after a restart from disk', async () => {
    await using other = await NatsServer.start();
    const brokers = await Promise.all(
      [1, 2, 3].map(async () => {
        const broker = new NatsBroker(other.url, ports);
        await broker.start(new RecordedEvents());
        return broker;
      }),
    );
    const options = { stream, idempotencyKey: 'k' };
    const publishAll = () =>
      Promise.all(brokers.map((broker, n) => broker.publish(channel, { data: data(n) }, options)));
    const all = await publishAll();
    expect(all.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    for (const { position } of all) expect(position).toEqual(all[0]?.position);
    await other.startAgain();
    await vi.waitFor(async () => {
      for (const { position, duplicate } of await publishAll()) {
        expect([position, duplicate]).toEqual([all[0]?.position, true]);
      }
    }, 10_000);
    await Promise.all(brokers.map((broker) => broker.close()));
  });

  test('G6: a key whose publication is not kept any more is known with its place, after a restart too', async () => {
    await using other = await NatsServer.start();
    const broker = new NatsBroker(other.url, ports);
    await broker.start(new RecordedEvents());
    const limits = { size: 1, ttlMs: 60_000 };
    const options = { stream: limits, idempotencyKey: 'k' };
    const first = await broker.publish(channel, { data: text }, options);
    for (let n = 0; n < 150; n++) await broker.publish(channel, { data: data(n) }, { stream: limits });
    const again = { position: first.position, duplicate: true };
    expect(await broker.publish(channel, { data: text }, options)).toEqual(again);
    await other.startAgain();
    await vi.waitFor(async () => expect(await broker.publish(channel, { data: text }, options)).toEqual(again), 10_000);
    await broker.close();
  });

  test('G5: a restart from disk begins a new epoch, and keeps what there is', async () => {
    await using other = await NatsServer.start();
    const broker = new NatsBroker(other.url, ports);
    const events = new RecordedEvents();
    await broker.start(events);
    await broker.subscribe(channel);
    const before = await broker.publish(channel, { data: text }, { stream });
    await other.startAgain();
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), { timeout: 15_000 });
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
    await broker.close();
  });

  test.each(['erased', 'in memory'])('G5: a server that comes back empty (%s) begins a new epoch', async (how) => {
    await using other = await NatsServer.start();
    const options = { url: other.url, storage: how === 'erased' ? 'file' : 'memory' } as const;
    const broker = new NatsBroker(options, ports);
    const events = new RecordedEvents();
    await broker.start(events);
    const before = await broker.publish(channel, { data: text }, { stream });
    await other.kill();
    if (how === 'erased') await other.erase();
    await other.startAgain();
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), { timeout: 15_000 });
    const after = await broker.publish(channel, { data: text }, { stream });
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    await broker.close();
  });

  test('G5: a stream that somebody deletes is made again, with a new epoch, and subscribers are looked after', async () => {
    const { broker, events } = await started();
    const before = await broker.publish(channel, { data: text }, { stream });
    const connection = await server.connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    for await (const { config } of streams.list()) {
      if (config.name.startsWith(`test-${count}_history_`)) await streams.delete(config.name);
    }
    await expect(broker.publish(channel, { data: text }, { stream })).rejects.toMatchObject({ code: 'ERR_BROKER' });
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), { timeout: 15_000 });
    const after = await broker.publish(channel, { data: text }, { stream });
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    await connection.close();
    await broker.close();
  });

  test('the stream grows with what a channel wants to keep', async () => {
    const { broker } = await started({ maxAgeMs: 600_000 });
    const size = 1_500;
    const limits = { size, ttlMs: 1_200_000 };
    for (let n = 0; n < 3; n++) await broker.publish(channel, { data: data(n) }, { stream: limits });
    const connection = await server.connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    for await (const { config } of streams.list()) {
      if (!config.name.startsWith(`test-${count}_history_`)) continue;
      expect(config.max_msgs_per_subject).toBe(2_048);
      expect(config.max_age).toBe(limits.ttlMs * 1_000_000);
    }
    await connection.close();
    await broker.close();
  });

  test('a message that is larger than the server takes is refused as that', async () => {
    const { broker } = await started();
    const large = trustedJsonText(JSON.stringify('x'.repeat(2_000_000)));
    for (const options of [{}, { stream }, { idempotencyKey: 'k' }]) {
      await expect(broker.publish(channel, { data: large }, options)).rejects.toMatchObject({
        code: 'ERR_MESSAGE_TOO_LARGE',
      });
    }
    await broker.close();
  });

  test('F14 G7: a server that is full takes nothing more, and keeps what it has acknowledged', async () => {
    await using other = await NatsServer.start({ jetStream: ['max_file_store: 1MB'] });
    const broker = new NatsBroker(other.url, ports);
    await broker.start(new RecordedEvents());
    const large = trustedJsonText(JSON.stringify('x'.repeat(100_000)));
    const limits = { size: 100, ttlMs: 60_000 };
    let acknowledged = 0;
    const fill = async () => {
      for (; acknowledged < 100; acknowledged++) await broker.publish(channel, { data: large }, { stream: limits });
    };
    await expect(fill()).rejects.toMatchObject({ code: 'ERR_BROKER' });
    const page = await broker.history.read(channel, { limit: 100, reverse: false });
    expect(page.publications.map(({ offset }) => offset)).toEqual(
      Array.from({ length: acknowledged }, (_, n) => n + 1),
    );
    expect(acknowledged).toBeGreaterThan(1);
    await broker.close();
  });

  test('G2: a node that the server cuts off for reading too slowly is told that it may have missed something', async () => {
    await using other = await NatsServer.start({ config: ['max_pending: 1MB', 'max_payload: 512KB'] });
    await using proxy = await FaultProxy.start({ port: other.port });
    const writer = new NatsBroker(other.url, ports);
    await writer.start(new RecordedEvents());
    const reader = new NatsBroker(`nats://127.0.0.1:${proxy.port}`, ports);
    const events = new RecordedEvents();
    await reader.start(events);
    await reader.subscribe(channel);
    // The proxy and the kernel take some as well.
    proxy.setFaults({ bytesPerSec: 1_000_000 }, 'toClient');
    const large = data('x'.repeat(400_000));
    while (!other.output.includes('Slow Consumer')) await writer.publish(channel, { data: large }, {});
    proxy.restore();
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), { timeout: 15_000 });
    await reader.probe();
    await Promise.all([writer.close(), reader.close()]);
  });

  test('G11: what may wait is bounded, in number and in size', async () => {
    const { broker } = await started({ maxInFlight: 10, maxInFlightChars: 1_000 });
    const long = data('x'.repeat(300));
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
    await broker.close();
  });

  test('a file with credentials', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fanfare-nats-user-'));
    const credentialsFile = join(folder, 'user.creds');
    await using other = await NatsServer.start({ config: makeCredentials(credentialsFile) });
    const broker = new NatsBroker({ url: other.url, credentialsFile }, ports);
    await broker.start(new RecordedEvents());
    expect((await broker.publish(channel, { data: text }, { stream })).position.offset).toBe(1);
    await broker.close();
    const failure = { code: 'ERR_BROKER' };
    await expect(new NatsBroker(other.url, ports).start(new RecordedEvents())).rejects.toMatchObject(failure);
    const absent = new NatsBroker({ url: other.url, credentialsFile: join(folder, 'none') }, ports);
    await expect(absent.start(new RecordedEvents())).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    await rm(folder, { recursive: true });
  });

  test('user and password, and what they may not subscribe to', async () => {
    const config = [
      'authorization { users: [{ user: "fan", password: "p@ss", permissions: {',
      '  publish: ["fanfare.>", "$JS.API.>"],',
      '  subscribe: { allow: ["fanfare.>", "_INBOX.>"], deny: "fanfare.p.secret" }',
      '} }] }',
    ];
    await using other = await NatsServer.start({ config, login: 'fan:p%40ss@' });
    const broker = new NatsBroker(other.url, ports);
    await broker.start(new RecordedEvents());
    await broker.subscribe(channel);
    await broker.publish(channel, { data: text }, { stream, idempotencyKey: 'k' });
    await broker.publish(channel, { data: text }, { idempotencyKey: 'k' });
    await broker.history.remove(channel);
    await broker.probe();
    await expect(broker.subscribe(channelName('secret'))).rejects.toMatchObject({ code: 'ERR_BROKER' });
    await broker.close();
    const stranger = new NatsBroker(other.url.replace('p%40ss', 'wrong'), ports);
    await expect(stranger.start(new RecordedEvents())).rejects.toMatchObject({ code: 'ERR_BROKER' });
  });
});

function data(value: unknown) {
  return trustedJsonText(JSON.stringify(value));
}
