/** How many machines and processes a load needs, and what happens when one of them is lost. */

import type { Measured } from './measured-types.js';
import {
  type BrokerName,
  brokerBytesPerSec,
  brokerUse,
  type CpuUse,
  cpuUse,
  deliveredBytesPerSec,
  type Load,
  memoryUse,
  processesReached,
  sumOf,
} from './use.js';

export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** Largest utilisation. The rest is for bursts, garbage collection, and machines that differ from the measured one. */
export const headroom = {
  cpu: 0.6,
  /** While one machine is lost. */
  cpuAfterLoss: 0.85,
  memory: 0.75,
  memoryAfterLoss: 0.9,
  broker: 0.6,
} as const;

/** Limit for one process, whatever it could carry, since all its clients reconnect when it is lost. */
export const maxConnectionsPerProcess = 50_000;
/** From one address of a load balancer to one address and port. */
export const portsPerAddress = 64_000;
/** Far beyond what is sensible. */
const maxMachines = 100_000;
/** Files and sockets of a process beside its connections. */
const otherDescriptors = 200;

export interface Capacity {
  readonly broker: BrokerName;
  readonly machines: number;
  readonly processesPerMachine: number;
  readonly perProcess: { readonly connections: number; readonly cpu: CpuUse; readonly cpuShare: number };
  readonly perMachine: { readonly memoryBytes: number; readonly connections: number; readonly descriptors: number };
  readonly total: {
    readonly deliveriesPerSec: number;
    readonly cpuCores: number;
    readonly memoryBytes: number;
    readonly bytesPerSec: number;
  };
  readonly brokerCores: number;
  /** Redis servers, among which channels are spread; for other brokers, the number of cores' worth of load. */
  readonly brokerServers: number;
  readonly brokerBytesPerSec: number;
  /** Processes that a publication goes to. */
  readonly processesReached: number;
  /** Addresses that load balancers need toward one machine. */
  readonly balancerAddresses: number;
  readonly afterLoss: {
    readonly cpuShare: number;
    /** Connections that are cut and return. */
    readonly connections: number;
    /** Connects for which each process has CPU. */
    readonly connectsPerSecPerProcess: number;
    readonly reconnectSec: number;
  };
}

/** Why no number of machines is enough. */
interface Infeasible {
  readonly reason: string;
}

/** With the chosen broker, or the simplest one that is enough. */
export function capacityFor(
  measured: Measured,
  load: Load,
  machine: Machine,
  wanted: BrokerName | undefined,
): Capacity | Infeasible {
  const candidates: BrokerName[] = wanted === undefined ? ['memory', 'local', 'redis'] : [wanted];
  let outcome: Capacity | Infeasible = { reason: 'nothing was tried' };
  for (const broker of candidates) {
    outcome = withBroker(measured, load, machine, broker);
    if (!('reason' in outcome)) return outcome;
  }
  return outcome;
}

function withBroker(measured: Measured, load: Load, machine: Machine, broker: BrokerName): Capacity | Infeasible {
  // The process with the broker of one machine also needs a core.
  const most = broker === 'memory' ? 1 : broker === 'local' ? Math.max(1, machine.cores - 1) : machine.cores;
  const fits = (machines: number, processes: number) => isEnough(measured, load, machine, broker, machines, processes);
  const isFleet = broker !== 'memory' && broker !== 'local';
  const machines = isFleet ? leastMachines((count) => fits(count, most)) : fits(1, most) ? 1 : undefined;
  if (machines === undefined) return { reason: reasonAgainst(measured, load, machine, broker) };
  let processes = most;
  while (processes > 1 && fits(machines, processes - 1)) processes--;
  return capacityOf(measured, load, broker, machines, processes);
}

/** Doubles until it is enough, then bisects. At least two, so that the loss of one does not stop everything. */
function leastMachines(isEnoughWith: (machines: number) => boolean): number | undefined {
  let high = 2;
  while (!isEnoughWith(high)) {
    high *= 2;
    if (high > maxMachines) return undefined;
  }
  let low = high === 2 ? 1 : high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnoughWith(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function isEnough(
  measured: Measured,
  load: Load,
  machine: Machine,
  broker: BrokerName,
  machines: number,
  processes: number,
): boolean {
  const carries = (count: number, cpuShare: number, memoryShare: number) => {
    const perProcess = load.connections / (count * processes);
    return (
      perProcess <= maxConnectionsPerProcess &&
      sumOf(cpuUse(measured, load, broker, count * processes)) <= cpuShare &&
      processes * memoryUse(measured, perProcess) <= machine.memoryBytes * memoryShare
    );
  };
  if (!carries(machines, headroom.cpu, headroom.memory)) return false;
  if (broker === 'local' && brokerUse(measured, load, broker, processes) > headroom.broker) return false;
  return machines === 1 || carries(machines - 1, headroom.cpuAfterLoss, headroom.memoryAfterLoss);
}

function reasonAgainst(measured: Measured, load: Load, machine: Machine, broker: BrokerName): string {
  if (broker === 'memory') return 'one process does not carry this; leave --broker out, or name another one';
  if (broker === 'local') return 'one machine does not carry this; it takes several, and a broker like redis';
  if (memoryUse(measured, 0) * machine.cores > machine.memoryBytes * headroom.memory) {
    return 'a machine of this size has no memory for a process on each of its cores';
  }
  const arriving = cpuUse(measured, load, broker, maxMachines).arrive;
  return `however many nodes there are, each has to take nearly every publication: ${Math.round(arriving * 100)} % of a core`;
}

function capacityOf(
  measured: Measured,
  load: Load,
  broker: BrokerName,
  machines: number,
  processesPerMachine: number,
): Capacity {
  const processes = machines * processesPerMachine;
  const cpu = cpuUse(measured, load, broker, processes);
  const connections = load.connections / processes;
  const memoryBytes = processesPerMachine * memoryUse(measured, connections);
  const brokerCores = brokerUse(measured, load, broker, processes);
  const connectionsPerMachine = Math.ceil(load.connections / machines);
  const most = machines === 1 ? connectionsPerMachine : Math.ceil(load.connections / (machines - 1));
  return {
    broker,
    machines,
    processesPerMachine,
    perProcess: { connections: Math.ceil(connections), cpu, cpuShare: sumOf(cpu) },
    perMachine: {
      memoryBytes,
      connections: connectionsPerMachine,
      descriptors: most + processesPerMachine * otherDescriptors,
    },
    total: {
      deliveriesPerSec: load.ratePerSec * load.fanout,
      cpuCores: sumOf(cpu) * processes,
      memoryBytes: memoryBytes * machines,
      bytesPerSec: deliveredBytesPerSec(load),
    },
    brokerCores,
    brokerServers: Math.max(1, Math.ceil(brokerCores / headroom.broker)),
    brokerBytesPerSec: broker === 'memory' ? 0 : brokerBytesPerSec(load, processes),
    processesReached: processesReached(load.fanout, processes),
    balancerAddresses: Math.ceil(most / portsPerAddress),
    afterLoss: afterLoss(measured, load, broker, machines, processesPerMachine),
  };
}

/** The loss of a machine or, if there is only one, a process. The others take its clients, or it is restarted. */
function afterLoss(
  measured: Measured,
  load: Load,
  broker: BrokerName,
  machines: number,
  processesPerMachine: number,
): Capacity['afterLoss'] {
  const all = machines * processesPerMachine;
  const left = machines > 1 ? all - processesPerMachine : all;
  const connections = Math.ceil(load.connections / (machines > 1 ? machines : all));
  const cpuShare = sumOf(cpuUse(measured, load, broker, left));
  const connectsPerSecPerProcess = Math.floor(((1 - cpuShare) * 1e6) / measured.connectUs);
  const takers = machines > 1 ? left : Math.max(1, all - 1);
  return {
    cpuShare,
    connections,
    connectsPerSecPerProcess,
    reconnectSec: connections / (takers * connectsPerSecPerProcess),
  };
}
