/** Which connection has which transport, channels and user: computed by each worker alike, from the scenario alone. */

import { ChannelChoice } from './popularity.js';
import { SeededRandom } from './random.js';
import type { Scenario } from './scenario.js';

export const transportNames = ['websocket', 'httpStream', 'sse', 'longPolling'] as const;
export type LoadTransport = (typeof transportNames)[number];

export interface Assigned {
  /** From 0, over all workers. */
  readonly index: number;
  readonly transport: LoadTransport;
  /** Numbers of channels, from 0. */
  readonly channels: readonly number[];
  readonly user: string;
  /** It does nothing but publish. */
  readonly isPublisher: boolean;
  readonly isSlow: boolean;
  /** Source address; absent: the system's choice. */
  readonly source: string | undefined;
}

export interface WorkerShare {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** Streams of random numbers, which must not depend on each other. */
export const randomStreams = { subscribe: 0, arrivals: 1, publish: 2, storm: 3, wait: 4 } as const;

/** Multiples of the golden ratio spread any number of connections evenly over shares. */
const goldenRatio = 0.618033988749895;

/** All subscribers of the run, in order. */
export function assignSubscribers(scenario: Scenario): Assigned[] {
  const random = new SeededRandom(scenario.seed, randomStreams.subscribe);
  const choice = new ChannelChoice(scenario['channels.count'], scenario['channels.popularity'], random);
  const perConnection = scenario['channels.perConnection'];
  return Array.from({ length: scenario.connections }, (_, index) => ({
    ...placeOf(scenario, index),
    transport: transportAt(scenario, (index * goldenRatio) % 1),
    channels: perConnection === 0 ? [] : choice.several(perConnection),
    isPublisher: false,
    isSlow: (index * goldenRatio + 0.5) % 1 < scenario['slow.share'],
  }));
}

/** Connections that only publish; their numbers follow those of the subscribers. */
export function assignPublishers(scenario: Scenario): Assigned[] {
  if (scenario['publish.from'] !== 'publishers' || publicationRate(scenario) === 0) return [];
  return Array.from({ length: publisherCount(scenario) }, (_, at) => ({
    ...placeOf(scenario, scenario.connections + at),
    transport: 'websocket' as const,
    channels: [],
    isPublisher: true,
    isSlow: false,
  }));
}

function placeOf({ users, source }: Scenario, index: number): Pick<Assigned, 'index' | 'user' | 'source'> {
  return {
    index,
    user: `load-${(users === undefined ? index : index % users) + 1}`,
    source: source === undefined ? undefined : source[index % source.length],
  };
}

function transportAt(scenario: Scenario, position: number): LoadTransport {
  const weights = transportNames.map((name) => scenario[`mix.${name}`]);
  let rest = position * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [at, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return transportNames[at] ?? 'websocket';
  }
  return 'websocket';
}

/** Publications a second. */
export function publicationRate(scenario: Scenario): number {
  const thinkTimeMs = scenario['publish.thinkTime'];
  return thinkTimeMs === undefined ? scenario['publish.rate'] : (1e3 * scenario.connections) / thinkTimeMs;
}

const publicationsPerPublisher = 100;

export function publisherCount(scenario: Scenario): number {
  const given = scenario['publish.publishers'];
  return given ?? Math.max(1, Math.ceil(publicationRate(scenario) / publicationsPerPublisher));
}

export function workerCount({ workers, connections }: Scenario, cores: number): number {
  return workers ?? Math.max(1, Math.min(cores, Math.ceil(connections / 5_000)));
}

/** In milliseconds. */
export function rampMs({ ramp, connections }: Scenario): number {
  return ramp ?? connections;
}

export function isMine({ index, count }: WorkerShare, of: { readonly index: number }): boolean {
  return of.index % count === index;
}
