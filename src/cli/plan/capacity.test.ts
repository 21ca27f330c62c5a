/** The calculator, with constants small enough to calculate by hand. */

import { describe, expect, test } from 'vitest';
import { type Capacity, capacityFor, headroom, type Machine, maxConnectionsPerProcess } from './capacity.js';
import type { Measured } from './measured-types.js';
import { brokerUse, cpuUse, type Load, memoryUse, processesReached, sumOf } from './use.js';

const costs = {
  publishUs: { single: 100, many: 10 },
  arriveUs: { single: 200, many: 20 },
  brokerUs: { single: 50, many: 5 },
};
const measured: Measured = {
  machine: 'a test',
  processBytes: 100_000_000,
  idleCores: 0.001,
  connectionBytes: 6_000,
  socketBytes: 4_000,
  connectUs: 500,
  pingUs: 50,
  deliveryUs: 10,
  payloadBytes: 128,
  deliveryUsPerKib: 1,
  brokerReachShare: 0.5,
  brokers: {
    memory: { ...costs, arriveUs: { single: 0, many: 0 } },
    local: costs,
    redis: { ...costs, kept: { ...costs, publishUs: { single: 300, many: 30 } } },
    nats: costs,
    rabbitmq: costs,
  },
};
const machine: Machine = { cores: 4, memoryBytes: 8 * 2 ** 30 };

function load(own: Partial<Load>): Load {
  return { connections: 1_000, ratePerSec: 0, fanout: 0, payloadBytes: 128, connectsPerSec: 0, history: false, ...own };
}

function capacity(own: Partial<Load>, broker?: 'memory' | 'local' | 'redis', on = machine): Capacity {
  const outcome = capacityFor(measured, load(own), on, broker);
  if ('reason' in outcome) throw new Error(outcome.reason);
  return outcome;
}

describe('CPU', () => {
  test('of one process is that of its pings, publications and deliveries', () => {
    const use = cpuUse(measured, load({ connections: 25_000, ratePerSec: 100, fanout: 11 }), 'redis', 1);
    expect(use).toEqual({ deliver: 0.01, publish: 0.01, arrive: 0.02, ping: 0.05, connect: 0, idle: 0.001 });
    expect(sumOf(use)).toBeCloseTo(0.091);
  });

  test('of publications beyond the first thousand of a second is that of many', () => {
    expect(cpuUse(measured, load({ ratePerSec: 3_000, fanout: 1 }), 'redis', 1)).toMatchObject({
      publish: 0.12,
      arrive: 0.24,
    });
  });

  test('of larger payloads, history and connects is in it', () => {
    const own = { ratePerSec: 100, fanout: 1, payloadBytes: 128 + 10_240, history: true, connectsPerSec: 20 };
    expect(cpuUse(measured, load(own), 'redis', 1)).toMatchObject({ publish: 0.03, deliver: 0.001, connect: 0.01 });
  });

  test('is shared by all processes, but those with a subscriber each take the publication', () => {
    const one = cpuUse(measured, load({ ratePerSec: 100, fanout: 1_000 }), 'redis', 1);
    const ten = cpuUse(measured, load({ ratePerSec: 100, fanout: 1_000 }), 'redis', 10);
    expect(ten.publish).toBeCloseTo(one.publish / 10);
    expect(ten.arrive).toBeCloseTo(one.arrive);
  });

  test('of the broker grows with the processes that a publication goes to', () => {
    expect(brokerUse(measured, load({ ratePerSec: 100, fanout: 1 }), 'redis', 8)).toBeCloseTo(0.005);
    expect(brokerUse(measured, load({ ratePerSec: 100, fanout: 1_000 }), 'redis', 3)).toBeCloseTo(0.01);
  });
});

test('a publication goes to no more processes than it has subscribers, and to all of a few', () => {
  expect(processesReached(0.5, 10)).toBe(0.5);
  expect(processesReached(1, 10)).toBe(1);
  expect(processesReached(2, 10)).toBeCloseTo(1.9);
  expect(processesReached(1_000, 3)).toBeCloseTo(3);
});

describe('without a broker that is asked for, the simplest one that does is taken', () => {
  test('a process', () => {
    expect(capacity({ connections: 50_000 })).toMatchObject({ broker: 'memory', machines: 1, processesPerMachine: 1 });
  });

  test('one machine, with a core for the broker', () => {
    expect(capacity({ connections: 150_000 })).toMatchObject({ broker: 'local', machines: 1, processesPerMachine: 3 });
  });

  test('several machines, which Redis connects', () => {
    expect(capacity({ connections: 150_001 })).toMatchObject({ broker: 'redis', machines: 2 });
  });
});

describe('a fleet', () => {
  test.each([
    { connections: 1_000_000 },
    { connections: 100_000, ratePerSec: 2_000, fanout: 500 },
    { connections: 10_000, ratePerSec: 20_000, fanout: 2 },
    {
      connections: 3_000_000,
      ratePerSec: 5_000,
      fanout: 3,
      payloadBytes: 20_000,
      history: true,
      connectsPerSec: 3_000,
    },
  ])('has what it needs, also without one machine, and not one machine too many: %o', (own) => {
    const { machines, processesPerMachine, perProcess, perMachine, afterLoss } = capacity(own, 'redis');
    const all = machines * processesPerMachine;
    expect(perProcess.cpuShare).toBeLessThanOrEqual(headroom.cpu);
    expect(afterLoss.cpuShare).toBeLessThanOrEqual(headroom.cpuAfterLoss);
    expect(perMachine.memoryBytes).toBeLessThanOrEqual(machine.memoryBytes * headroom.memory);
    expect(own.connections / (all - processesPerMachine)).toBeLessThanOrEqual(maxConnectionsPerProcess);
    if (machines === 2) return;
    const fewer = (machines - 1) * machine.cores;
    const isTooFew =
      sumOf(cpuUse(measured, load(own), 'redis', fewer)) > headroom.cpu ||
      sumOf(cpuUse(measured, load(own), 'redis', fewer - machine.cores)) > headroom.cpuAfterLoss ||
      own.connections / (fewer - machine.cores) > maxConnectionsPerProcess ||
      machine.cores * memoryUse(measured, own.connections / fewer) > machine.memoryBytes * headroom.memory;
    expect(isTooFew).toBe(true);
  });

  test('of machines with little memory is larger', () => {
    const small = { cores: 4, memoryBytes: 2 ** 30 };
    expect(capacity({ connections: 400_000 }, 'redis', small).machines).toBeGreaterThan(
      capacity({ connections: 400_000 }, 'redis').machines,
    );
  });

  test('needs several servers of Redis when one is full', () => {
    expect(capacity({ connections: 1e6, ratePerSec: 500_000, fanout: 1 }, 'redis').brokerServers).toBe(5);
  });

  test('takes clients of a lost machine back with the CPU that is left', () => {
    const { machines, processesPerMachine, afterLoss } = capacity({ connections: 1e6 }, 'redis');
    const left = (machines - 1) * processesPerMachine;
    expect(afterLoss.connections).toBe(Math.ceil(1e6 / machines));
    expect(afterLoss.connectsPerSecPerProcess).toBe(Math.floor(((1 - afterLoss.cpuShare) * 1e6) / 500));
    expect(afterLoss.reconnectSec).toBeCloseTo(afterLoss.connections / left / afterLoss.connectsPerSecPerProcess);
  });

  test('tells of ports: one address of a load balancer has 64,000 to each machine', () => {
    expect(capacity({ connections: 1e6 }, 'redis').balancerAddresses).toBe(4);
    expect(capacity({ connections: 100_000 }, 'redis', { ...machine, cores: 1 }).balancerAddresses).toBe(1);
  });
});

test('what cannot be carried says why', () => {
  const reason = (own: Partial<Load>, broker: 'memory' | 'local' | 'redis', on = machine) =>
    capacityFor(measured, load(own), on, broker);
  expect(reason({ connections: 1e6 }, 'memory')).toMatchObject({ reason: expect.stringContaining('process') });
  expect(reason({ connections: 1e6 }, 'local')).toMatchObject({ reason: expect.stringContaining('machine') });
  expect(reason({}, 'redis', { cores: 64, memoryBytes: 2 ** 30 })).toMatchObject({
    reason: expect.stringContaining('memory'),
  });
  expect(reason({ connections: 1e9, ratePerSec: 60_000, fanout: 1e9 }, 'redis')).toMatchObject({
    reason: expect.stringContaining('every publication'),
  });
});
