/** Suggested settings for a planned load. */

import { type Capacity, type Machine, portsPerAddress } from './capacity.js';
import { type Load, sumOf } from './use.js';

const manyBytes = 2_048;
/** The share of the shutdown deadline in which clients are closed. */
const paceShare = 0.6;
const defaultDeadlineSec = 25;

export function suggestionsFor(load: Load, machine: Machine, capacity: Capacity): string[] {
  const { broker, machines, processesPerMachine, perProcess, brokerServers, afterLoss } = capacity;
  const suggestions: string[] = [];
  const { cpu } = perProcess;
  const whole = sumOf(cpu);
  if (processesPerMachine > 1) suggestions.push(`workers: ${processesPerMachine}`);
  const connectsPerSec = Math.max(1, floorToNice(afterLoss.connectsPerSecPerProcess * 0.8));
  suggestions.push(
    `limits.connectsPerSec: ${connectsPerSec}, limits.maxConnections: ${ceilToNice(perProcess.connections * 1.3)}, for each process`,
  );
  const rate = Math.ceil(perProcess.connections / (defaultDeadlineSec * paceShare));
  suggestions.push(
    `shutdown.clientsPerSec: ${ceilToNice(rate * processesPerMachine)} empties a machine within the deadline of ${defaultDeadlineSec} s`,
  );
  if (broker === 'redis' && brokerServers > 1) {
    suggestions.push(`${brokerServers} Redis servers (write their addresses with spaces between), or a Redis Cluster`);
  }
  if (broker !== 'redis' && brokerServers > 1 && broker !== 'memory') {
    suggestions.push(`the broker needs ${brokerServers} cores or more: see that it can use them`);
  }
  if (cpu.arrive > whole / 3 && processesPerMachine * machines > 2) {
    suggestions.push(
      'much of the CPU takes each publication to every process: fewer, fuller processes cost less in all',
    );
  }
  if (cpu.deliver > whole / 2) {
    suggestions.push(
      'most of the CPU writes to subscribers: publications of one turn of the event loop share a write, so publish together what belongs together',
    );
  }
  if (load.payloadBytes > manyBytes && load.fanout > 1) {
    suggestions.push('large messages to many: send what has changed, or where to fetch the rest');
  }
  if (machines > 1 && perProcess.connections * processesPerMachine > portsPerAddress) {
    suggestions.push('deploy/tuning/99-fanfare.conf for ports and descriptors, on load balancers too');
  }
  if (machine.cores > 1 && processesPerMachine === 1 && machines > 1) {
    suggestions.push(`one core of ${machine.cores} is used: smaller machines do`);
  }
  return suggestions;
}

/** Two digits, the rest zeros. */
function ceilToNice(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.ceil(value / step) * step;
}

function floorToNice(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.floor(value / step) * step;
}
