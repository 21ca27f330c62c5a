/** The channels of a simulated fleet and its limits: small, so that what is bounded is reached. */

import { type ChannelDeclaration, channel } from '../../../src/engine/channels/channel-options.js';
import type { EngineLimits } from '../../../src/engine/ports/limits.js';
import type { CheckerLimits } from '../../chaos/checker/limits.js';
import type { BrokerServer } from '../servers/broker-server.js';

export const historySize = 10;
export const historyTtlMs = 90_000;
export const maxRecovered = 5;
export const dropOldest = 5;
/** Publications a second of one key. */
export const maxRate = 2;
export const mapSize = 12;

export const limits: Partial<EngineLimits> = {
  maxQueueBytes: 131_072,
  maxRecoveredPublications: maxRecovered,
  pingIntervalMs: 6_000,
  pongTimeoutMs: 3_000,
  presenceTtlMs: 12_000,
  expiredGraceMs: 5_000,
  pollWaitMs: 8_000,
  pollGraceMs: 6_000,
  // Spacing depends on how busy the real process is.
  pollSpacingMs: 0,
};

/** G8: what is lost is gone when its time to live is over, and what the broker has lost is back when it is renewed. */
const presenceExpiryMs = 13_000;

export const checkerLimits: Partial<CheckerLimits> = { historySize, historyTtlMs, maxRecovered, presenceExpiryMs };

/** By what their names begin with. */
export const channelKinds = ['stream', 'recover', 'plain', 'latest', 'drop', 'rate', 'map'] as const;
export type ChannelKind = (typeof channelKinds)[number];

export function kindOfChannel(name: string): ChannelKind {
  const kind = channelKinds.find((one) => name.startsWith(`${one}:`));
  if (kind === undefined) throw new Error(`no such channel: ${name}`);
  return kind;
}

export function channelsFor({ hasMaps }: BrokerServer): Record<string, ChannelDeclaration> {
  const open = { subscribe: 'anyone', publish: 'anyone' } as const;
  const history = { size: historySize, ttl: `${historyTtlMs / 1_000}s` } as const;
  return {
    'stream:{n}': channel({ ...open, history, presence: true }),
    'recover:{n}': channel({ ...open, history, slow: 'recover' }),
    'plain:{n}': channel({ ...open, presence: true }),
    'latest:{n}': channel({ ...open, slow: 'latest' }),
    'drop:{n}': channel({ ...open, slow: { dropOldest } }),
    'rate:{n}': channel({ ...open, maxRate: { default: maxRate } }),
    ...(hasMaps && { 'map:{n}': channel({ ...open, history, map: { size: mapSize } }) }),
  };
}
