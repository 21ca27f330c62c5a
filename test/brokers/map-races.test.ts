/** Changes of keys that race from several processes: those that expect versions are linearizable. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LocalBroker } from '../../src/brokers/local/broker.js';
import { LocalBrokerHost } from '../../src/brokers/local/host.js';
import { MemoryBroker } from '../../src/brokers/memory/broker.js';
import { NatsBroker } from '../../src/brokers/nats/broker.js';
import { RedisBroker } from '../../src/brokers/redis/broker.js';
import type { MapOutcome } from '../../src/engine/ports/map-store.js';
import { Folder } from '../cli/fanfare-process.js';
import { NatsServer, natsIsMissing } from '../support/brokers/nats-server.js';
import { raceForKey } from '../support/brokers/race-for-key.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ports, started } from '../support/brokers/suites.js';
import { faultsOf } from '../support/map-linear.js';

describe('races for a key', () => {
  test('in one process', async () => {
    const { broker } = await started(new MemoryBroker(ports));
    const calls = await raceForKey([broker, broker, broker, broker], 50);
    expect(faultsOf(calls)).toEqual([]);
    expect(calls.filter(({ outcome }) => outcome.ok).length).toBe(200);
  });

  test('between workers, over a real socket', async () => {
    using folder = new Folder();
    const path = join(folder.path, 'broker.sock');
    const host = new LocalBrokerHost(ports);
    await host.listen(path);
    const nodes = [1, 2, 3].map(() => started(new LocalBroker({ path, clock: ports.clock })));
    const brokers = (await Promise.all(nodes)).map(({ broker }) => broker);
    const calls = await raceForKey(brokers, 50);
    for (const broker of brokers) await broker.close(100);
    await host.close();
    expect(faultsOf(calls)).toEqual([]);
    // They have been in each other's way.
    expect(calls.some(({ outcome }) => !outcome.ok)).toBe(true);
  });

  test.skipIf(redisIsMissing())('between nodes, over Redis', async () => {
    await using server = await RedisServer.start();
    const nodes = [1, 2, 3].map(() => started(new RedisBroker(server.url, ports)));
    const calls = await raceForKey(
      (await Promise.all(nodes)).map(({ broker }) => broker),
      50,
    );
    expect(faultsOf(calls)).toEqual([]);
    expect(calls.some(({ outcome }) => !outcome.ok)).toBe(true);
  });

  test.skipIf(natsIsMissing())('between nodes, over NATS', async () => {
    await using server = await NatsServer.start();
    const nodes = [1, 2, 3].map(() => started(new NatsBroker(server.url, ports)));
    const brokers = (await Promise.all(nodes)).map(({ broker }) => broker);
    const calls = await raceForKey(brokers, 20);
    for (const broker of brokers) await broker.close();
    expect(faultsOf(calls)).toEqual([]);
    expect(calls.some(({ outcome }) => !outcome.ok)).toBe(true);
  });

  test('the check bites', () => {
    const made = (offset: number): MapOutcome => ({ ok: true, position: { offset, epoch: 'e' }, duplicate: false });
    const first = { expected: 0, calledAt: 0, answeredAt: 1, outcome: made(1) };
    const twice = { expected: 0, calledAt: 2, answeredAt: 3, outcome: made(2) };
    expect(faultsOf([first, twice])).toHaveLength(1);
    const refused: MapOutcome = { ok: false, why: 'version', version: 0, position: { offset: 1, epoch: 'e' } };
    expect(faultsOf([first, { expected: 1, calledAt: 2, answeredAt: 3, outcome: refused }])).toHaveLength(1);
  });
});
