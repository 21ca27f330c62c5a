/** What a load costs a month where functions carry it: API Gateway, Lambda and DynamoDB, at list prices. */

import { formatQuantity } from './quantities.js';
import type { Load } from './use.js';

/** US dollars, in us-east-1. */
export const prices = {
  /** A million messages in either direction. */
  gatewayMessages: 1,
  /** A million minutes of connections. */
  gatewayMinutes: 0.25,
  /** A million events. */
  lambdaEvents: 0.2,
  /** A GB-second, on ARM. */
  lambdaGbSec: 0.000_013_333_4,
  /** A million units of writing, of 1 KB. */
  dynamoWrites: 0.625,
  /** A million units of reading, of 4 KB. */
  dynamoReads: 0.125,
} as const;

/** A machine with one core and 2 GiB, as many offer it: what functions are compared with. */
const smallestMachineUsd = 10;

const secondsOfMonth = 30 * 86_400;
/** API Gateway counts so many bytes as a message. */
const messageBytes = 32_768;
const memoryGb = 0.5;
/** Of an event, and of each round of visits of subscribers, 32 at a time. */
const eventMs = 30;
const roundMs = 25;
const visitsAtOnce = 32;
const pingSec = 480;
const unitBytes = 1_024;
/** Units of writing beside the publication itself: its client's connection; and its mark, which comes and goes, and is in an index. */
const publicationUnits = 6;
const deliveryUnits = 2;
/** Of a connect with one subscribe, and of its end. */
const connectUnits = 14;
const connectEvents = 4;
const connectMessages = 4;

export interface FunctionCosts {
  readonly gatewayUsd: number;
  readonly lambdaUsd: number;
  readonly dynamoUsd: number;
  readonly sumUsd: number;
  /** Without connections that are silent. Absent without deliveries. */
  readonly usdPerMillionDeliveries?: number;
  /** Deliveries a month, of this kind, from which the smallest machine is cheaper; 0 if it is in any case. */
  readonly breakEvenDeliveries?: number;
}

/** Of a month. Publications are those of clients, each in one of their channels. */
export function functionCosts({
  connections,
  ratePerSec,
  fanout,
  payloadBytes,
  connectsPerSec,
  history,
}: Load): FunctionCosts {
  const month = (perSec: number) => (perSec * secondsOfMonth) / 1e6;
  const pieces = Math.ceil(payloadBytes / messageBytes);
  const publications = month(ratePerSec);
  const deliveries = month(ratePerSec * fanout);
  const connects = month(connectsPerSec);
  const pings = month(connections / pingSec);
  const keptUnits = history ? 2 + 2 * Math.ceil(payloadBytes / unitBytes) : 0;

  const silent = {
    gateway: pings * prices.gatewayMessages + ((connections * secondsOfMonth) / 60 / 1e6) * prices.gatewayMinutes,
    lambda: (secondsOfMonth / 60 / 1e6) * prices.lambdaEvents,
    dynamo: pings * 2 * prices.dynamoWrites,
  };
  const busy = {
    gateway: (publications * (pieces + 1) + deliveries * pieces + connects * connectMessages) * prices.gatewayMessages,
    lambda:
      (publications + connects * connectEvents) * prices.lambdaEvents +
      gbSec(
        publications * (eventMs + Math.ceil(fanout / visitsAtOnce) * roundMs) + connects * connectEvents * eventMs,
      ) *
        prices.lambdaGbSec,
    dynamo:
      (publications * (publicationUnits + keptUnits) + deliveries * deliveryUnits + connects * connectUnits) *
        prices.dynamoWrites +
      publications * 2 * prices.dynamoReads,
  };
  const silentUsd = silent.gateway + silent.lambda + silent.dynamo;
  const busyUsd = busy.gateway + busy.lambda + busy.dynamo;
  const perMillion = deliveries > 0 ? busyUsd / deliveries : undefined;
  return {
    gatewayUsd: silent.gateway + busy.gateway,
    lambdaUsd: silent.lambda + busy.lambda,
    dynamoUsd: silent.dynamo + busy.dynamo,
    sumUsd: silentUsd + busyUsd,
    ...(perMillion !== undefined && {
      usdPerMillionDeliveries: perMillion,
      breakEvenDeliveries: Math.max(0, ((smallestMachineUsd - silentUsd) / perMillion) * 1e6),
    }),
  };
}

/** Lines for people. */
export function renderFunctionCosts(load: Load): string[] {
  const { gatewayUsd, lambdaUsd, dynamoUsd, sumUsd, usdPerMillionDeliveries, breakEvenDeliveries } =
    functionCosts(load);
  const { connections, ratePerSec, fanout } = load;
  const row = (label: string, usd: number) => `${label.padEnd(15)}${`${usd.toFixed(2)} USD`.padStart(16)}`;
  return [
    `${formatQuantity(connections)} connections, ${formatQuantity(ratePerSec * fanout)} deliveries/s, in functions, for a month`,
    '',
    row('API Gateway', gatewayUsd),
    row('Lambda', lambdaUsd),
    row('DynamoDB', dynamoUsd),
    row('in all', sumUsd),
    '',
    ...(usdPerMillionDeliveries === undefined || breakEvenDeliveries === undefined
      ? []
      : [
          `A million deliveries cost ${usdPerMillionDeliveries.toFixed(2)} USD. With so many connections a machine for ${smallestMachineUsd} USD is cheaper`,
          breakEvenDeliveries === 0
            ? 'in any case.'
            : `from ${formatQuantity(roundDown(breakEvenDeliveries))} deliveries a month on.`,
          '',
        ]),
    'List prices of AWS in us-east-1, without free tiers; see docs/operations/functions.md.',
  ];
}

/** Of so many millions of milliseconds. */
function gbSec(millionMs: number): number {
  return millionMs * 1e3 * memoryGb;
}

/** To two digits. */
function roundDown(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.floor(value / step) * step;
}
