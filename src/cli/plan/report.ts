/** A capacity as text for people. */

import { type Capacity, headroom, type Machine, maxConnectionsPerProcess } from './capacity.js';
import type { Measured } from './measured-types.js';
import { formatBitRate, formatQuantity, formatSeconds, formatSize } from './quantities.js';
import { type BrokerName, type CpuUse, type Load, sumOf } from './use.js';

const brokerLabels: Readonly<Record<BrokerName, string>> = {
  memory: 'memory: one process, nothing to install',
  local: 'local socket: the processes of one machine (workers), nothing to install',
  redis: 'Redis',
  nats: 'NATS',
  rabbitmq: 'RabbitMQ',
};
const partLabels: Readonly<Record<keyof CpuUse, string>> = {
  deliver: 'delivering',
  arrive: 'taking publications from the broker',
  publish: 'publishing',
  ping: 'pings',
  connect: 'connects',
  idle: 'itself',
};
const labelWidth = 15;

interface PlanText {
  readonly load: Load;
  readonly machine: Machine;
  readonly capacity: Capacity;
  readonly suggestions: readonly string[];
}

/** Lines. */
export function renderPlan(measured: Measured, { load, machine, capacity, suggestions }: PlanText): string[] {
  const { machines, processesPerMachine, perProcess, perMachine, total } = capacity;
  const row = (label: string, text: string) => `${label.padEnd(labelWidth)}${text}`;
  const processes = processesPerMachine === 1 ? 'one process each' : `${processesPerMachine} processes each`;
  const machinesText =
    machines === 1
      ? `1, ${processesPerMachine === 1 ? 'one process' : `workers: ${processesPerMachine}`}`
      : `${formatQuantity(machines)}, ${processes}`;
  return [
    loadText(load),
    `on machines with ${machine.cores} cores and ${formatSize(machine.memoryBytes)}`,
    '',
    row('broker', brokerText(capacity)),
    row('machines', machinesText),
    row(
      'a process',
      `${formatQuantity(perProcess.connections)} connections, ${percent(perProcess.cpuShare)} of a core`,
    ),
    ...cpuLines(perProcess.cpu).map((text) => row('', text)),
    row('a machine', `${formatSize(perMachine.memoryBytes)} of memory, the kernel's for connections included`),
    row('in all', `${formatQuantity(total.cpuCores)} cores, ${formatSize(total.memoryBytes)} of memory`),
    row('network', networkText(capacity)),
    row('limits', `LimitNOFILE of ${formatQuantity(roundUp(perMachine.descriptors / processesPerMachine))} or more`),
    row('', portsText(capacity)),
    row(machines > 1 ? 'without one' : 'a restart', lossText(capacity)),
    '',
    ...suggestions.flatMap((text) => [`- ${text}`]),
    ...(suggestions.length > 0 ? [''] : []),
    `Measured on ${measured.machine}. Planned: at most ${percent(headroom.cpu)} of a core, ${percent(headroom.memory)} of the memory,`,
    `${formatQuantity(maxConnectionsPerProcess)} connections a process, and with one machine lost ${percent(headroom.cpuAfterLoss)} and ${percent(headroom.memoryAfterLoss)}.`,
  ];
}

function loadText({ connections, ratePerSec, fanout, payloadBytes, connectsPerSec, history }: Load): string {
  const parts = [`${formatQuantity(connections)} connections`];
  if (ratePerSec > 0) {
    const kept = history ? ', kept' : '';
    parts.push(
      `${formatQuantity(ratePerSec)} publications/s of ${formatQuantity(payloadBytes)} bytes${kept}, ` +
        `each to ${formatQuantity(fanout)} subscribers: ${formatQuantity(ratePerSec * fanout)} deliveries/s`,
    );
  }
  if (connectsPerSec > 0) parts.push(`${formatQuantity(connectsPerSec)} connects/s`);
  return parts.join('; ');
}

function brokerText({ broker, brokerCores, brokerServers, processesReached }: Capacity): string {
  const label = brokerLabels[broker];
  if (broker === 'memory') return label;
  const use = `${ofCores(brokerCores)}; a publication goes to ${formatQuantity(processesReached)} processes`;
  if (broker === 'local') return `${label}; ${use}`;
  const servers = broker === 'redis' ? `${brokerServers} ${brokerServers === 1 ? 'server' : 'servers'}, ` : '';
  return `${label}: ${servers}${use}`;
}

/** Parts that take at least a tenth. */
function cpuLines(cpu: CpuUse): string[] {
  const whole = sumOf(cpu);
  return (Object.keys(partLabels) as (keyof CpuUse)[])
    .filter((part) => cpu[part] >= whole / 10 && cpu[part] > 0)
    .map((part) => `${percent(cpu[part] / whole)} of it for ${partLabels[part]}`);
}

function networkText({ total, machines, broker, brokerBytesPerSec }: Capacity): string {
  const each = machines > 1 ? `, ${formatBitRate(total.bytesPerSec / machines)} out of each machine` : '';
  const between =
    broker === 'memory' || broker === 'local' ? '' : `, ${formatBitRate(brokerBytesPerSec)} out of the broker`;
  return `${formatBitRate(total.bytesPerSec)} to clients${each}${between}`;
}

function portsText({ balancerAddresses }: Capacity): string {
  if (balancerAddresses <= 1) return 'one address of a load balancer has ports enough for each machine';
  return `load balancers need ${balancerAddresses} addresses, or each machine as many ports: 64,000 connections are between two`;
}

function lossText({ machines, afterLoss }: Capacity): string {
  const { connections, connectsPerSecPerProcess, reconnectSec, cpuShare } = afterLoss;
  const back = `${formatQuantity(connections)} clients come back within ${formatSeconds(reconnectSec)}`;
  const rate = `${formatQuantity(connectsPerSecPerProcess)} connects/s a process`;
  return machines > 1 ? `${percent(cpuShare)} of a core, and ${back}, at ${rate}` : `${back}, at ${rate}`;
}

/** Rounds up to a short number. */
function roundUp(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1_024, value)));
}

function percent(share: number): string {
  return share < 0.01 ? 'less than 1 %' : `${Math.round(share * 100)} %`;
}

function ofCores(cores: number): string {
  return cores < 1.5 ? `${percent(cores)} of a core` : `${formatQuantity(cores)} cores`;
}
