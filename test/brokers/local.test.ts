/** The broker of one machine against the suites, over a real socket, and what becomes of a process that dies. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LocalBroker } from '../../src/brokers/local/broker.js';
import { LocalBrokerHost } from '../../src/brokers/local/host.js';
import { brokerSuite, controlChannelSuite } from '../../src/conformance/index.js';
import { RecordedEvents } from '../../src/conformance/recorded-events.js';
import { defined } from '../../src/model/defined.js';
import { Folder } from '../cli/fanfare-process.js';
import { failure, json, started } from '../support/brokers/suites.js';
import { channelName as name } from '../support/engine/channel-name.js';
import { countingRandom, FakeClock } from '../support/engine/fake-clock.js';

class Machine implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly folder = new Folder();
  readonly path = join(this.folder.path, 'broker.sock');
  readonly host = new LocalBrokerHost({ clock: this.clock, random: countingRandom() });

  static async start(): Promise<Machine> {
    const machine = new Machine();
    await machine.host.listen(machine.path);
    return machine;
  }

  readonly broker = (onLost?: () => void) =>
    new LocalBroker({ path: this.path, clock: this.clock, ...defined({ onLost }) });

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close();
    this.folder[Symbol.dispose]();
  }
}

const framework = { describe, test };

brokerSuite({
  name: 'local',
  framework,
  make: async () => {
    const machine = await Machine.start();
    const broker = machine.broker();
    return {
      broker,
      advance: (ms) => machine.clock.advance(ms),
      settle: () => broker.probe(),
      close: () => machine[Symbol.asyncDispose](),
    };
  },
});

controlChannelSuite({
  name: 'local',
  framework,
  make: async () => {
    const machine = await Machine.start();
    const brokers = [machine.broker(), machine.broker(), machine.broker()] as const;
    for (const broker of brokers) await broker.start(new RecordedEvents());
    const [a, b, c] = brokers;
    return {
      channels: [a.control, b.control, c.control],
      close: async () => {
        for (const broker of brokers) await broker.close(100);
        await machine[Symbol.asyncDispose]();
      },
    };
  },
});

const data = json(1);

describe('local broker', () => {
  test('what one process publishes reaches the subscribers of all, in one order', async () => {
    await using machine = await Machine.start();
    const nodes = [await started(machine.broker()), await started(machine.broker())];
    for (const { broker } of nodes) await broker.subscribe(name('c'));
    const stream = { size: 100, ttlMs: 60_000 };
    const sent = Array.from({ length: 40 }, (_, n) =>
      nodes[n % 2]?.broker.publish(name('c'), { data: json(n) }, { stream }),
    );
    await Promise.all(sent);
    for (const { broker } of nodes) await broker.presence.stats(name('c'));
    const [first, second] = nodes.map(({ events }) => events.publications(name('c')));
    expect(first).toHaveLength(40);
    expect(second).toEqual(first);
  });

  test('G8: a process that dies takes its presence and its subscriptions along', async () => {
    await using machine = await Machine.start();
    const { broker: dying } = await started(machine.broker());
    const { broker: living } = await started(machine.broker());
    await dying.subscribe(name('c'));
    await dying.presence.add(name('c'), { user: 'ann', client: '1' }, 60_000);
    await living.presence.add(name('c'), { user: 'bob', client: '2' }, 60_000);
    await dying.close(100);
    await expect.poll(() => living.presence.list(name('c'), 10)).toEqual([{ user: 'bob', client: '2' }]);
  });

  test('G7: without its host, everything is refused, what waits too, and the owner is told once', async () => {
    const machine = await Machine.start();
    let lost = 0;
    const { broker } = await started(machine.broker(() => lost++));
    const waiting = broker.publish(name('c'), { data }, {});
    await machine[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject(failure);
    await expect(broker.publish(name('c'), { data }, {})).rejects.toMatchObject(failure);
    expect(lost).toBe(1);
    await broker.close(100);
    await expect(broker.publish(name('c'), { data }, {})).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('G7 G10: a host that stands still is an error after 4 s, of what waits for it and of the probe', async () => {
    using folder = new Folder();
    const path = join(folder.path, 'broker.sock');
    const host = createServer().listen(path);
    await once(host, 'listening');
    const clock = new FakeClock();
    const { broker } = await started(new LocalBroker({ path, clock }));
    const expected = [
      expect(broker.publish(name('c'), { data }, {})).rejects.toMatchObject(failure),
      expect(broker.probe()).rejects.toMatchObject(failure),
    ];
    await clock.advance(3_999);
    let isLate = false;
    const late = expect(broker.subscribe(name('c')).finally(() => (isLate = true))).rejects.toMatchObject(failure);
    await clock.advance(1);
    await Promise.all(expected);
    expect(isLate).toBe(false);
    await clock.advance(3_999);
    await late;
    expect(clock.numTimers).toBe(0);
    await broker.close(100);
    host.close();
  });

  test('a host that is not there is an error of the start', async () => {
    const broker = new LocalBroker({ path: join(tmpdir(), 'fanfare-no-such-broker.sock'), clock: new FakeClock() });
    await expect(started(broker)).rejects.toMatchObject(failure);
  });
});
