/** B109: limits and rules that contradict each other are found, and what fits is left alone. */

import { describe, expect, test } from 'vitest';
import { maxCommandsPerFrame } from '../../protocols/centrifugal/command-fields.js';
import { defaultLimits, type EngineLimits, type LimitName } from '../ports/limits.js';
import { contradictions, type RuleFacts } from './contradictions.js';

const rule: RuleFacts = {
  pattern: { text: 'chat:{room}' },
  stream: { size: 1_000, ttlMs: 300_000 },
  recovery: 'stream',
  presence: true,
  publish: 'user',
  subscribe: 'user',
  readHistory: 'subscriber',
  readPresence: 'subscriber',
  maxMessageBytes: defaultLimits.maxMessageBytes,
};

function found(changedLimits: Partial<EngineLimits>, changedRule: Partial<RuleFacts> = {}): string[] {
  const limits = { ...defaultLimits, ...changedLimits };
  const words = { nameOf: (limit: LimitName) => limit, valueOf: (limit: LimitName) => `${limits[limit]}` };
  const all = contradictions(limits, [{ ...rule, ...changedRule }], words);
  return all.map(({ severity, limit, rule: pattern }) => `${severity} ${limit ?? pattern}`);
}

test('the defaults go together', () => expect(found({})).toEqual([]));

describe('limits', () => {
  test.each<[string, Partial<EngineLimits>, string]>([
    ['a pong time-out as long as the ping interval', { pingIntervalMs: 8_000 }, 'error pongTimeoutMs'],
    ['a queue without room for one message', { maxQueueBytes: 65_535 }, 'error maxQueueBytes'],
    ['polls spaced wider than connections live', { pollSpacingMs: 15_001 }, 'error pollSpacingMs'],
    [
      'more channels than one frame may subscribe to',
      { maxChannelsPerConnection: 4_001, maxPendingCommands: 5_000, commandBurst: 5_000, maxFrameBytes: 1_000_000 },
      'error maxChannelsPerConnection',
    ],
    ['more channels than commands under way', { maxPendingCommands: 127 }, 'warning maxPendingCommands'],
    ['more channels than a burst of commands', { commandBurst: 127 }, 'warning commandBurst'],
    ['more channels than a frame has room for', { maxFrameBytes: 20_000 }, 'warning maxFrameBytes'],
    [
      'pings further apart than proxies wait',
      { pingIntervalMs: 60_000, presenceTtlMs: 61_000 },
      'warning pingIntervalMs',
    ],
    ['polls that hang longer than proxies wait', { pollWaitMs: 60_000 }, 'warning pollWaitMs'],
    ['a connect time-out of a slip', { connectTimeoutMs: 999 }, 'warning connectTimeoutMs'],
    ['a first command later than proxies wait', { connectTimeoutMs: 60_000 }, 'warning connectTimeoutMs'],
    ['signs of life rarer than pings', { signOfLifeMs: 25_000 }, 'warning signOfLifeMs'],
    ['signs of life rarer than proxies wait', { signOfLifeMs: 60_000, pingIntervalMs: 0 }, 'warning signOfLifeMs'],
    ['polling clients given up before a second attempt', { pollGraceMs: 2_999 }, 'warning pollGraceMs'],
    ['a grace too short for a new token', { expiredGraceMs: 999 }, 'warning expiredGraceMs'],
    ['more channels than commands of a user', { commandsPerSecPerUser: 25 }, 'warning commandsPerSecPerUser'],
    ['more channels than subscribes of a user', { subscribesPerSecPerUser: 25 }, 'warning subscribesPerSecPerUser'],
    ['no channels, and rules for them', { maxChannelsPerConnection: 0 }, 'warning maxChannelsPerConnection'],
    ['no presence, and rules for it', { maxPresenceClients: 0 }, 'warning maxPresenceClients'],
    ['more publications than commands', { publicationsPerSec: 201 }, 'warning publicationsPerSec'],
    ['more subscribes than commands', { subscribesPerSec: 201 }, 'warning subscribesPerSec'],
    [
      'more publications of a user than commands',
      { publicationsPerSecPerUser: 2, commandsPerSecPerUser: 1 },
      'warning publicationsPerSecPerUser',
    ],
    [
      'more connections of an address than of all',
      { maxConnectionsPerAddress: 11, maxConnections: 10 },
      'warning maxConnectionsPerAddress',
    ],
  ])('%s', (_, changed, expected) => expect(found(changed)).toContain(expected));

  test('tokens of channels go with them into the frame', () => {
    expect(found({ maxFrameBytes: 131_072 })).toEqual([]);
    expect(found({ maxFrameBytes: 131_072 }, { subscribe: 'token' })).toEqual(['warning maxFrameBytes']);
    expect(found({}, { subscribe: 'token' })).toEqual([]);
  });

  test('what has no limit contradicts nothing', () => {
    expect(
      found({ commandsPerSec: 0, commandBurst: 1, publicationsPerSec: 1_000, maxConnectionsPerAddress: 5 }),
    ).toEqual([]);
  });

  test('what is switched off, or used by no rule, is no contradiction', () => {
    expect(found({ expiredGraceMs: 0, commandsPerSecPerUser: 26, subscribesPerSecPerUser: 26 })).toEqual([]);
    expect(found({ signOfLifeMs: 0, pingIntervalMs: 0 }, { presence: false })).toEqual([]);
    expect(found({ maxChannelsPerConnection: 0 }, { subscribe: 'nobody' })).toEqual([]);
    expect(found({ maxPresenceClients: 0 }, { readPresence: 'nobody' })).toEqual([]);
    expect(found({ pollSpacingMs: 15_000, pollGraceMs: 15_000 })).toEqual([]);
  });

  test('a frame has room for as many subscribes as a connection may have channels', () => {
    expect(found({ maxChannelsPerConnection: maxCommandsPerFrame })).toContain('error maxChannelsPerConnection');
  });
});

describe('a rule', () => {
  const about = 'chat:{room}';
  test.each<[string, Partial<EngineLimits>, Partial<RuleFacts>, string]>([
    ['keeps more than one recovery brings', {}, { stream: { size: 1_001, ttlMs: 300_000 } }, 'warning'],
    ['keeps more than one history command brings', { maxHistoryPublications: 999 }, {}, 'warning'],
    [
      'keeps more short messages than a queue has room for',
      { maxQueueBytes: 60_000, maxMessageBytes: 9_000 },
      {},
      'warning',
    ],
    [
      'keeps more than a queue has room for when a client reads it',
      { maxQueueBytes: 60_000, maxMessageBytes: 9_000, maxRecoveredPublications: 100 },
      { recovery: 'off', maxMessageBytes: 9_000 },
      'warning',
    ],
    ['forgets before a dead connection is noticed', {}, { stream: { size: 10, ttlMs: 32_999 } }, 'warning'],
    ['allows messages larger than a queue', {}, { maxMessageBytes: 2_000_000 }, 'error'],
    ['lets clients publish more than a frame holds', {}, { maxMessageBytes: 300_000 }, 'warning'],
    ['has presence that expires before it is renewed', { presenceTtlMs: 25_000 }, {}, 'error'],
    ['has presence that nothing renews', { pingIntervalMs: 0 }, {}, 'warning'],
  ])('%s', (_, changedLimits, changedRule, severity) => {
    expect(found(changedLimits, changedRule)).toContain(`${severity} ${about}`);
  });

  test('that only keeps a last value, or has no presence, is not held against those limits', () => {
    const stream = { size: 5_000, ttlMs: 1_000 };
    const cache = { recovery: 'cache', readHistory: 'nobody', stream, presence: false } as const;
    expect(found({ presenceTtlMs: 1_000 }, cache)).toEqual([]);
    expect(found({}, { publish: 'nobody', maxMessageBytes: 100_000 })).toEqual([]);
  });
});
