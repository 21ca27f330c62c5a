/** The RabbitMQ broker against the suites, on a real server. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RabbitmqBroker } from '../../../src/brokers/rabbitmq/broker.js';
import type { RabbitmqOptions } from '../../../src/brokers/rabbitmq/options.js';
import { versionClaimNames } from '../../../src/conformance/broker-version-claims.js';
import { brokerSuite, controlChannelSuite } from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { channel as declaredChannel } from '../../../src/engine/channels/channel-options.js';
import { ChannelRules } from '../../../src/engine/channels/rules.js';
import type { Clock } from '../../../src/engine/ports/clock.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../../support/brokers/rabbitmq-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { threeControls } from '../../support/engine/three-controls.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';

const channel = channelName('news');
const text = trustedJsonText('"hello"');
const ports = { clock: systemClock, random: systemRandom, log: silentLogger };
const failure = { code: 'ERR_BROKER' };

const abilities = {
  history: [
    'reads a stream that was never published to as empty, with an epoch',
    'an acknowledged position is where the publication is',
    'keeps data and info as the text that they were',
    'keeps the newest publications up to the size',
    'reads forwards and backwards, with limits',
    'says whether a page follows its starting point without a hole',
    'empties a stream after its time and keeps the position',
    'each publication puts the end of the stream off',
    'removing history leaves the position',
    'streams of different channels are apart',
  ],
  idempotency: [
    'one key is one publication, however many race',
    'another payload under a known key is the first publication',
    'keys of different channels are apart',
    'a key works without a stream too',
    'a key is forgotten after its window',
  ],
  presence: [
    'lists who is there, and counts clients and users',
    'keeps info as the text that it was',
    'adding again renews and replaces',
    'removing takes out one client, once',
    'an entry that is not renewed is gone after its time',
  ],
  versions: versionClaimNames,
};

const reasons = {
  history: 'history: this one is told to keep none',
  idempotency: 'idempotency: it takes the memory that history needs',
  versions: 'versions: none are compared',
  presence: 'presence: the nodes ask each other over the control channel',
};

function skipped(...absent: readonly (keyof typeof abilities)[]) {
  return absent.flatMap((ability) => abilities[ability].map((test) => ({ test, reason: reasons[ability] })));
}

describe.skipIf(rabbitmqIsMissing())('rabbitmq', () => {
  let server: RabbitmqServer;
  let count = 0;

  beforeAll(async () => {
    server = await RabbitmqServer.start();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  function made(options: Partial<RabbitmqOptions> = {}, clock = systemClock) {
    return new RabbitmqBroker({ url: server.url, prefix: `test-${++count}`, ...options }, { ...ports, clock });
  }

  brokerSuite({
    name: 'rabbitmq, one server',
    framework: { describe, test },
    make: async () => {
      let passedMs = 0;
      const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + passedMs };
      const broker = made({}, clock);
      return {
        broker,
        advance: async (ms) => {
          passedMs += ms;
        },
        settle: () => broker.probe(),
      };
    },
    skip: skipped('presence', 'versions'),
  });

  brokerSuite({
    name: 'rabbitmq, without history',
    framework: { describe, test },
    make: async () => {
      const broker = made({ history: false });
      return { broker, advance: async () => undefined, settle: () => broker.probe() };
    },
    skip: skipped('presence', 'history', 'idempotency', 'versions'),
  });

  controlChannelSuite({
    name: 'rabbitmq, one server',
    framework: { describe, test },
    make: () => {
      const prefix = `test-${++count}`;
      return threeControls(() => made({ prefix }));
    },
  });

  test('without history a rule that asks for it is refused, and a key for which there is no memory', async () => {
    const broker = made({ history: false });
    const rules = { 'chat:{room}': declaredChannel({ history: { size: 10 } }) };
    expect(() => new ChannelRules(rules, broker, { maxMessageBytes: 1_000 })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG' }),
    );
    await broker.start(new RecordedEvents());
    const refusal = { code: 'ERR_NOT_AVAILABLE' };
    await expect(broker.publish(channel, { data: text }, { idempotencyKey: 'k' })).rejects.toMatchObject(refusal);
    await broker.close();
  });

  test('two fleets with different prefixes share a server without hearing each other', async () => {
    const [one, two] = [made(), made()];
    const events = new RecordedEvents();
    await one.start(new RecordedEvents());
    await two.start(events);
    await two.subscribe(channel);
    await one.publish(channel, { data: text }, {});
    await two.probe();
    expect(events.values(channel)).toEqual([]);
    await Promise.all([one.close(), two.close()]);
  });

  test('the longest names are names like others', async () => {
    const [one, two] = ['a'.repeat(255), `${'ä'.repeat(127)}b`].map(channelName);
    if (one === undefined || two === undefined) throw new Error('two were made');
    const broker = made();
    const events = new RecordedEvents();
    await broker.start(events);
    for (const name of [one, two]) await broker.subscribe(name);
    for (const name of [one, two]) await broker.publish(name, { data: text }, {});
    await broker.probe();
    expect([events.values(one), events.values(two)]).toEqual([['hello'], ['hello']]);
    await broker.close();
  });

  test('G7 G10: what cannot be reached is an error, and everything is heard again when it can', async () => {
    await using proxy = await FaultProxy.start({ port: server.port });
    const broker = made({ url: `amqp://127.0.0.1:${proxy.port}` });
    const events = new RecordedEvents();
    await broker.start(events);
    await broker.subscribe(channel);
    proxy.cut();
    await vi.waitFor(() => expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure));
    await expect(broker.subscribe(channelName('other'))).rejects.toMatchObject(failure);
    await expect(broker.probe()).rejects.toMatchObject(failure);
    await expect(made({ url: `amqp://127.0.0.1:${proxy.port}` }).start(new RecordedEvents())).rejects.toMatchObject(
      failure,
    );
    proxy.restore();
    await vi.waitFor(() => broker.probe(), 10_000);
    expect(events.interruptions).not.toEqual([]);
    await broker.publish(channel, { data: trustedJsonText('"again"') }, {});
    await broker.probe();
    expect(events.values(channel)).toEqual(['again']);
    await broker.close();
  });

  test('F4 G7: nothing is acknowledged through a black hole, and what waits is bounded in number and time', async () => {
    await using proxy = await FaultProxy.start({ port: server.port });
    const broker = made({ url: `amqp://127.0.0.1:${proxy.port}`, maxInFlight: 20, timeoutMs: 1_000 });
    await broker.start(new RecordedEvents());
    proxy.setFaults({ blackHole: true });
    const began = performance.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => broker.publish(channel, { data: text }, {})),
    );
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(performance.now() - began).toBeLessThan(10_000);
    proxy.setFaults({});
    await vi.waitFor(() => broker.publish(channel, { data: text }, {}), 10_000);
    await broker.close();
  });

  test('a node that is too slow loses the oldest and is told', async () => {
    const prefix = `test-${++count}`;
    const sender = made({ prefix });
    await using proxy = await FaultProxy.start({ port: server.port });
    const behind = made({ prefix, maxQueueLength: 5, prefetch: 1, url: `amqp://127.0.0.1:${proxy.port}` });
    const events = new RecordedEvents();
    await behind.start(events);
    await sender.start(new RecordedEvents());
    await behind.subscribe(channel);
    proxy.setFaults({ blackHole: true });
    for (let n = 1; n <= 50; n++) await sender.publish(channel, { data: trustedJsonText(`${n}`) }, {});
    proxy.setFaults({});
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), 10_000);
    await behind.probe();
    expect(events.values(channel).at(-1)).toBe(50);
    expect(events.values(channel).length).toBeLessThan(50);
    await Promise.all([sender.close(), behind.close()]);
  });

  test('a server that is short of memory takes nothing, which is an error at once', async () => {
    const broker = made();
    await broker.start(new RecordedEvents());
    await server.control('eval', 'rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).');
    await vi.waitFor(() => expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure));
    const began = performance.now();
    await expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure);
    expect(performance.now() - began).toBeLessThan(500);
    await server.control('eval', 'rabbit_alarm:clear_alarm({resource_limit, memory, node()}).');
    await vi.waitFor(() => broker.publish(channel, { data: text }, {}), 10_000);
    await broker.close();
  });
});
