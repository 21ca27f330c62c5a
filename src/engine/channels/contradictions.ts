/** Finds limits and rules that contradict each other. */

import { burstSec, type EngineLimits, type LimitName, limitNames, limitTable } from '../ports/limits.js';

/** The part of a channel rule that is used here. */
export interface RuleFacts {
  readonly pattern: { readonly text: string };
  readonly stream: { readonly size: number; readonly ttlMs: number } | undefined;
  /** Whatever the keys of a map are; absent for other channels. */
  readonly map?: unknown;
  /** Absent for other channels. */
  readonly streams?: { readonly maxLength: number } | undefined;
  readonly recovery: 'stream' | 'cache' | 'off';
  readonly presence: boolean;
  /** `nobody`, `token`, or any other permission. */
  readonly publish: unknown;
  readonly subscribe: unknown;
  readonly readHistory: unknown;
  readonly readPresence: unknown;
  readonly maxMessageBytes: number;
}

export interface Contradiction {
  /** Whether something cannot work, or works less well than the values suggest. */
  readonly severity: 'error' | 'warning';
  /** The limit to be changed; absent: something of the rule. */
  readonly limit?: LimitName;
  readonly rule?: string;
  /** Follows the name of the limit with its value, or the rule. */
  readonly message: string;
}

/** How messages write the names and values of limits. */
export interface LimitWords {
  nameOf(limit: LimitName): string;
  valueOf(limit: LimitName): string;
}

/** Bytes for each channel when an SDK reconnects: it subscribes to all channels in one frame, each with its name and position. */
const bytesOfSubscribe = 160;
/** For a channel's token, with some claims of the application. */
const bytesOfToken = 1_024;
/** Of `maxCommandsPerFrame` of the protocol, with some for other commands. */
const maxSubscribesPerFrame = 4_000;
/** Most proxies close connections after a minute of silence. */
const silenceOfProxiesMs = 60_000;
/** The size of a short publication with its offset, for answers of history and recovery. */
const bytesOfPublication = 64;

/** Lower values are probably a wrong unit, since a mobile network needs as long. */
const leastSensible = {
  connectTimeoutMs: [1_000, 'TCP, TLS and the first command are four round trips'],
  pollGraceMs: [3_000, 'between two polls are a round trip, and another one when a poll has failed'],
  expiredGraceMs: [1_000, 'clients fetch a new token when theirs has expired'],
} as const;

export function contradictions(limits: EngineLimits, rules: Iterable<RuleFacts>, words: LimitWords): Contradiction[] {
  const all = [...rules];
  const named = (limit: LimitName) => `${words.nameOf(limit)} (${words.valueOf(limit)})`;
  return [...ofLimits(limits, all, named), ...all.flatMap((rule) => [...ofRule(rule, limits, named)])];
}

function* ofLimits(
  limits: EngineLimits,
  rules: readonly RuleFacts[],
  named: (limit: LimitName) => string,
): Iterable<Contradiction> {
  const { pingIntervalMs, maxChannelsPerConnection: maxChannels } = limits;
  if (pingIntervalMs > 0 && limits.pongTimeoutMs >= pingIntervalMs) {
    yield error('pongTimeoutMs', `and must be less than ${named('pingIntervalMs')}`);
  }
  if (limits.maxMessageBytes > limits.maxQueueBytes) {
    yield error('maxQueueBytes', `less than ${named('maxMessageBytes')}: one message would make a connection slow`);
  }
  if (maxChannels > maxSubscribesPerFrame) {
    const message = `above ${maxSubscribesPerFrame}: SDKs subscribe to all channels in one frame when they come back`;
    yield error('maxChannelsPerConnection', message);
  }
  if (limits.pollSpacingMs > limits.pollGraceMs) {
    yield error(
      'pollSpacingMs',
      `and must not be more than ${named('pollGraceMs')}: polling clients would be given up`,
    );
  }
  for (const slow of ['pingIntervalMs', 'pollWaitMs', 'connectTimeoutMs', 'signOfLifeMs'] as const) {
    if (limits[slow] < silenceOfProxiesMs) continue;
    yield warning(slow, 'and most proxies cut what has been silent for 60s');
  }
  for (const name of ['connectTimeoutMs', 'pollGraceMs', 'expiredGraceMs'] as const) {
    const [least, why] = leastSensible[name];
    if (limits[name] === 0 || limits[name] >= least) continue;
    yield warning(name, `less than ${least / 1_000}s: too short for many, since ${why}`);
  }
  if (pingIntervalMs > 0 && limits.signOfLifeMs >= pingIntervalMs) {
    yield warning('signOfLifeMs', `without effect: pings come as often, see ${named('pingIntervalMs')}`);
  }
  const bytesOfChannel = bytesOfSubscribe + (rules.some(({ subscribe }) => subscribe === 'token') ? bytesOfToken : 0);
  for (const [limit, most, rate] of [
    ['maxPendingCommands', limits.maxPendingCommands],
    ['maxFrameBytes', limits.maxFrameBytes / bytesOfChannel],
    ['commandBurst', limits.commandBurst, limits.commandsPerSec],
    ['commandsPerSecPerUser', limits.commandsPerSecPerUser * burstSec, limits.commandsPerSecPerUser],
    ['subscribesPerSecPerUser', limits.subscribesPerSecPerUser * burstSec, limits.subscribesPerSecPerUser],
  ] as const) {
    if (most >= maxChannels || rate === 0) continue;
    const reason = `clients with as many as ${named('maxChannelsPerConnection')} subscribe to all of them at once when they come back`;
    yield warning(limit, `room for ${Math.floor(most)} channels, and ${reason}`);
  }
  if (maxChannels === 0 && rules.some(({ subscribe }) => subscribe !== 'nobody')) {
    yield warning('maxChannelsPerConnection', 'and rules let clients subscribe: none of them can');
  }
  if (limits.maxPresenceClients === 0 && rules.some((rule) => rule.presence && rule.readPresence !== 'nobody')) {
    yield warning('maxPresenceClients', 'and rules have presence: nobody is found in it');
  }
  for (const inner of limitNames) {
    const outer = limitTable[inner].within;
    if (outer === undefined || limits[outer] === 0 || limits[inner] <= limits[outer]) continue;
    yield warning(inner, `without effect above ${named(outer)}`);
  }
}

function* ofRule(rule: RuleFacts, limits: EngineLimits, named: (limit: LimitName) => string): Iterable<Contradiction> {
  const { stream, recovery, presence, publish, maxMessageBytes } = rule;
  const { pingIntervalMs, pongTimeoutMs, presenceTtlMs, maxQueueBytes } = limits;
  const about = { rule: rule.pattern.text };
  const warn = (message: string): Contradiction => ({ severity: 'warning', ...about, message });
  if (maxMessageBytes > maxQueueBytes && maxMessageBytes !== limits.maxMessageBytes) {
    const message = `maxMessageBytes is ${maxMessageBytes}, more than ${named('maxQueueBytes')}: one message would make a connection slow`;
    yield { severity: 'error', ...about, message };
  }
  if (publish !== 'nobody' && maxMessageBytes > limits.maxFrameBytes) {
    yield warn(`clients may publish ${maxMessageBytes} bytes, more than ${named('maxFrameBytes')}: they are cut off`);
  }
  if (stream !== undefined) {
    const { size, ttlMs } = stream;
    const noticedMs = pingIntervalMs + pongTimeoutMs;
    const isRecoveredByCount = rule.map === undefined && rule.streams === undefined;
    for (const [limit, isInUse, consequence] of [
      // A map delivers more than that in parts, and streams are few.
      [
        'maxRecoveredPublications',
        recovery === 'stream' && isRecoveredByCount,
        'who missed more recovers in pages with fanfare/client, and not with other clients',
      ],
      ['maxHistoryPublications', rule.readHistory !== 'nobody', 'who reads the history gets it in pages'],
    ] as const) {
      if (!isInUse) continue;
      if (size > limits[limit]) yield warn(`history.size is ${size}, more than ${named(limit)}: ${consequence}`);
      const bytes = Math.min(size, limits[limit]) * bytesOfPublication;
      if (bytes <= maxQueueBytes) continue;
      const answer = `an answer with ${Math.min(size, limits[limit])} publications of its history`;
      yield warn(
        `${answer} has ${bytes} bytes when they are short, more than ${named('maxQueueBytes')}, and is refused: raise that, or lower ${named(limit)}`,
      );
    }
    if (recovery === 'stream' && pingIntervalMs > 0 && ttlMs < noticedMs) {
      yield warn(
        `history.ttl is ${ttlMs / 1_000}s: a dead connection is noticed after ${noticedMs / 1_000}s, ${named('pingIntervalMs')} and ${named('pongTimeoutMs')}, and nothing is left to recover`,
      );
    }
  }
  if (rule.streams !== undefined && rule.streams.maxLength > maxQueueBytes) {
    const message = `streams.maxBytes is ${rule.streams.maxLength}, more than ${named('maxQueueBytes')}: who comes late would not get a stream as long as that`;
    yield { severity: 'error', ...about, message };
  }
  // Entries are renewed with the pings.
  if (presence && pingIntervalMs === 0) {
    yield warn(
      `presence: entries end after ${named('presenceTtlMs')}, and with ${named('pingIntervalMs')} nothing renews them`,
    );
  } else if (presence && presenceTtlMs <= pingIntervalMs) {
    const message = `presence: ${named('presenceTtlMs')} must be more than ${named('pingIntervalMs')}, with which entries are renewed`;
    yield { severity: 'error', ...about, message };
  }
}

function error(limit: LimitName, message: string): Contradiction {
  return { severity: 'error', limit, message };
}

function warning(limit: LimitName, message: string): Contradiction {
  return { severity: 'warning', limit, message };
}
