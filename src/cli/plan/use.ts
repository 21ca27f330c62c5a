/** The cost of a load: CPU and memory of one of several processes, and of the broker. */

import type { ChannelName } from '../../model/channel-name.js';
import { trustedJsonText } from '../../model/json-text.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import type { BrokerCosts, Cost, Measured } from './measured-types.js';

export const brokerNames = ['memory', 'local', 'redis', 'nats', 'rabbitmq'] as const;
export type BrokerName = (typeof brokerNames)[number];

export interface Load {
  readonly connections: number;
  /** Publications a second, over all channels and nodes. */
  readonly ratePerSec: number;
  /** Subscribers that a publication has, on average. */
  readonly fanout: number;
  readonly payloadBytes: number;
  /** Connects a second in normal operation. */
  readonly connectsPerSec: number;
  /** Whether channels keep history. */
  readonly history: boolean;
}

/** Of one process, in cores: 0.5 is half of one. */
export interface CpuUse {
  readonly deliver: number;
  readonly publish: number;
  /** Receiving publications from the broker, each with its first delivery on this process. */
  readonly arrive: number;
  readonly ping: number;
  readonly connect: number;
  /** Without any load. */
  readonly idle: number;
}

/** Pings of a connection, by default. */
const pingIntervalSec = 25;
/** The rate at which single publications were measured; above it, publications share system calls. */
const singleRatePerSec = 1_000;
/** A channel name of usual length, for the size of a delivery. */
const exampleChannel = 'chat:0123456789ab' as ChannelName;
/** Ethernet, IP and TCP with timestamps. */
const packetBytes = 66;
const frameHeaderBytes = 4;
/** Overhead of a publication between node and broker. */
const brokerEnvelopeBytes = 100;

export function costsOf(measured: Measured, broker: BrokerName, history: boolean): BrokerCosts {
  const costs = measured.brokers[broker];
  return history && costs.kept !== undefined ? costs.kept : costs;
}

/** How many of `processes` have subscribers of a channel, if these are spread at random. */
export function processesReached(fanout: number, processes: number): number {
  if (fanout <= 1) return Math.min(fanout, 1);
  return processes * (1 - (1 - 1 / processes) ** fanout);
}

/** Of one process, when `processes` share the load evenly. */
export function cpuUse(measured: Measured, load: Load, broker: BrokerName, processes: number): CpuUse {
  const { connections, ratePerSec, fanout, payloadBytes, connectsPerSec, history } = load;
  const costs = costsOf(measured, broker, history);
  const arrivals = (ratePerSec * processesReached(fanout, processes)) / processes;
  const deliveries = (ratePerSec * fanout) / processes;
  const moreBytes = Math.max(0, payloadBytes - measured.payloadBytes);
  const moreUs = (measured.deliveryUsPerKib * moreBytes) / 1024;
  // The cost of arriving, or of publishing without a broker in between, includes the first delivery on a process.
  const first = Math.min(arrivals, deliveries);
  return {
    deliver: cores((deliveries - first) * measured.deliveryUs + deliveries * moreUs),
    publish: coresAt(costs.publishUs, ratePerSec / processes),
    arrive: coresAt(costs.arriveUs, arrivals),
    ping: cores((connections / processes / pingIntervalSec) * measured.pingUs),
    connect: cores((connectsPerSec / processes) * measured.connectUs),
    idle: measured.idleCores,
  };
}

export function sumOf({ deliver, publish, arrive, ping, connect, idle }: CpuUse): number {
  return deliver + publish + arrive + ping + connect + idle;
}

/** Of one process with so many connections, with the kernel's memory for them, in bytes. */
export function memoryUse(measured: Measured, connections: number): number {
  return measured.processBytes + connections * (measured.connectionBytes + measured.socketBytes);
}

/** In cores; each further process that a publication reaches costs a share of it. */
export function brokerUse(measured: Measured, load: Load, broker: BrokerName, processes: number): number {
  const further = Math.max(0, processesReached(load.fanout, processes) - 1);
  const first = coresAt(costsOf(measured, broker, load.history).brokerUs, load.ratePerSec);
  return first * (1 + further * measured.brokerReachShare);
}

/** Out of the nodes to clients, with headers, in bytes a second. */
export function deliveredBytesPerSec({ ratePerSec, fanout, payloadBytes, connections }: Load): number {
  const data = trustedJsonText(`"${'x'.repeat(Math.max(0, payloadBytes - 2))}"`);
  const push = centrifugalJson.encodePush({
    kind: 'publication',
    channel: exampleChannel,
    publication: { data, offset: 1_000_000 },
  });
  const pings = connections / pingIntervalSec;
  return ratePerSec * fanout * (push.length + frameHeaderBytes + packetBytes) + pings * (packetBytes + 4);
}

/** Out of the broker to the nodes, in bytes a second. */
export function brokerBytesPerSec({ ratePerSec, fanout, payloadBytes }: Load, processes: number): number {
  return ratePerSec * processesReached(fanout, processes) * (payloadBytes + brokerEnvelopeBytes);
}

function cores(usPerSec: number): number {
  return usPerSec / 1e6;
}

/** The first publications of a second are single, the others share system calls. */
function coresAt({ single, many }: Cost, ratePerSec: number): number {
  const singles = Math.min(ratePerSec, singleRatePerSec);
  return cores(singles * single + (ratePerSec - singles) * Math.min(single, many));
}
