/** Brokers on real servers, as their tests begin: a server for a group of tests, started brokers, and the suites. */

import { randomUUID } from 'node:crypto';
import { beforeAll, describe, onTestFinished, test } from 'vitest';
import type { BrokerPorts } from '../../../src/brokers/ports.js';
import {
  type BrokerSuiteOptions,
  brokerSuite,
  type ControlChannelsUnderTest,
  controlChannelSuite,
} from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import type { Broker } from '../../../src/engine/ports/broker.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { type JsonText, trustedJsonText } from '../../../src/model/json-text.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';

const startLimitMs = 90_000;

export const ports: BrokerPorts = { clock: systemClock, random: systemRandom, log: silentLogger };

/** Long enough for a test. */
export const stream = { size: 100, ttlMs: 60_000 };

/** The data of a publication. */
export function json(value: unknown): JsonText {
  return trustedJsonText(JSON.stringify(value));
}

/** Of brokers that share a server and are not to meet. */
export function ownPrefix(): string {
  return `test-${randomUUID().slice(0, 8)}`;
}

/** A server for all tests of a group. @returns it, once they run */
export function shared<Server extends AsyncDisposable>(start: () => Promise<Server>): () => Server {
  let server: Server | undefined;
  beforeAll(async () => {
    const made = await start();
    server = made;
    return () => made[Symbol.asyncDispose]();
  }, startLimitMs);
  return () => {
    if (server === undefined) throw new Error('it is there once tests run');
    return server;
  };
}

/** Starts a broker, which is closed with the test. @returns it, and what it hears */
export async function started<Made extends Broker>(broker: Made) {
  const events = new RecordedEvents();
  onTestFinished(() => broker.close(1_000));
  await broker.start(events);
  return { broker, events };
}

/** What a broker cannot be reached for is refused with, or what it cannot do for now. */
export const failure = { code: 'ERR_BROKER' };

export interface SuiteOptions extends Pick<BrokerSuiteOptions, 'name' | 'skip'> {
  readonly make: (prefix: string, ports: BrokerPorts) => Broker & { probe(): Promise<void> };
  /** Lets time pass for a server, whose clock is another than the broker's. */
  readonly advance?: (ms: number, prefix: string) => Promise<unknown>;
}

/** Declares the suites of brokers and of control channels. */
export function runSuites({ make, advance, ...options }: SuiteOptions): void {
  const framework = { describe, test };
  brokerSuite({
    ...options,
    skip: [...(options.skip ?? []), { ability: 'mapBytes', reason: 'maps: bytes are not counted' }],
    framework,
    make: async () => {
      const prefix = ownPrefix();
      let passedMs = 0;
      const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + passedMs };
      const broker = make(prefix, { ...ports, clock });
      return {
        broker,
        advance: async (ms) => {
          passedMs += ms;
          await advance?.(ms, prefix);
        },
        settle: () => broker.probe(),
      };
    },
  });
  controlChannelSuite({
    name: options.name,
    framework,
    make: () => {
      const prefix = ownPrefix();
      return threeControls(() => make(prefix, ports));
    },
  });
}

/** @param make a broker, not started, that shares its server and its prefix with the others */
async function threeControls(make: () => Broker): Promise<ControlChannelsUnderTest> {
  const brokers = [make(), make(), make()] as const;
  await Promise.all(brokers.map((broker) => broker.start(new RecordedEvents())));
  const control = ({ name, control }: Broker) => {
    if (control === undefined) throw new Error(`${name} has no control channel`);
    return control;
  };
  const [a, b, c] = brokers;
  return {
    channels: [control(a), control(b), control(c)],
    close: async () => void (await Promise.all(brokers.map((broker) => broker.close(0)))),
  };
}
