/**
 * The models of the brokers' servers are what the servers are: the brokers' own suites hold on them, and the same histories
 * of calls come to the same on the model and on the real server. A difference is a fault of the model.
 */

import { describe, expect, test } from 'vitest';
import { NatsBroker } from '../../src/brokers/nats/broker.js';
import { RabbitmqBroker } from '../../src/brokers/rabbitmq/broker.js';
import { RedisBroker } from '../../src/brokers/redis/broker.js';
import { makeScripts } from '../../src/brokers/redis/script.js';
import { type BrokerSuiteOptions, brokerSuite, controlChannelSuite } from '../../src/conformance/index.js';
import { RecordedEvents } from '../../src/conformance/recorded-events.js';
import type { Broker } from '../../src/engine/ports/broker.js';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { SeededRandom } from '../chaos/seeded-random.js';
import { NatsServer, natsIsMissing } from '../support/brokers/nats-server.js';
import { RabbitmqServer, rabbitmqIsMissing } from '../support/brokers/rabbitmq-server.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, ports, shared } from '../support/brokers/suites.js';
import { countingRandom } from '../support/engine/fake-clock.js';
import type { BrokerKind } from './servers/broker-server.js';
import { makeServer } from './servers/make-server.js';
import { TwinMachine } from './servers/redis/lua/twin-machine.js';
import { type ScriptedServer, scriptedHistory } from './servers/scripted-history.js';
import { Pump } from './time/pump.js';
import { SimProcess } from './time/sim-process.js';
import { VirtualTime } from './time/virtual-time.js';

type ModelledKind = Exclude<BrokerKind, 'memory'>;

const framework = { describe, test };
/** Every function of Redis runs here twice, in a virtual machine and translated, and both must do the same. */
const lua = new TwinMachine();

/** A model, and brokers of nodes on it; time passes by itself. */
function modelOf(kind: ModelledKind, seed = 1) {
  const time = new VirtualTime();
  const server = makeServer(kind, time, new SeededRandom(seed), { lua });
  let numNodes = 0;
  return {
    pump: new Pump(time),
    server,
    broker: (): Broker => {
      const process = new SimProcess(`node ${++numNodes}`, time);
      return server.broker(process, {
        clock: process,
        random: countingRandom(`${kind}-${numNodes}-`),
        log: silentLogger,
      });
    },
  };
}

const kinds: readonly { readonly kind: ModelledKind; readonly skip: NonNullable<BrokerSuiteOptions['skip']> }[] = [
  { kind: 'redis', skip: [{ ability: 'mapBytes', reason: 'bytes of maps are not counted' }] },
  {
    kind: 'nats',
    skip: [
      { ability: 'mapBytes', reason: 'bytes of maps are not counted' },
      { ability: 'mapRenewal', reason: 'maps cannot show presence' },
      { ability: 'answers', reason: 'nats keeps no streams of growing messages' },
      { ability: 'presence', reason: 'the nodes are asked' },
      { ability: 'versions', reason: 'nats compares no versions' },
    ],
  },
  {
    kind: 'rabbitmq',
    skip: [
      ...(['maps', 'mapBytes', 'mapRenewal', 'answers'] as const).map((ability) => ({
        ability,
        reason: 'rabbitmq keeps neither maps nor growing messages',
      })),
      { ability: 'presence', reason: 'the nodes are asked' },
      { ability: 'versions', reason: 'rabbitmq compares no versions' },
    ],
  },
];

for (const { kind, skip } of kinds) {
  brokerSuite({
    name: `${kind}, the model`,
    framework,
    skip,
    make: async () => {
      const { pump, broker: make } = modelOf(kind);
      const broker = make();
      return {
        broker,
        advance: (ms) => pump.advance(ms),
        settle: async () => void (await broker.probe?.()),
        close: () => pump[Symbol.asyncDispose](),
      };
    },
  });
  controlChannelSuite({
    name: `${kind}, the model`,
    framework,
    make: async () => {
      const { pump, broker } = modelOf(kind);
      const brokers = [broker(), broker(), broker()] as const;
      await Promise.all(brokers.map((one) => one.start(new RecordedEvents())));
      const control = ({ control: found, name }: Broker) => {
        if (found === undefined) throw new Error(`${name} has no control channel`);
        return found;
      };
      const [a, b, c] = brokers;
      return {
        channels: [control(a), control(b), control(c)],
        close: async () => {
          await Promise.all(brokers.map((one) => one.close(0)));
          await pump[Symbol.asyncDispose]();
        },
      };
    },
  });
}

const numHistories = 6;

/** The same histories on the model and on the real server. */
function compare(kind: ModelledKind, real: () => ScriptedServer): void {
  test.each(Array.from({ length: numHistories }, (_, n) => n + 1))(`${kind}: history %i`, async (seed) => {
    const scripted = real();
    const { pump, broker, server } = modelOf(kind, seed);
    await using _ = pump;
    const model: ScriptedServer = {
      nodes: [broker(), broker()],
      hasMaps: server.hasMaps,
      ...(scripted.wipe !== undefined && { wipe: async () => server.wipe?.() }),
    };
    const expected = await scriptedHistory({ ...scripted, hasMaps: server.hasMaps }, new SeededRandom(seed));
    expect(await scriptedHistory(model, new SeededRandom(seed))).toEqual(expected);
  });
}

describe.skipIf(redisIsMissing())('the model of Redis is as the server', () => {
  const server = shared(() => RedisServer.start());
  compare('redis', () => {
    const prefix = ownPrefix();
    const node = () => new RedisBroker({ url: server().url, prefix }, ports);
    return {
      nodes: [node(), node()],
      wipe: async () => {
        await using client = await server().client();
        await client.send(['FLUSHALL']);
      },
    };
  });
});

describe.skipIf(natsIsMissing())('the model of NATS is as the server', () => {
  const server = shared(() => NatsServer.start());
  compare('nats', () => {
    const prefix = ownPrefix();
    const node = () => new NatsBroker({ url: server().url, prefix }, ports);
    return { nodes: [node(), node()] };
  });
});

describe.skipIf(rabbitmqIsMissing())('the model of RabbitMQ is as the server', () => {
  const server = shared(() => RabbitmqServer.start());
  compare('rabbitmq', () => {
    const prefix = ownPrefix();
    const node = () => new RabbitmqBroker({ url: server().url, prefix }, ports);
    return { nodes: [node(), node()] };
  });
});

test('all of the above has run every function of Redis, both in a virtual machine and translated', () => {
  const never = Object.entries(makeScripts()).filter(([, { source }]) => !lua.ran.has(source));
  expect(never.map(([name]) => name)).toEqual([]);
});
