/** Limits and rules that are right each on its own and wrong together. */

import { type EngineLimits, type LimitName, limitNames, limitTable } from '../ports/limits.js';

/** The part of a channel rule that is read here. */
export interface RuleFacts {
  readonly pattern: { readonly text: string };
  readonly stream: { readonly size: number; readonly ttlMs: number } | undefined;
  readonly recovery: 'stream' | 'cache' | 'off';
  readonly presence: boolean;
  /** `nobody`, `token`, or who may, in whatever form. */
  readonly publish: unknown;
  readonly subscribe: unknown;
  readonly maxMessageBytes: number;
}

export interface Contradiction {
  /** Whether something cannot work, or works less well than the values suggest. */
  readonly severity: 'error' | 'warning';
  /** The limit to be changed; absent: something of the rule. */
  readonly limit?: LimitName;
  readonly rule?: string;
  /** Follows the name of the limit or the rule. */
  readonly message: string;
}

/** Bytes for each channel when an SDK reconnects: it subscribes to all channels in one frame, each with its name and position. */
const bytesOfSubscribe = 160;
/** A token of a channel besides, with some claims of the application. */
const bytesOfToken = 1_024;
/** Of `maxCommandsPerFrame` of the protocol, with some for other commands. */
const maxSubscribesPerFrame = 4_000;
/** Most proxies end what has been silent for a minute. */
const silenceOfProxiesMs = 60_000;

/** @param nameOf what the reader of the messages calls a limit */
export function contradictions(
  limits: EngineLimits,
  rules: Iterable<RuleFacts>,
  nameOf: (limit: LimitName) => string,
): Contradiction[] {
  const all = [...rules];
  const bytesEach = bytesOfSubscribe + (all.some(({ subscribe }) => subscribe === 'token') ? bytesOfToken : 0);
  return [...ofLimits(limits, bytesEach, nameOf), ...all.flatMap((rule) => [...ofRule(rule, limits, nameOf)])];
}

/** @param bytesOfChannel what a client sends of each channel when it comes back */
function* ofLimits(
  limits: EngineLimits,
  bytesOfChannel: number,
  nameOf: (limit: LimitName) => string,
): Iterable<Contradiction> {
  const { pingIntervalMs, pongTimeoutMs, maxChannelsPerConnection: maxChannels, pollSpacingMs, pollGraceMs } = limits;
  if (pingIntervalMs > 0 && pongTimeoutMs >= pingIntervalMs) {
    yield error('pongTimeoutMs', `must be less than ${nameOf('pingIntervalMs')}`);
  }
  if (limits.maxMessageBytes > limits.maxQueueBytes) {
    const message = `is less than ${nameOf('maxMessageBytes')}: one message would make a connection slow`;
    yield error('maxQueueBytes', message);
  }
  if (maxChannels > maxSubscribesPerFrame) {
    const message = `is above ${maxSubscribesPerFrame}: SDKs subscribe to all channels in one frame when they come back`;
    yield error('maxChannelsPerConnection', message);
  }
  if (pollSpacingMs >= pollGraceMs) {
    yield error('pollSpacingMs', `must be less than ${nameOf('pollGraceMs')}: polling clients would be given up`);
  }
  for (const slow of ['pingIntervalMs', 'pollWaitMs'] as const) {
    if (limits[slow] < silenceOfProxiesMs) continue;
    yield warning(slow, 'is a minute or more: most proxies cut what has been silent for 60s');
  }
  for (const [limit, bytesEach] of [
    ['maxPendingCommands', 1],
    ['commandBurst', 1],
    ['maxFrameBytes', bytesOfChannel],
  ] as const) {
    if (limits[limit] >= maxChannels * bytesEach || (limit === 'commandBurst' && limits.commandsPerSec === 0)) continue;
    const reason = `clients with ${maxChannels} channels (${nameOf('maxChannelsPerConnection')}) subscribe to all of them at once when they come back`;
    yield warning(limit, `is too low: ${reason}`);
  }
  for (const inner of limitNames) {
    const outer = limitTable[inner].within;
    if (outer === undefined || limits[outer] === 0 || limits[inner] <= limits[outer]) continue;
    yield warning(inner, `has no effect: ${nameOf(outer)} is ${limits[outer]}`);
  }
}

function* ofRule(rule: RuleFacts, limits: EngineLimits, nameOf: (limit: LimitName) => string): Iterable<Contradiction> {
  const { stream, recovery, presence, publish, maxMessageBytes } = rule;
  const { pingIntervalMs, pongTimeoutMs, presenceTtlMs, maxRecoveredPublications, maxQueueBytes, maxFrameBytes } =
    limits;
  const about = { rule: rule.pattern.text };
  if (maxMessageBytes > maxQueueBytes && maxMessageBytes !== limits.maxMessageBytes) {
    const message = `maxMessageBytes is more than ${nameOf('maxQueueBytes')}: one message would make a connection slow`;
    yield { severity: 'error', ...about, message };
  }
  if (publish !== 'nobody' && maxMessageBytes > maxFrameBytes) {
    const message = `clients may publish ${maxMessageBytes} bytes, and ${nameOf('maxFrameBytes')} is ${maxFrameBytes}: they are cut off`;
    yield { severity: 'warning', ...about, message };
  }
  if (stream !== undefined && recovery === 'stream') {
    const { size, ttlMs } = stream;
    if (size > maxRecoveredPublications) {
      const message = `keeps ${size} publications, and who missed more than ${maxRecoveredPublications} (${nameOf('maxRecoveredPublications')}) does not recover`;
      yield { severity: 'warning', ...about, message };
    }
    const noticedMs = pingIntervalMs + pongTimeoutMs;
    if (pingIntervalMs > 0 && ttlMs < noticedMs) {
      const message = `history.ttl is ${ttlMs / 1_000}s: a dead connection is noticed after ${noticedMs / 1_000}s (${nameOf('pingIntervalMs')} and ${nameOf('pongTimeoutMs')}), and nothing is left to recover`;
      yield { severity: 'warning', ...about, message };
    }
  }
  // Entries are renewed with the pings.
  if (presence && pingIntervalMs === 0) {
    const message = `presence: entries end after ${presenceTtlMs / 1_000}s (${nameOf('presenceTtlMs')}), since ${nameOf('pingIntervalMs')} is 0 and nothing renews them`;
    yield { severity: 'warning', ...about, message };
  } else if (presence && presenceTtlMs <= pingIntervalMs) {
    const message = `presence: ${nameOf('presenceTtlMs')} must be more than ${nameOf('pingIntervalMs')}, with which entries are renewed`;
    yield { severity: 'error', ...about, message };
  }
}

function error(limit: LimitName, message: string): Contradiction {
  return { severity: 'error', limit, message };
}

function warning(limit: LimitName, message: string): Contradiction {
  return { severity: 'warning', limit, message };
}
