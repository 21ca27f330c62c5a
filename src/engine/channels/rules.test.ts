/** Channel rules: which one applies, its defaults, and declarations that are refused. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { MemoryBroker } from '../../brokers/memory/broker.js';
import { bytes } from './bytes.js';
import { type ChannelOptions, channel } from './channel-options.js';
import type { Rule } from './rule.js';
import { ChannelRules } from './rules.js';

const broker = new MemoryBroker({ clock: new FakeClock(), random: countingRandom() });
const defaults = { maxMessageBytes: 1_234, maxMapBytes: 5_678 };

function rulesOf(
  options: Record<string, ChannelOptions>,
  abilities: ConstructorParameters<typeof ChannelRules>[1] = broker,
) {
  const declarations = Object.fromEntries(Object.entries(options).map(([text, one]) => [text, channel(one)]));
  return new ChannelRules(declarations, abilities, defaults);
}

function compiled(options: ChannelOptions): Rule {
  const rule = rulesOf({ c: options }).match(channelName('c'));
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

describe('matching', () => {
  const rules = rulesOf({ 'chat:lobby': {}, 'chat:{room}': {}, '{all*}': {} });

  test.each([
    ['chat:lobby', 'chat:lobby', {}],
    ['chat:other', 'chat:{room}', { room: 'other' }],
    ['chat:a:b', '{all*}', { all: 'chat:a:b' }],
  ])('the first rule that matches "%s" is "%s"', (name, pattern, params) => {
    const rule = rules.match(channelName(name));
    expect([rule?.pattern.text, { ...rule?.pattern.match(channelName(name)) }]).toEqual([pattern, params]);
  });

  test('B82: without a rule the channel does not exist', () => {
    expect(rulesOf({ a: {} }).match(channelName('b'))).toBeUndefined();
    expect(rulesOf({}).match(channelName('b'))).toBeUndefined();
  });

  test('rules are walked in the order of their declaration', () => {
    expect([...rules].map(({ pattern }) => pattern.text)).toEqual(['chat:lobby', 'chat:{room}', '{all*}']);
  });
});

describe('defaults', () => {
  test('everything that is not granted is denied', () => {
    expect(compiled({})).toMatchObject({
      subscribe: 'nobody',
      publish: 'nobody',
      readHistory: 'nobody',
      readPresence: 'nobody',
      stream: undefined,
      recovery: 'off',
      presence: false,
      joinLeave: false,
      maxMessageBytes: 1_234,
      batchMs: 0,
    });
  });

  test('a history is read by subscribers, recovers as a stream and lives for five minutes', () => {
    const expected = { readHistory: 'subscriber', recovery: 'stream', stream: { size: 10, ttlMs: 300_000 } };
    expect(compiled({ history: { size: 10 } })).toMatchObject(expected);
  });

  test.each([
    [true, true, 'subscriber'],
    [false, false, 'nobody'],
    ['anyone', true, 'anyone'],
    ['nobody', true, 'nobody'],
  ] as const)('presence %s: kept: %s, read by %s', (presence, isKept, readers) => {
    expect(compiled({ presence })).toMatchObject({ presence: isKept, readPresence: readers });
  });

  test.each([
    [undefined, false, false],
    [false, false, false],
    [true, true, false],
    ['push', true, true],
  ] as const)('joinLeave %s: told: %s, to all: %s', (given, joinLeave, pushJoinLeave) => {
    expect(compiled(given === undefined ? {} : { joinLeave: given })).toMatchObject({ joinLeave, pushJoinLeave });
  });

  test.each([
    ['0ms', 0],
    ['20ms', 20],
    ['1s', 1_000],
  ] as const)('a batch of %s is gathered for %i ms', (batch, batchMs) => {
    expect(compiled({ batch })).toMatchObject({ batchMs });
  });

  test.each([
    [{}, undefined, undefined],
    [{ max: 30 }, 30, 30],
    [{ default: 0.001 }, 0.001, undefined],
    [{ default: 10, max: 1_000 }, 10, 1_000],
  ] as const)('of the rates %j who does not ask gets %d, and who asks %d at most', (maxRate, usual, max) => {
    expect(compiled({ maxRate }).maxRate).toEqual({ usual, max });
  });

  test('what is given is used', () => {
    const subscribe = () => true;
    const options = { subscribe, publish: 'user', recovery: 'cache', joinLeave: true, maxMessageBytes: 2 } as const;
    const expected = { ...options, readHistory: 'user', stream: { size: 1, ttlMs: 86_400_000 } };
    expect(compiled({ ...options, history: { size: 1, ttl: '24h', read: 'user' } })).toMatchObject(expected);
  });
});

describe('refused with ERR_CONFIG, naming the rule', () => {
  test.each<[string, string, object]>([
    ['B109: a recovery without a history', 'c', { recovery: 'stream' }],
    ['B109: a cache without a history', 'c', { recovery: 'cache' }],
    ['B107: a history of nothing', 'c', { history: { size: 0 } }],
    ['B107: a negative history', 'c', { history: { size: -1 } }],
    ['B107: half a publication', 'c', { history: { size: 1.5 } }],
    ['B107: a history without a size', 'c', { history: {} }],
    ['B107: a size that is text', 'c', { history: { size: '10' } }],
    ['G11: a history without a bound', 'c', { history: { size: Number.POSITIVE_INFINITY } }],
    ['G11: a history above the bound', 'c', { history: { size: 100_001 } }],
    ['B107: a time-to-live of nothing', 'c', { history: { size: 1, ttl: '0s' } }],
    ['B107: a time-to-live in parsecs', 'c', { history: { size: 1, ttl: '10 parsecs' } }],
    ['a message limit that nothing fits', 'c', { maxMessageBytes: 1 }],
    ['a message limit that is no number', 'c', { maxMessageBytes: Number.NaN }],
    ['samples of messages for single users', 'c', { userLimited: true, dictionarySamples: true }],
    ['samples of bytes', 'c', { message: bytes(), dictionarySamples: true }],
    ['a batch in parsecs', 'c', { batch: '10 parsecs' }],
    ['a batch that is no text', 'c', { batch: 10 }],
    ['a batch beyond its bound', 'c', { batch: '1001ms' }],
    ['a rate of nothing', 'c', { maxRate: { max: 0 } }],
    ['a rate below the least', 'c', { maxRate: { default: 0.0009 } }],
    ['a rate that timers do not have', 'c', { maxRate: { max: 1_001 } }],
    ['a rate that is text', 'c', { maxRate: { max: '10' } }],
    ['a rate that is no number', 'c', { maxRate: { default: Number.NaN } }],
    ['a usual rate above the greatest', 'c', { maxRate: { default: 11, max: 10 } }],
    ['a pattern that objects would reorder', '42', {}],
    ['B81: a pattern of internal names', '@fanfare:{x}', {}],
    ['B84: what is no pattern', 'chat:{', {}],
  ])('%s', (_, pattern, options) => {
    expect(() => rulesOf({ [pattern]: options })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(`"${pattern}"`) }),
    );
  });

  test.each<[string, ChannelOptions]>([
    ['history', { history: { size: 1 } }],
    ['presence', { presence: true }],
  ])('D3: %s that the broker does not keep', (_, options) => {
    expect(() => rulesOf({ c: options }, { name: 'bare' })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining('"bare"') }),
    );
  });

  test('numbers that objects leave in place are patterns', () => {
    expect(() => rulesOf({ '042': {}, '1a': {}, '-1': {} })).not.toThrow();
  });
});

describe('bytes', () => {
  const message = bytes({ maxBytes: 8, base64: true });

  test('the schema says the kind and the size', () => {
    expect(compiled({ message })).toMatchObject({ data: 'base64', schema: undefined, maxMessageBytes: 8 });
    expect(compiled({ message: bytes(), maxMessageBytes: 9 })).toMatchObject({ data: 'bytes', maxMessageBytes: 9 });
    expect(compiled({})).toMatchObject({ data: 'json', maxMessageBytes: defaults.maxMessageBytes });
  });

  test.each<[string, ChannelOptions, ConstructorParameters<typeof ChannelRules>[1]]>([
    ['two sizes', { message, maxMessageBytes: 8 }, broker],
    ['values of a map', { message, map: {} }, broker],
    ['deltas', { message, delta: true, history: { size: 1 } }, broker],
    ['a broker that carries none', { message }, { name: 'none' }],
  ])('%s: refused with ERR_CONFIG', (_, options, abilities) => {
    expect(() => rulesOf({ c: options }, abilities)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});
