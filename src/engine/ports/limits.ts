/** The engine's limits and intervals, with their defaults. */

import { FanfareError } from '../../model/fanfare-error.js';

/** Each field documents its unit and what 0 does; none may be negative. */
export interface EngineLimits {
  /** Channels that one connection may be subscribed to. 0: none. */
  readonly maxChannelsPerConnection: number;
  /** Bytes that may wait for one connection before it counts as slow. */
  readonly maxQueueBytes: number;
  /** Largest message in bytes of its JSON, where a channel rule says nothing else. */
  readonly maxMessageBytes: number;
  /** Between two pings of a connection, in milliseconds. 0: no pings. */
  readonly pingIntervalMs: number;
  /** How long a ping may stay unanswered, in milliseconds; less than the interval. */
  readonly pongTimeoutMs: number;
  /** How long a connection may take to send its first command, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Most publications that one `history` command returns. */
  readonly maxHistoryPublications: number;
  /** Most publications that one recovery delivers; a client that missed more is told so. */
  readonly maxRecoveredPublications: number;
  /** Most clients that one `presence` command returns. */
  readonly maxPresenceClients: number;
  /** How long a presence entry lives without renewal, in milliseconds: what a dead node leaves behind. */
  readonly presenceTtlMs: number;
  /** Commands a second that one connection may send in the long run. 0: no limit. */
  readonly commandsPerSec: number;
  /** Commands that it may send at once after a pause. */
  readonly commandBurst: number;
  /** Publications a second that one connection may send in the long run. 0: no limit of their own. */
  readonly publicationsPerSec: number;
  /** Channels a second that one connection may subscribe to in the long run. 0: no limit of their own. */
  readonly subscribesPerSec: number;
  /** Commands a second of one user over all of its connections to this node. 0: no limit. */
  readonly commandsPerSecPerUser: number;
  /** Publications a second of one user over all of its connections to this node. 0: no limit. */
  readonly publicationsPerSecPerUser: number;
  /** Subscribes a second of one user over all of its connections to this node. 0: no limit. */
  readonly subscribesPerSecPerUser: number;
  /** Open connections of this node; a further one is answered with 503. 0: no limit. */
  readonly maxConnections: number;
  /** Open connections from one address; a further one is answered with 503. 0: no limit. */
  readonly maxConnectionsPerAddress: number;
  /** Connections of one user over all nodes; a further one is refused with 106, which its client takes as advice to try again later. 0: no limit. */
  readonly maxConnectionsPerUser: number;
  /** Connects a second to this node in the long run; what is beyond is answered with 503. 0: no limit. */
  readonly connectsPerSec: number;
  /** Connects that the node takes at once after a pause. */
  readonly connectBurst: number;
  /** Commands of one connection that may be under way at the same time. */
  readonly maxPendingCommands: number;
  /** How long after its expiry a connection may still bring a new token, in milliseconds. */
  readonly expiredGraceMs: number;
  /** How long a channel without subscribers stays subscribed at the broker, in milliseconds. */
  readonly brokerLingerMs: number;
}

export const defaultLimits: EngineLimits = {
  maxChannelsPerConnection: 128,
  maxQueueBytes: 1_048_576,
  maxMessageBytes: 65_536,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 8_000,
  connectTimeoutMs: 10_000,
  maxHistoryPublications: 1_000,
  maxRecoveredPublications: 1_000,
  maxPresenceClients: 1_000,
  presenceTtlMs: 60_000,
  commandsPerSec: 200,
  commandBurst: 1_000,
  publicationsPerSec: 0,
  subscribesPerSec: 0,
  commandsPerSecPerUser: 0,
  publicationsPerSecPerUser: 0,
  subscribesPerSecPerUser: 0,
  maxConnections: 0,
  maxConnectionsPerAddress: 0,
  maxConnectionsPerUser: 0,
  connectsPerSec: 0,
  connectBurst: 1_000,
  maxPendingCommands: 512,
  expiredGraceMs: 25_000,
  brokerLingerMs: 1_000,
};

/**
 * Fills in the defaults.
 *
 * @throws FanfareError `ERR_CONFIG`, naming the limit, for one that is no whole number of 0 or more
 */
export function limitsWithDefaults(limits: Partial<EngineLimits>): EngineLimits {
  const all = { ...defaultLimits, ...limits };
  for (const [name, value] of Object.entries(all)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new FanfareError('ERR_CONFIG', `limits.${name} must be a whole number of 0 or more, got ${value}`);
    }
  }
  return all;
}
