/**
 * All limits and intervals, from which options, help, the reference page, checks and defaults are made. Code that
 * enforces a limit reads it from `node.limits`.
 */

import { kindOf } from '../../model/expected.js';
import { FanfareError } from '../../model/fanfare-error.js';

/** A limit. Its name ends with its unit, `…Bytes` or `…Ms`, unless it is a plain number. */
interface LimitDeclaration<Name extends string = string> {
  readonly default: number;
  /** One or two sentences. */
  readonly about: string;
  /** The effect of 0; if absent, 0 is refused. */
  readonly zero?: string;
  /** The smallest value, if that is not 1 (or 0, with `zero`). */
  readonly min?: number;
  /** A limit above which this one has no effect. */
  readonly within?: Name;
  /** The only transport that it affects. */
  readonly transport?: 'longPolling' | 'oneWay';
  /** When a changed value applies: at once if absent, to new connections only, or after a restart. */
  readonly reload?: 'connections' | 'restart';
}

/** Limits without a burst of their own have a burst of this many seconds of their average rate. */
export const burstSec = 5;

const rows = {
  maxFrameBytes: limit(
    262_144,
    'Largest frame from a client. When SDKs reconnect they subscribe to all channels in one frame, with their tokens, and cannot come back if that is too large; a connection can make the server buffer as much while a frame arrives.',
    { min: 1_024, reload: 'restart' },
  ),
  pollWaitMs: limit(
    25_000,
    'How long a poll of long polling waits when there is nothing to deliver. Less than the time-outs of proxies.',
    { transport: 'longPolling', reload: 'restart' },
  ),
  pollGraceMs: limit(15_000, 'How long a long-polling connection lives without a poll.', {
    min: 1_000,
    transport: 'longPolling',
    reload: 'restart',
  }),
  pollSpacingMs: limit(
    50,
    'Shortest time between two answers with messages to one polling client. Messages in between share an answer, which saves most of the work under a steady load; the first message after a pause is sent at once. Grows up to 1s while the process is constantly busy.',
    { zero: 'Each message may be an answer of its own.', transport: 'longPolling', reload: 'restart' },
  ),
  signOfLifeMs: limit(
    4_000,
    'Time between two heartbeats on the one-way endpoints over HTTP, in whole seconds and at least 2, for consumers that give up after 5 or 10 seconds of silence.',
    { zero: 'Pings only.', transport: 'oneWay', reload: 'restart' },
  ),
  maxMessageBytes: limit(65_536, 'Largest message, in bytes of its JSON, unless a channel rule sets another.', {
    min: 2,
  }),
  maxMapBytes: limit(
    134_217_728,
    'Most bytes of the keys and values of one map, unless a channel rule sets another; what would exceed it is refused. Only brokers in memory count them.',
    { min: 1_024 },
  ),
  maxQueueBytes: limit(1_048_576, 'Bytes that may wait for one connection before it counts as slow and is closed.', {
    min: 1_024,
  }),
  maxChannelsPerConnection: limit(128, 'Channels that one connection may be subscribed to.', { zero: 'None.' }),
  maxFilterBytes: limit(
    4_096,
    'Largest filter by tags of one subscription, in bytes of its JSON. Each publication is checked once against each different filter.',
    { min: 32 },
  ),
  maxFilterDepth: limit(8, 'Most levels of a filter by tags; a single comparison has one.'),
  maxPendingCommands: limit(512, 'Commands of one connection that may be in progress at the same time.'),
  commandsPerSec: limit(200, 'Commands a second that one connection may send on average.', { zero: 'No limit.' }),
  commandBurst: limit(1_000, 'Commands that a connection may send at once after a pause.'),
  publicationsPerSec: limit(0, 'Publications a second that one connection may send on average.', {
    zero: 'No limit of their own.',
    within: 'commandsPerSec',
  }),
  subscribesPerSec: limit(0, 'Channels a second that one connection may subscribe to on average.', {
    zero: 'No limit of their own.',
    within: 'commandsPerSec',
  }),
  commandsPerSecPerUser: limit(0, 'Commands a second of one user over all connections to this node.', {
    zero: 'No limit.',
  }),
  publicationsPerSecPerUser: limit(0, 'Publications a second of one user over all connections to this node.', {
    zero: 'No limit.',
    within: 'commandsPerSecPerUser',
  }),
  subscribesPerSecPerUser: limit(0, 'Subscribes a second of one user over all connections to this node.', {
    zero: 'No limit.',
    within: 'commandsPerSecPerUser',
  }),
  maxConnections: limit(0, 'Open connections of this node; a further one is answered with 503.', { zero: 'No limit.' }),
  maxConnectionsPerAddress: limit(0, 'Open connections from one address; a further one is answered with 503.', {
    zero: 'No limit.',
    within: 'maxConnections',
  }),
  maxConnectionsPerUser: limit(
    0,
    'Connections of one user over all nodes; a further one is refused with 106, and its client tries again later.',
    { zero: 'No limit.' },
  ),
  connectsPerSec: limit(0, 'Connects a second on average; further ones are answered with 503.', {
    zero: 'No limit.',
  }),
  connectBurst: limit(1_000, 'Connects that the node accepts at once after a pause.'),
  maxHistoryPublications: limit(1_000, 'Largest number of publications that one history command returns.'),
  maxRecoveredPublications: limit(
    1_000,
    'Largest number of publications that come with the reply to a client that recovers. `fanfare/client` and one-way consumers get what they missed beyond that in pages behind it; other clients are told that they cannot recover.',
    { zero: 'A client that missed anything is told so.' },
  ),
  maxPresenceClients: limit(1_000, 'Largest number of clients that one presence command returns.', { zero: 'None.' }),
  pingIntervalMs: limit(25_000, 'Time between two pings of a connection.', {
    zero: 'No pings: dead connections are not noticed.',
    reload: 'connections',
  }),
  pongTimeoutMs: limit(8_000, 'How long a ping may stay unanswered. Less than the ping interval.', {
    reload: 'connections',
  }),
  connectTimeoutMs: limit(10_000, 'How long a connection may take to send its first command.', { min: 100 }),
  presenceTtlMs: limit(60_000, 'How long a presence entry lives without renewal, when its node has died.', {
    min: 1_000,
  }),
  expiredGraceMs: limit(25_000, 'How long after its expiry a connection may still bring a new token.', {
    zero: 'It is closed at once.',
  }),
  brokerLingerMs: limit(1_000, 'How long a channel without subscribers stays subscribed at the broker.', {
    zero: 'It is unsubscribed at once.',
  }),
};

export type LimitName = keyof typeof rows;

export const limitTable: Readonly<Record<LimitName, LimitDeclaration<LimitName>>> = rows;

/** The values of the limits. {@link limitTable} says what each does, and what 0 means. */
export type EngineLimits = { readonly [Name in LimitName]: number };

// safe: the keys of the table
export const limitNames = Object.keys(rows) as LimitName[];

// safe: every name of the table gets a value
export const defaultLimits = Object.fromEntries(
  limitNames.map((name) => [name, limitTable[name].default]),
) as EngineLimits;

function limit<const More extends Omit<LimitDeclaration, 'default' | 'about'> = Record<never, never>>(
  value: number,
  about: string,
  more?: More,
): Pick<LimitDeclaration, 'default' | 'about'> & More {
  // safe: without `more`, the type asks for nothing more
  return { default: value, about, ...(more as More) };
}

/** The option that sets a limit. Its value has a unit, so its name does not need one. */
export type LimitPath<Name extends string = LimitName> = Name extends `${infer Bare}Ms`
  ? `limits.${Bare}`
  : `limits.${Name}`;

export function limitPath<Name extends LimitName>(name: Name): LimitPath<Name> {
  // safe: the type does the same with the name
  return `limits.${name.replace(/Ms$/, '')}` as LimitPath<Name>;
}

/** Node's timers fire at once with a longer delay. */
const maxValue = 2_147_483_647;

/** The range of a limit's values. */
export function rangeOf(name: LimitName): { readonly min: number; readonly max: number } {
  const { zero, min = zero === undefined ? 1 : 0 } = limitTable[name];
  return { min, max: maxValue };
}

/**
 * Fills in the defaults.
 *
 * @throws FanfareError `ERR_CONFIG`, naming the limit, for a value that is not in its range
 */
export function limitsWithDefaults(limits: Partial<EngineLimits>): EngineLimits {
  const all: Record<LimitName, number> = { ...defaultLimits };
  for (const name of limitNames) {
    const { [name]: value = defaultLimits[name] } = limits;
    const { min, max } = rangeOf(name);
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new FanfareError(
        'ERR_CONFIG',
        `limits.${name} must be a whole number from ${min} to ${max}, got ${kindOf(value)}`,
      );
    }
    all[name] = value;
  }
  return all;
}
