/** What is done to a fleet, and when: all of it is known before, so that parts of it can be left out. */

import type { TransportName } from '../../../src/client/transport-name.js';
import { SeededRandom } from '../../chaos/seeded-random.js';
import type { Direction } from '../network/broker-net.js';
import type { ClientHole } from '../network/client-net.js';
import type { BrokerKind, Fate, Loss } from '../servers/broker-server.js';

export type Action =
  | {
      readonly kind: 'publish';
      readonly channel: string;
      readonly by: number | 'server';
      readonly size: number;
      readonly isRace: boolean;
    }
  | {
      readonly kind: 'change';
      readonly channel: string;
      readonly key: string;
      readonly removes: boolean;
      readonly expects: boolean;
    }
  | { readonly kind: 'churn'; readonly client: number; readonly channel: string; readonly awayMs: number }
  | { readonly kind: 'cut'; readonly client: number }
  | { readonly kind: 'storm' }
  | {
      readonly kind: 'vanish';
      readonly client: number;
      readonly hole: ClientHole;
      readonly isForGood: boolean;
      readonly lastsMs: number;
    }
  | { readonly kind: 'stall'; readonly client: number; readonly lastsMs: number }
  /** `via`: the node that is told so; by default any. */
  | { readonly kind: 'order'; readonly client: number; readonly awayMs: number; readonly via?: number }
  | { readonly kind: 'revoke'; readonly user: number; readonly lastsMs: number; readonly via?: number }
  | { readonly kind: 'kill'; readonly node: number; readonly isSilent: boolean; readonly awayMs: number }
  | { readonly kind: 'pause'; readonly node: number; readonly lastsMs: number }
  | { readonly kind: 'roll'; readonly node: number }
  | { readonly kind: 'jumpClock'; readonly node: number; readonly byMs: number; readonly lastsMs: number }
  | {
      readonly kind: 'partition';
      readonly node: number;
      readonly direction: Direction;
      readonly purpose: string | undefined;
      readonly lastsMs: number;
    }
  | { readonly kind: 'breakLines'; readonly node: number; readonly purpose: string | undefined }
  | { readonly kind: 'restartBroker'; readonly loss: Loss; readonly lagMs: number; readonly awayMs: number }
  | { readonly kind: 'pauseBroker'; readonly lastsMs: number }
  | { readonly kind: 'slowBroker'; readonly factor: number; readonly lastsMs: number }
  | { readonly kind: 'wipe' }
  | { readonly kind: 'replica' }
  | { readonly kind: 'meddle'; readonly fates: readonly Fate[] };

export interface Step {
  readonly atMs: number;
  readonly action: Action;
}

export interface ClientPlan {
  readonly user: number;
  readonly transport: TransportName;
  readonly channels: readonly string[];
  /** How long its tokens are valid. Absent: for ever. */
  readonly tokenMs: number | undefined;
}

export interface Plan {
  readonly seed: number;
  readonly broker: BrokerKind;
  readonly numNodes: number;
  readonly clients: readonly ClientPlan[];
  /** Connections that a user may have; 0: any number. */
  readonly maxConnectionsPerUser: number;
  /** From then on everything heals. */
  readonly activeMs: number;
  /** Nothing is published then, until everybody has what there is: no later publication shows a gap. Default: `false`. */
  readonly isHushed?: boolean;
  readonly steps: readonly Step[];
}

export interface PlanOptions {
  readonly seed: number;
  /** Default: by the seed. */
  readonly broker?: BrokerKind | undefined;
  /** Default: by the seed, 2 or 3; the broker in memory has one. */
  readonly numNodes?: number | undefined;
  /** Default: by the seed, 3 to 8 s; each tenth seed has 8 to 30 s, another tenth one trouble alone. */
  readonly activeMs?: number | undefined;
}

/** How many publications meet whoever comes back, and how far apart they are: some arrive while a node makes it a subscriber. */
interface Crowd {
  readonly count: number;
  readonly gapMs: number;
}

const crowds: readonly Crowd[] = [
  { count: 0, gapMs: 0 },
  { count: 0, gapMs: 0 },
  { count: 12, gapMs: 6 },
  { count: 40, gapMs: 2 },
];
/** More of them arrive each time that a broker is asked which is a few times as slow as usual. */
const longCrowd: Crowd = { count: 80, gapMs: 2 };
const transports: readonly TransportName[] = ['websocket', 'websocket', 'http_stream', 'long_polling'];
export const mapKeys = ['a', 'b', 'c', 'd'];
const kindsBySeed: readonly BrokerKind[] = [
  'redis',
  'nats',
  'rabbitmq',
  'redis',
  'nats',
  'rabbitmq',
  'redis',
  'memory',
];

export function makePlan({ seed, ...options }: PlanOptions): Plan {
  const random = new SeededRandom(seed * 2_654_435_761 + 1);
  const broker = options.broker ?? kindsBySeed[seed % kindsBySeed.length] ?? 'redis';
  const numNodes = broker === 'memory' ? 1 : (options.numNodes ?? 2 + random.below(2));
  const activeMs = options.activeMs ?? (seed % 10 === 0 ? 8_000 + random.below(22_000) : 3_000 + random.below(5_000));
  const channels = channelsOf(broker, random);
  const numClients = 3 + random.below(4);
  const isLone = seed % 10 === 5 && options.activeMs === undefined && broker !== 'memory';
  const clients = Array.from({ length: numClients }, (_, n): ClientPlan => {
    const own = channels.filter(() => random.below(3) > 0);
    const user = random.below(3);
    const transport = random.pick(transports);
    return {
      user,
      // Who polls may be led to another node each time, and hears of the end of its own last.
      transport: isLone && n % 2 === 0 ? 'long_polling' : transport,
      channels: own.length > 0 ? own : [random.pick(channels)],
      tokenMs: random.below(3) === 0 ? 4_000 + random.below(12_000) : undefined,
    };
  });
  const dice: Dice = { random, broker, numNodes, numClients, activeMs, channels };
  const steps = [...traffic(dice), ...(isLone ? loneFault(dice) : faults(dice))].sort((a, b) => a.atMs - b.atMs);
  const mostOfUser = Math.max(...[0, 1, 2].map((user) => clients.filter((client) => client.user === user).length));
  const maxConnectionsPerUser = random.below(4) === 0 ? 2 * mostOfUser : 0;
  const isHushed = random.below(3) === 0;
  return { seed, broker, numNodes, clients, maxConnectionsPerUser, activeMs, isHushed, steps };
}

interface Dice {
  readonly random: SeededRandom;
  readonly broker: BrokerKind;
  readonly numNodes: number;
  readonly numClients: number;
  readonly activeMs: number;
  readonly channels: readonly string[];
}

function channelsOf(broker: BrokerKind, random: SeededRandom): string[] {
  const all = ['stream:a', 'stream:b', 'recover:a', 'plain:a', 'latest:a', 'drop:a', 'rate:a'];
  if (broker !== 'rabbitmq') all.push('map:a');
  const some = all.filter(() => random.below(2) === 0);
  return some.includes('stream:a') ? some : ['stream:a', ...some];
}

/** Publications, changes of keys, and people who come and go. */
function traffic({ random, numClients, activeMs, channels }: Dice): Step[] {
  const steps: Step[] = [];
  const meanGapMs = 80 + random.below(600);
  for (let atMs = random.unit() * meanGapMs; atMs < activeMs; atMs += random.unit() * 2 * meanGapMs) {
    const channel = random.pick(channels);
    if (channel.startsWith('map:')) {
      const key = random.pick(mapKeys);
      steps.push({
        atMs,
        action: { kind: 'change', channel, key, removes: random.below(4) === 0, expects: random.below(2) === 0 },
      });
      continue;
    }
    // Those with a policy have one publisher, so that the order of their publications is known.
    const isOrdered = /^(latest|drop|rate):/.test(channel);
    const by = !isOrdered && random.below(4) === 0 ? random.below(numClients) : 'server';
    const isRace = by === 'server' && !isOrdered && random.below(10) === 0;
    const isBurst = random.below(25) === 0;
    // What is kept has to fit into a queue, for those who come back.
    const size = !isBurst ? random.below(200) : /^(stream|recover):/.test(channel) ? 5_000 : 12_000;
    const count = isBurst ? 4 + random.below(8) : 1;
    for (let n = 0; n < count; n++)
      steps.push({ atMs: atMs + n, action: { kind: 'publish', channel, by, size, isRace } });
  }
  for (let left = random.below(1 + activeMs / 2_500); left > 0; left--) {
    const [client, channel] = [random.below(numClients), random.pick(channels)];
    // Some are back before anybody has heard that they are away.
    const [atMs, awayMs] = [random.unit() * activeMs, random.below(random.below(3) === 0 ? 60 : 3_000)];
    steps.push({ atMs, action: { kind: 'churn', client, channel, awayMs } });
    // Half of them come back while much is published.
    const size = random.pick(crowds);
    if (!channel.startsWith('map:')) steps.push(...crowd(random, channel, atMs + awayMs, activeMs, size));
  }
  return steps;
}

/** Publications close together, until everything heals. */
function crowd(
  random: SeededRandom,
  channel: string,
  fromMs: number,
  activeMs: number,
  { count, gapMs }: Crowd,
): Step[] {
  const steps: Step[] = [];
  for (let n = 0; n < count && fromMs + n * gapMs < activeMs; n++) {
    const publish = { kind: 'publish', channel, by: 'server', size: random.below(50), isRace: false } as const;
    steps.push({ atMs: fromMs + n * gapMs, action: publish });
  }
  return steps;
}

function faults(dice: Dice): Step[] {
  const { random, activeMs } = dice;
  const steps: Step[] = [];
  // A short plan has as much trouble as fits, and never none.
  const count = activeMs < 8_000 ? 1 + random.below(3) : random.below(2 + activeMs / 4_000);
  for (let n = 0; n < count; n++) {
    const atMs = random.unit() * activeMs * 0.9;
    const action = fault(dice, activeMs - atMs);
    steps.push({ atMs, action }, ...meanwhile(dice, atMs, action));
  }
  return steps;
}

/**
 * One trouble of a node or of the broker in a fleet that is well otherwise, so that all is owed that is excused where several
 * meet; in others orders are given meanwhile, and while everybody is on the way back.
 */
function loneFault(dice: Dice): Step[] {
  const { random, broker, numNodes, numClients, activeMs } = dice;
  const atMs = random.unit() * activeMs * 0.7;
  const node = random.below(numNodes);
  const lastsMs = Math.min(activeMs - atMs, 50 + random.unit() ** 2 * 8_000);
  const purpose = oneOf(random, [undefined, ...purposesOf(broker)]);
  const kinds: (() => Action)[] = [
    () => ({ kind: 'kill', node, isSilent: false, awayMs: lastsMs }),
    () => ({ kind: 'kill', node, isSilent: false, awayMs: lastsMs }),
    () => ({ kind: 'kill', node, isSilent: true, awayMs: lastsMs }),
    () => ({ kind: 'roll', node }),
    () => ({ kind: 'pause', node, lastsMs }),
    () => ({ kind: 'partition', node, direction: random.pick(['both', 'toNode'] as const), purpose, lastsMs }),
    () => ({ kind: 'breakLines', node, purpose }),
    () => ({ kind: 'breakLines', node, purpose }),
    () => ({ kind: 'restartBroker', loss: 'none', lagMs: 0, awayMs: lastsMs }),
    () => ({ kind: 'slowBroker', factor: 3 + random.below(8), lastsMs: activeMs - atMs }),
  ];
  const action = random.pick(kinds)();
  if (action.kind === 'slowBroker') return [{ atMs, action }, ...joins(dice, atMs)];
  // Until everybody is back: what is said meanwhile may be lost.
  const spanMs = ('lastsMs' in action || 'awayMs' in action ? lastsMs : 0) + 300;
  // Survivors are judged where nothing else is done.
  const isQuiet = random.below(4) < (action.kind === 'kill' ? 3 : action.kind === 'breakLines' ? 0 : 2);
  const orders = Array.from({ length: isQuiet ? 0 : 1 + random.below(4) }, (): Step => {
    const via = random.below(numNodes);
    const order: Action =
      random.below(3) > 0
        ? { kind: 'order', client: random.below(numClients), awayMs: 200 + random.below(2_000), via }
        : { kind: 'revoke', user: random.below(3), lastsMs: random.below(2_000), via };
    return { atMs: atMs + random.unit() * spanMs, action: order };
  });
  return [{ atMs, action }, ...orders];
}

/** Some come back to a channel with a history one after the other, while much is published there. */
function joins({ random, channels, numClients, activeMs }: Dice, fromMs: number): Step[] {
  const kept = channels.filter((channel) => /^(stream|recover):/.test(channel));
  const steps: Step[] = [];
  for (let left = 1 + random.below(3); left > 0; left--) {
    const channel = random.pick(kept);
    const atMs = fromMs + random.unit() * (activeMs - fromMs) * 0.8;
    const awayMs = random.below(300);
    steps.push({ atMs, action: { kind: 'churn', client: random.below(numClients), channel, awayMs } });
    steps.push(...crowd(random, channel, atMs + awayMs, activeMs, longCrowd));
  }
  return steps;
}

/** What else happens while something is wrong with a node: orders, there or elsewhere, and its end. */
function meanwhile({ random, broker, numNodes, numClients, activeMs }: Dice, atMs: number, fault: Action): Step[] {
  if (broker === 'memory' || !('node' in fault && 'lastsMs' in fault)) return [];
  const { node, lastsMs } = fault;
  return Array.from({ length: random.below(4) }, (): Step => {
    const beginsMs = atMs + random.unit() * lastsMs;
    const via = random.below(2) === 0 ? node : random.below(numNodes);
    const leftMs = activeMs - beginsMs;
    const kinds: (() => Action)[] = [
      () => ({ kind: 'order', client: random.below(numClients), awayMs: 200 + random.below(3_000), via }),
      () => ({ kind: 'revoke', user: random.below(3), lastsMs: Math.min(leftMs, random.below(8_000)), via }),
      () => ({ kind: 'kill', node, isSilent: random.below(4) === 0, awayMs: Math.min(leftMs, random.below(4_000)) }),
      () => ({ kind: 'roll', node }),
      () => ({ kind: 'cut', client: random.below(numClients) }),
    ];
    return { atMs: beginsMs, action: random.pick(kinds)() };
  });
}

/** @param leftMs by then it is over */
function fault({ random, broker, numNodes, numClients }: Dice, leftMs: number): Action {
  const client = random.below(numClients);
  const node = random.below(numNodes);
  /** Mostly short. */
  const lasts = (mostMs: number) => Math.min(leftMs, 50 + random.unit() ** 2 * mostMs);
  const ofClients: (() => Action)[] = [
    () => ({ kind: 'cut', client }),
    () => ({ kind: 'cut', client }),
    () => ({ kind: 'storm' }),
    () => ({
      kind: 'vanish',
      client,
      hole: random.pick(['both', 'toNode', 'toClient'] as const),
      isForGood: random.below(2) === 0,
      lastsMs: lasts(20_000),
    }),
    () => ({ kind: 'stall', client, lastsMs: lasts(12_000) }),
    () => ({ kind: 'stall', client, lastsMs: lasts(12_000) }),
    () => ({ kind: 'order', client, awayMs: 200 + random.below(3_000) }),
    () => ({ kind: 'revoke', user: random.below(3), lastsMs: lasts(6_000) }),
    () => ({ kind: 'jumpClock', node, byMs: random.pick([-3_600_000, 3_600_000, 45_000]), lastsMs: lasts(8_000) }),
  ];
  const ofNodes: (() => Action)[] = [
    () => ({ kind: 'kill', node, isSilent: random.below(4) === 0, awayMs: lasts(8_000) }),
    () => ({ kind: 'kill', node, isSilent: false, awayMs: lasts(3_000) }),
    () => ({ kind: 'pause', node, lastsMs: lasts(25_000) }),
    () => ({ kind: 'roll', node }),
  ];
  const ofBrokers: (() => Action)[] = [
    () => ({
      kind: 'partition',
      node,
      direction: random.pick(['both', 'toServer', 'toNode'] as const),
      purpose: undefined,
      lastsMs: lasts(20_000),
    }),
    () => ({
      kind: 'partition',
      node,
      direction: 'both',
      purpose: oneOf(random, purposesOf(broker)),
      lastsMs: lasts(20_000),
    }),
    () => ({ kind: 'breakLines', node, purpose: oneOf(random, [undefined, ...purposesOf(broker)]) }),
    () => ({
      kind: 'restartBroker',
      loss: random.pick(['none', 'some', 'all'] as const),
      lagMs: random.below(2_000),
      awayMs: lasts(5_000),
    }),
    () => ({ kind: 'pauseBroker', lastsMs: lasts(10_000) }),
    () => ({ kind: 'slowBroker', factor: 5 + random.below(60), lastsMs: lasts(10_000) }),
    ...(broker === 'rabbitmq' ? [] : [(): Action => ({ kind: 'wipe' })]),
    ...(broker === 'redis' ? [(): Action => ({ kind: 'replica' })] : []),
    ...(broker === 'rabbitmq' ? [] : [(): Action => ({ kind: 'meddle', fates: fatesFor(broker, random) })]),
  ];
  const kinds =
    broker === 'memory'
      ? [...ofClients, ...ofNodes.slice(0, 2)]
      : [...ofClients, ...ofNodes, ...ofBrokers, ...ofBrokers];
  return random.pick(kinds)();
}

/** As {@link SeededRandom.pick}, also of what may be absent. */
function oneOf<T>(random: SeededRandom, items: readonly [T, ...T[]]): T {
  // safe: there is one at least
  return items[random.below(items.length)] as T;
}

function purposesOf(broker: BrokerKind): readonly [string | undefined, ...(string | undefined)[]] {
  if (broker === 'redis') return ['commands', 'subscriptions'];
  return broker === 'rabbitmq' ? ['publishing', 'receiving', 'reading'] : [undefined];
}

/** NATS delivers in order and once, or not at all. */
function fatesFor(broker: BrokerKind, random: SeededRandom): Fate[] {
  const kinds: readonly Fate[] = broker === 'redis' ? ['deliver', 'drop', 'repeat', 'hold'] : ['deliver', 'drop'];
  return Array.from({ length: 1 + random.below(6) }, () => random.pick(kinds));
}
