/** States in which a real NATS answers and does not do its work: each is recognised and named, with what ends it. */

import { JetStreamApiError, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import { natsStates } from '../../../src/brokers/nats/states.js';
import { stateOf } from '../../../src/brokers/server-states.js';
import { NatsServer, type NatsServerOptions, natsIsMissing } from '../../support/brokers/nats-server.js';
import { failure, json, ports, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { RecordedLog } from '../../support/engine/recorded-log.js';

const data = json(1);
const large = json('x'.repeat(2_000));
const limitMs = 15_000;
const [news, plain] = [channelName('news'), channelName('plain')];
const kinds = { history: true, presence: false };
const unlimited = { max_bytes: -1, max_msgs: -1, max_msg_size: -1 };

describe.skipIf(natsIsMissing())('nats', () => {
  async function begun(options: NatsServerOptions = {}) {
    const server = await NatsServer.start(options);
    onTestFinished(() => server[Symbol.asyncDispose]());
    const log = new RecordedLog();
    const { broker, events } = await started(new NatsBroker({ url: server.url, timeoutMs: 2_000 }, { ...ports, log }));
    const publish = (what = data) => broker.publish(news, { data: what }, { stream });
    const works = () =>
      vi.waitFor(async () => {
        await broker.probe();
        await broker.probeKeeping(kinds);
        return publish();
      }, limitMs);
    return { server, broker, events, log, publish, works };
  }

  /** Changes the streams with such names. */
  async function change(server: NatsServer, kind: string, how: Partial<StreamConfig> | 'delete'): Promise<void> {
    const connection = await server.connection();
    const { streams } = await jetstreamManager(connection);
    for (const name of await streams.names().next()) {
      if (!name.includes(kind)) continue;
      if (how === 'delete') await streams.delete(name);
      else await streams.update(name, how);
    }
    await connection.close();
  }

  const states = [
    ['full', 'history', { max_bytes: 100 }],
    ['full', 'history', { max_msgs: 1 }],
    ['full', 'once', { max_bytes: 1 }],
    ['max_msg_size', 'history', { max_msg_size: 10 }],
    ['sealed', 'history', { sealed: true }],
  ] as const;

  test.each(states)(
    'G7 G10: %s: the stream %s %j is seen by probe and publication alike',
    async (name, kind, limits) => {
      const { broker, server, publish, works } = await begun();
      const before = await publish();
      await change(server, kind, limits);
      const refused = { ...failure, retryable: true, state: name, remedy: expect.any(String) };
      const probing = broker.probe().then(() => broker.probeKeeping(kinds));
      await expect(probing).rejects.toMatchObject(refused);
      const publishing = kind === 'history' ? publish() : broker.publish(plain, { data }, { idempotencyKey: 'k' });
      await expect(publishing).rejects.toMatchObject(refused);
      await change(server, kind, name === 'sealed' ? 'delete' : unlimited);
      const after = await works();
      // What was refused has used up no offset; another stream is another life.
      if (name === 'sealed') expect(after.position.epoch).not.toBe(before.position.epoch);
      else expect(after.position).toEqual({ ...before.position, offset: 2 });
    },
  );

  test.each(['history', 'life', 'once', ''])(
    'G2 G5: the stream %j is deleted under a running node: it is made anew, and whoever may have missed something is told',
    async (kind) => {
      const { broker, server, events, publish, works } = await begun();
      await broker.subscribe(news);
      const before = await publish();
      await change(server, kind, 'delete');
      const after = await works();
      if (kind === 'once') {
        expect(after.position).toEqual({ ...before.position, offset: 2 });
        return;
      }
      expect(after.position.epoch).not.toBe(before.position.epoch);
      expect(events.interruptions.length).toBeGreaterThan(0);
    },
  );

  test('G7 G10: the server is at its limit (max_file): the probe says so with the first publication that is refused', async () => {
    const { broker, publish } = await begun({ jetStream: ['max_file: 20000'] });
    await publish();
    const refused = { ...failure, state: 'full' };
    await vi.waitFor(() => expect(publish(large)).rejects.toMatchObject(refused), { timeout: 5_000, interval: 1 });
    await vi.waitFor(() => expect(broker.probeKeeping(kinds)).rejects.toMatchObject(refused));
  });

  const account = (limits: string) => [`accounts { APP: { users: [{ user: "fan", password: "p" }], ${limits} } }`];

  test('G7 G10: the account is at its limit (max_file): it is named as full', async () => {
    const { publish } = await begun({ config: account('jetstream: { max_file: 20000 }'), login: 'fan:p@' });
    await publish();
    const refused = { ...failure, state: 'full' };
    await vi.waitFor(() => expect(publish(large)).rejects.toMatchObject(refused), { timeout: 5_000, interval: 1 });
  });

  const rights = (publish: string) => [
    `authorization { users: [{ user: "fan", password: "p", permissions: { publish: { deny: ${publish} } } }] }`,
  ];

  test('G7: what its user may not publish is not acknowledged', async () => {
    const config = rights('["fanfare.p.plain", "fanfare.h.news"]');
    const { broker, events, publish } = await begun({ config, login: 'fan:p@' });
    for (const channel of [plain, channelName('other')]) await broker.subscribe(channel);
    const refused = { ...failure, state: 'permissions' };
    const outcomes = await Promise.allSettled([
      broker.publish(plain, { data }, {}),
      broker.publish(channelName('other'), { data }, {}),
      broker.publish(plain, { data }, {}),
      publish(),
    ]);
    expect(outcomes).toMatchObject([
      { reason: refused },
      { status: 'fulfilled' },
      { reason: refused },
      { reason: refused },
    ]);
    await expect(broker.publish(plain, { data }, {})).rejects.toMatchObject(refused);
    await broker.probe();
    expect([events.values(plain), events.values(channelName('other'))]).toEqual([[], [1]]);
  });

  test('G10: a user that may publish to no channel is not ready, and one that may is, with rights for channels alone', async () => {
    const { broker } = await begun({ config: rights('"fanfare.p.>"'), login: 'fan:p@' });
    await expect(broker.probe()).rejects.toMatchObject({ ...failure, state: 'permissions' });
  });

  test('another password while it is down is named', async () => {
    const config = ['authorization { users: [{ user: "fan", password: "p" }] }'];
    const { server, broker, log, publish } = await begun({ config, login: 'fan:p@' });
    await publish();
    await server.kill();
    const { port } = server;
    const other = ['authorization { users: [{ user: "fan", password: "another" }] }'];
    await using _other = await NatsServer.start({ port, config: other });
    await vi.waitFor(() => expect(log.errors.map(({ state }) => state)).toContain('login'));
    await expect(broker.probe()).rejects.toMatchObject({ ...failure, state: 'login' });
  });
});

test.each([
  ['no quorum', 10_008, 'JetStream system temporarily unavailable'],
  ['no quorum', 10_009, 'JetStream cluster can not handle request'],
  ['no quorum', 10_118, 'stream is offline'],
  ['no quorum', 10_194, 'stream is offline: a reason of 2.12'],
  ['full', 10_002, 'resource limits exceeded for account'],
  ['full', 10_027, 'maximum number of streams reached'],
  ['full', 10_028, 'insufficient memory resources available'],
  ['full', 10_047, 'insufficient storage resources available'],
  ['full', 10_077, 'maximum bytes exceeded'],
  ['max_msg_size', 10_077, 'message size exceeds maximum allowed'],
  ['no JetStream', 10_039, 'JetStream not enabled for account'],
  [undefined, 10_071, 'wrong last sequence: 4'],
])('%s: what JetStream says of it (%i)', (name, code, description) => {
  const state = (words: string) =>
    stateOf(
      new Error('outer', { cause: new JetStreamApiError({ code: 503, err_code: code, description: words }) }),
      natsStates,
    );
  expect(state(description)?.name).toBe(name);
  // Versions have changed their words. What a stream's store says has one code for all of it.
  if (code !== 10_077) expect(state('other words')?.name).toBe(name);
});

test.each([
  ['no quorum', 'timeout'],
  ['max_connections', 'maximum account active connections exceeded'],
  ['no JetStream', 'jetstream is not enabled'],
])('%s: what the protocol and the library say of it', (name, text) => {
  expect(stateOf(new Error('outer', { cause: new Error(text) }), natsStates)?.name).toBe(name);
});
