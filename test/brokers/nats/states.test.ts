/** States in which a real NATS answers and does not do its work: each is recognised and named, with what ends it. */

import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { describe, expect, test, vi } from 'vitest';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import { natsStates } from '../../../src/brokers/nats/states.js';
import { stateOf } from '../../../src/brokers/server-states.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { NatsServer, type NatsServerOptions, natsIsMissing } from '../../support/brokers/nats-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { RecordedLog } from '../../support/engine/recorded-log.js';

const stream = { size: 100, ttlMs: 60_000 };
const data = trustedJsonText('1');
const [news, plain] = [channelName('news'), channelName('plain')];
const kinds = { history: true, presence: false };
const unlimited = { max_bytes: -1, max_msgs: -1, max_msg_size: -1 };

describe.skipIf(natsIsMissing())('nats', () => {
  async function started(options: NatsServerOptions = {}) {
    const server = await NatsServer.start(options);
    const log = new RecordedLog();
    const events = new RecordedEvents();
    const broker = new NatsBroker(
      { url: server.url, timeoutMs: 2_000 },
      { clock: systemClock, random: systemRandom, log },
    );
    return {
      ...{ server, broker, events, log },
      start: async () => {
        await broker.start(events);
        await broker.subscribe(news);
        return broker.publish(news, { data }, { stream });
      },
      async [Symbol.asyncDispose]() {
        await broker.close();
        await server[Symbol.asyncDispose]();
      },
    };
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
      await using site = await started();
      const { broker, server } = site;
      const before = await site.start();
      await change(server, kind, limits);
      const refused = { code: 'ERR_BROKER', retryable: true, state: name, remedy: expect.any(String) };
      const probing = broker.probe().then(() => broker.probeKeeping(kinds));
      await expect(probing).rejects.toMatchObject(refused);
      const publishing =
        kind === 'history'
          ? broker.publish(news, { data }, { stream })
          : broker.publish(plain, { data }, { idempotencyKey: 'k' });
      await expect(publishing).rejects.toMatchObject(refused);
      if (name === 'sealed') await change(server, kind, 'delete');
      else await change(server, kind, unlimited);
      const after = await vi.waitFor(
        async () => {
          await broker.probe();
          await broker.probeKeeping(kinds);
          return broker.publish(news, { data }, { stream });
        },
        { timeout: 15_000, interval: 50 },
      );
      // What was refused has used up no offset; another stream is another life.
      if (name === 'sealed') expect(after.position.epoch).not.toBe(before.position.epoch);
      else expect(after.position).toEqual({ ...before.position, offset: 2 });
    },
  );

  test.each(['history', 'life', 'once', ''])(
    'G2 G5: the stream %j is deleted under a running node: it is made anew, and whoever may have missed something is told',
    async (kind) => {
      await using site = await started();
      const { broker, server, events } = site;
      const before = await site.start();
      await change(server, kind, 'delete');
      const after = await vi.waitFor(
        async () => {
          await broker.probe();
          await broker.probeKeeping(kinds);
          return broker.publish(news, { data }, { stream });
        },
        { timeout: 15_000, interval: 50 },
      );
      if (kind === 'once') {
        expect(after.position).toEqual({ ...before.position, offset: 2 });
        return;
      }
      expect(after.position.epoch).not.toBe(before.position.epoch);
      expect(events.interruptions.length).toBeGreaterThan(0);
    },
  );

  test('G7 G10: the server is at its limit (max_file): the probe says so with the first publication that is refused', async () => {
    await using site = await started({ jetStream: ['max_file: 20000'] });
    const { broker } = site;
    await site.start();
    const large = trustedJsonText(`"${'x'.repeat(2_000)}"`);
    const refused = { code: 'ERR_BROKER', state: 'full' };
    await vi.waitFor(() => expect(broker.publish(news, { data: large }, { stream })).rejects.toMatchObject(refused), {
      timeout: 5_000,
      interval: 1,
    });
    await vi.waitFor(() => expect(broker.probeKeeping(kinds)).rejects.toMatchObject(refused), { timeout: 5_000 });
  });

  const account = (limits: string) => [`accounts { APP: { users: [{ user: "fan", password: "p" }], ${limits} } }`];

  test('G7 G10: the account is at its limit (max_file): it is named as full', async () => {
    await using site = await started({ config: account('jetstream: { max_file: 20000 }'), login: 'fan:p@' });
    await site.start();
    const large = trustedJsonText(`"${'x'.repeat(2_000)}"`);
    const refused = { code: 'ERR_BROKER', state: 'full' };
    const publish = () => site.broker.publish(news, { data: large }, { stream });
    await vi.waitFor(() => expect(publish()).rejects.toMatchObject(refused), { timeout: 5_000, interval: 1 });
  });

  const rights = (publish: string) => [
    `authorization { users: [{ user: "fan", password: "p", permissions: { publish: { deny: ${publish} } } }] }`,
  ];

  test('G7: what its user may not publish is not acknowledged', async () => {
    await using site = await started({ config: rights('["fanfare.p.plain", "fanfare.h.news"]'), login: 'fan:p@' });
    const { broker, events } = site;
    await broker.start(events);
    for (const channel of [plain, channelName('other')]) await broker.subscribe(channel);
    const refused = { code: 'ERR_BROKER', state: 'permissions' };
    const outcomes = await Promise.allSettled([
      broker.publish(plain, { data }, {}),
      broker.publish(channelName('other'), { data }, {}),
      broker.publish(plain, { data }, {}),
      broker.publish(news, { data }, { stream }),
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
    await using site = await started({ config: rights('"fanfare.p.>"'), login: 'fan:p@' });
    await site.broker.start(site.events);
    await expect(site.broker.probe()).rejects.toMatchObject({ code: 'ERR_BROKER', state: 'permissions' });
  });

  test('another password while it is down is named', async () => {
    const config = ['authorization { users: [{ user: "fan", password: "p" }] }'];
    await using site = await started({ config, login: 'fan:p@' });
    const { server, broker, log } = site;
    await site.start();
    await server.kill();
    const { port } = server;
    const other = ['authorization { users: [{ user: "fan", password: "another" }] }'];
    await using _other = await NatsServer.start({ port, config: other });
    await vi.waitFor(() => expect(log.errors.map(({ state }) => state)).toContain('login'), { timeout: 10_000 });
    await expect(broker.probe()).rejects.toMatchObject({ code: 'ERR_BROKER', state: 'login' });
  });
});

test.each([
  ['no quorum', 'JetStream system temporarily unavailable'],
  ['no quorum', 'timeout'],
  ['no quorum', 'stream is offline'],
  ['full', 'resource limits exceeded for account'],
  ['full', 'insufficient storage resources available'],
  ['max_connections', 'maximum account active connections exceeded'],
  ['no JetStream', 'jetstream is not enabled'],
  [undefined, 'wrong last sequence: 4'],
])('%s: what servers say of it', (name, text) => {
  expect(stateOf(new Error('outer', { cause: new Error(text) }), natsStates)?.name).toBe(name);
});
