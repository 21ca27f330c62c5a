/** The RabbitMQ broker against the suites, on a real server. */

import { describe, expect, test, vi } from 'vitest';
import { RabbitmqBroker } from '../../../src/brokers/rabbitmq/broker.js';
import type { RabbitmqOptions } from '../../../src/brokers/rabbitmq/options.js';
import { channel as declaredChannel } from '../../../src/engine/channels/channel-options.js';
import { ChannelRules } from '../../../src/engine/channels/rules.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../../support/brokers/rabbitmq-server.js';
import { failure, json, ownPrefix, ports, runSuites, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';

const channel = channelName('news');
const text = json('hello');

const lacking = {
  history: 'this one is told to keep none',
  maps: 'none are kept',
  answers: 'none are kept',
  mapRenewal: 'none are kept',
  idempotency: 'it takes the memory that history needs',
  presence: 'the nodes ask each other over the control channel',
  versions: 'none are compared',
};

const without = (...abilities: readonly (keyof typeof lacking)[]) =>
  abilities.map((ability) => ({ ability, reason: `${ability}: ${lacking[ability]}` }));

describe.skipIf(rabbitmqIsMissing())('rabbitmq', () => {
  const server = shared(() => RabbitmqServer.start());
  const made = (options: Partial<RabbitmqOptions> = {}, as = ports) =>
    new RabbitmqBroker({ url: server().url, prefix: ownPrefix(), ...options }, as);

  runSuites({
    name: 'rabbitmq, one server',
    make: (prefix, as) => made({ prefix }, as),
    skip: without('presence', 'versions', 'maps', 'mapRenewal', 'answers'),
  });

  runSuites({
    name: 'rabbitmq, without history',
    make: (prefix, as) => made({ prefix, history: false }, as),
    skip: without('presence', 'history', 'idempotency', 'versions', 'maps', 'mapRenewal', 'answers'),
  });

  test('without history a rule that asks for it is refused, and a key for which there is no memory', async () => {
    const { broker } = await started(made({ history: false }));
    const rules = { 'chat:{room}': declaredChannel({ history: { size: 10 } }) };
    expect(() => new ChannelRules(rules, broker, { maxMessageBytes: 1_000 })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG' }),
    );
    const refusal = { code: 'ERR_NOT_AVAILABLE' };
    await expect(broker.publish(channel, { data: text }, { idempotencyKey: 'k' })).rejects.toMatchObject(refusal);
  });

  test('two fleets with different prefixes share a server without hearing each other', async () => {
    const { broker: one } = await started(made());
    const { broker: two, events } = await started(made());
    await two.subscribe(channel);
    await one.publish(channel, { data: text }, {});
    await two.probe();
    expect(events.values(channel)).toEqual([]);
  });

  test('the longest names are names like others', async () => {
    const names = ['a'.repeat(255), `${'ä'.repeat(127)}b`].map(channelName);
    const { broker, events } = await started(made());
    for (const name of names) await broker.subscribe(name);
    for (const name of names) await broker.publish(name, { data: text }, {});
    await broker.probe();
    expect(names.map((name) => events.values(name))).toEqual([['hello'], ['hello']]);
  });

  test('G7 G10: what cannot be reached is an error, and everything is heard again when it can', async () => {
    await using proxy = await FaultProxy.start({ port: server().port });
    const url = `amqp://127.0.0.1:${proxy.port}`;
    const { broker, events } = await started(made({ url }));
    await broker.subscribe(channel);
    proxy.cut();
    await vi.waitFor(() => expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure));
    await expect(broker.subscribe(channelName('other'))).rejects.toMatchObject(failure);
    await expect(broker.probe()).rejects.toMatchObject(failure);
    await expect(started(made({ url }))).rejects.toMatchObject(failure);
    proxy.restore();
    await vi.waitFor(() => broker.probe());
    expect(events.interruptions).not.toEqual([]);
    await broker.publish(channel, { data: json('again') }, {});
    await broker.probe();
    expect(events.values(channel)).toEqual(['again']);
  });

  test('F4 G7: nothing is acknowledged through a black hole, and what waits is bounded in number and time', async () => {
    await using proxy = await FaultProxy.start({ port: server().port });
    const url = `amqp://127.0.0.1:${proxy.port}`;
    const { broker } = await started(made({ url, maxInFlight: 20, timeoutMs: 1_000 }));
    proxy.setFaults({ blackHole: true });
    const began = performance.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => broker.publish(channel, { data: text }, {})),
    );
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(performance.now() - began).toBeLessThan(10_000);
    proxy.setFaults({});
    await vi.waitFor(() => broker.publish(channel, { data: text }, {}));
  });

  test('a node that is too slow loses the oldest and is told', async () => {
    const prefix = ownPrefix();
    const { broker: sender } = await started(made({ prefix }));
    await using proxy = await FaultProxy.start({ port: server().port });
    const { broker: behind, events } = await started(
      made({ prefix, maxQueueLength: 5, prefetch: 1, url: `amqp://127.0.0.1:${proxy.port}` }),
    );
    await behind.subscribe(channel);
    proxy.setFaults({ blackHole: true });
    for (let n = 1; n <= 50; n++) await sender.publish(channel, { data: json(n) }, {});
    proxy.setFaults({});
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]));
    await behind.probe();
    expect(events.values(channel).at(-1)).toBe(50);
    expect(events.values(channel).length).toBeLessThan(50);
  });

  test('a server that is short of memory takes nothing, which is an error at once', async () => {
    const { broker } = await started(made());
    await server().control('eval', 'rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).');
    await vi.waitFor(() => expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure));
    const began = performance.now();
    await expect(broker.publish(channel, { data: text }, {})).rejects.toMatchObject(failure);
    // Not when the time for an answer, four seconds, is over.
    expect(performance.now() - began).toBeLessThan(3_000);
    await server().control('eval', 'rabbit_alarm:clear_alarm({resource_limit, memory, node()}).');
    await vi.waitFor(() => broker.publish(channel, { data: text }, {}));
  });
});
