/**
 * All limits and intervals, declared once: options, help, the reference page, checks and defaults are made from this
 * table. A limit is enforced where it applies, which reads it from `node.limits`.
 */

import { FanfareError } from '../../model/fanfare-error.js';

/** A limit. Its unit is the end of its name: `…Bytes`, `…Ms` for milliseconds, and otherwise it is a number. */
interface LimitDeclaration<Name extends string = string> {
  readonly default: number;
  /** One sentence or two. */
  readonly about: string;
  /** What 0 does. Absent: 0 is refused. */
  readonly zero?: string;
  /** The smallest value, where that is not 1 (or 0, with `zero`). */
  readonly min?: number;
  /** This one has no effect above that one. */
  readonly within?: Name;
  /** It has an effect on this transport alone. */
  readonly transport?: 'longPolling' | 'oneWay';
  /** When another value is in force. Absent: at once. `connections`: for those that come after it. */
  readonly reload?: 'connections' | 'restart';
}

const rows = {
  maxFrameBytes: limit(
    262_144,
    'Largest frame from a client. SDKs subscribe to all channels of a client in one frame when they come back, with their tokens, and stay away when it is too large; a connection can make the server keep so much while the frame is on its way.',
    { min: 1_024, reload: 'restart' },
  ),
  pollWaitMs: limit(
    25_000,
    'How long a poll of long polling hangs when there is nothing to deliver. Less than the time-outs of proxies.',
    { transport: 'longPolling', reload: 'restart' },
  ),
  pollGraceMs: limit(15_000, 'How long a connection by long polling lives without a poll.', {
    min: 1_000,
    transport: 'longPolling',
    reload: 'restart',
  }),
  pollSpacingMs: limit(
    50,
    'Shortest time between two answers with messages to one polling client. What comes meanwhile goes together, which spares the server most of its work under a steady load; the first message after a pause goes at once. It grows up to 1s while the process is busy all the time.',
    { zero: 'Each message may be an answer of its own.', transport: 'longPolling', reload: 'restart' },
  ),
  signOfLifeMs: limit(
    4_000,
    'Time between two signs of life on the one-way endpoints over HTTP, in whole seconds and at least 2: consumers that give up after 5 or 10 seconds of silence stay.',
    { zero: 'None but the pings.', transport: 'oneWay', reload: 'restart' },
  ),
  maxMessageBytes: limit(65_536, 'Largest message, in bytes of its JSON, where a channel rule says nothing else.', {
    min: 2,
  }),
  maxQueueBytes: limit(1_048_576, 'Bytes that may wait for one connection before it counts as slow and is closed.', {
    min: 1_024,
  }),
  maxChannelsPerConnection: limit(128, 'Channels that one connection may be subscribed to.', { zero: 'None.' }),
  maxPendingCommands: limit(512, 'Commands of one connection that may be under way at the same time.'),
  commandsPerSec: limit(200, 'Commands a second that one connection may send in the long run.', { zero: 'No limit.' }),
  commandBurst: limit(1_000, 'Commands that a connection may send at once after a pause.'),
  publicationsPerSec: limit(0, 'Publications a second that one connection may send in the long run.', {
    zero: 'No limit of their own.',
    within: 'commandsPerSec',
  }),
  subscribesPerSec: limit(0, 'Channels a second that one connection may subscribe to in the long run.', {
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
  connectsPerSec: limit(0, 'Connects a second in the long run; what is beyond is answered with 503.', {
    zero: 'No limit.',
  }),
  connectBurst: limit(1_000, 'Connects that the node takes at once after a pause.'),
  maxHistoryPublications: limit(1_000, 'Most publications that one history command returns.'),
  maxRecoveredPublications: limit(
    1_000,
    'Most publications that one recovery delivers; a client that missed more is told so.',
    { zero: 'Whoever missed anything is told so.' },
  ),
  maxPresenceClients: limit(1_000, 'Most clients that one presence command returns.', { zero: 'None.' }),
  pingIntervalMs: limit(25_000, 'Time between two pings of a connection.', {
    zero: 'No pings: dead connections are not noticed.',
    reload: 'connections',
  }),
  pongTimeoutMs: limit(8_000, 'How long a ping may stay unanswered. Less than the ping interval.', {
    reload: 'connections',
  }),
  connectTimeoutMs: limit(10_000, 'How long a connection may take to send its first command.'),
  presenceTtlMs: limit(60_000, 'How long a presence entry lives without renewal: what a dead node leaves behind.', {
    min: 1_000,
  }),
  expiredGraceMs: limit(25_000, 'How long after its expiry a connection may still bring a new token.', {
    zero: 'It is closed at once.',
  }),
  brokerLingerMs: limit(1_000, 'How long a channel without subscribers stays subscribed at the broker.', {
    zero: 'It is left at once.',
  }),
};

export type LimitName = keyof typeof rows;

export const limitTable: Readonly<Record<LimitName, LimitDeclaration<LimitName>>> = rows;

/** The values, by the names of the table. {@link limitTable} says what each does, and what 0 means. */
export type EngineLimits = { readonly [Name in LimitName]: number };

// safe: the keys of the table
export const limitNames = Object.keys(rows) as LimitName[];

// safe: every name of the table has its value
export const defaultLimits = Object.fromEntries(
  limitNames.map((name) => [name, limitTable[name].default]),
) as EngineLimits;

function limit<const More extends Omit<LimitDeclaration, 'default' | 'about'> = Record<never, never>>(
  value: number,
  about: string,
  more?: More,
): Pick<LimitDeclaration, 'default' | 'about'> & More {
  // safe: without `more`, nothing is asked of it
  return { default: value, about, ...(more as More) };
}

/** The option that sets a limit: its value has a unit, so its name needs none. */
export type LimitPath<Name extends string = LimitName> = Name extends `${infer Bare}Ms`
  ? `limits.${Bare}`
  : `limits.${Name}`;

export function limitPath<Name extends LimitName>(name: Name): LimitPath<Name> {
  // safe: what the type does with the name
  return `limits.${name.replace(/Ms$/, '')}` as LimitPath<Name>;
}

/** Longer than this, timers of Node fire at once. */
const maxValue = 2_147_483_647;

/** Which values a limit may have. */
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
      throw new FanfareError('ERR_CONFIG', `limits.${name} must be a whole number from ${min} to ${max}, got ${value}`);
    }
    all[name] = value;
  }
  return all;
}
