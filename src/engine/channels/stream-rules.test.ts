/** Rules that make channels ones of streams: their defaults, what is refused, and what a change of them means. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { MemoryBroker } from '../../brokers/memory/broker.js';
import type { Stores } from '../ports/broker.js';
import { limitsWithDefaults } from '../ports/limits.js';
import { bytes } from './bytes.js';
import { type ChannelOptions, channel } from './channel-options.js';
import { contradictions } from './contradictions.js';
import type { Rule } from './rule.js';
import { compareRules } from './rule-comparison.js';
import { ChannelRules } from './rules.js';

const broker = new MemoryBroker({ clock: new FakeClock(), random: countingRandom() });

function compiled(options: ChannelOptions, stores: Stores = broker): Rule {
  const rule = new ChannelRules({ c: channel(options) }, stores, { maxMessageBytes: 1_000 }).match(channelName('c'));
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

test('a channel of streams keeps 100 streams of text for a day, and readers get parts every 150 ms', () => {
  const { streams, stream, recovery, readHistory, maxRate, slow, compaction, publish } = compiled({ streams: {} });
  expect(streams).toEqual({
    content: 'text',
    maxLength: 262_144,
    everyMs: 150,
    silenceMs: 15_000,
    cancel: 'nobody',
    aloneMs: undefined,
  });
  expect([stream, recovery, readHistory]).toEqual([{ size: 100, ttlMs: 86_400_000 }, 'stream', 'subscriber']);
  expect(maxRate).toEqual({ usual: 1_000 / 150, max: 1_000 / 150 });
  expect([slow, compaction, publish]).toEqual([{ kind: 'recover' }, true, 'nobody']);
});

test.each<[string, ChannelOptions]>([
  ['no streams', { streams: { size: 0 } }],
  ['more streams than there may be', { streams: { size: 10_001 } }],
  ['no time', { streams: { ttl: '0s' } }],
  ['fewer bytes than a stream needs', { streams: { maxBytes: 1_023 } }],
  ['gathering for longer than ten seconds', { streams: { every: '11s' } }],
  ['interrupting at once', { streams: { interruptAfter: '999ms' } }],
  ['interrupting never', { streams: { interruptAfter: '2h' } }],
  ['stopping at once', { streams: { stopWhenAlone: '1ms' } }],
  ['something else than a duration', { streams: { every: 'often' as '1s' } }],
  ['a map', { streams: {}, map: {} }],
  ['a history', { streams: {}, history: { size: 5 } }],
  ['another recovery', { streams: {}, recovery: 'off' }],
  ['deltas', { streams: {}, delta: true }],
  ['filters', { streams: {}, filterTags: 'any' }],
  ['batches', { streams: {}, batch: '20ms' }],
  ['rates', { streams: {}, maxRate: { max: 5 } }],
  ['another policy for slow readers', { streams: {}, slow: 'latest' }],
  ['bytes', { streams: { of: 'items' }, message: bytes() }],
])('%s is refused', (_, options) => {
  expect(() => compiled(options)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});

test('unknown options and words are refused where they are declared', () => {
  const config = expect.objectContaining({ code: 'ERR_CONFIG' });
  expect(() => channel({ streams: { sise: 5 } as object })).toThrow(config);
  expect(() => channel({ streams: { of: 'words' as 'text' } })).toThrow(config);
  expect(() => channel({ streams: { cancel: 'everybody' as 'user' } })).toThrow(config);
});

test('a broker that keeps no answers is refused, with its name', () => {
  const { history, maps } = broker;
  expect(() => compiled({ streams: {} }, { name: 'other', history, maps })).toThrow(/the broker "other" keeps none/);
});

describe('a changed rule', () => {
  const change = (before: ChannelOptions, after: ChannelOptions) => compareRules(compiled(before), compiled(after));

  test('subscribers stay when only numbers change, and come again when the kind does', () => {
    expect(change({ streams: {} }, { streams: { every: '1s' } })).toBe('quiet');
    expect(change({ streams: {} }, { streams: { cancel: 'user' } })).toBe('quiet');
    expect(change({ streams: {} }, { streams: { of: 'items' } })).toBe('terms');
    expect(change({ history: { size: 5 } }, { streams: {} })).toBe('terms');
  });
});

test('streams that are longer than the queue of a connection are a contradiction', () => {
  const words = { nameOf: (name: string) => name, valueOf: () => '' };
  const limits = { ...limitsWithDefaults({}), maxQueueBytes: 100_000 };
  const found = contradictions(limits, [compiled({ streams: {} })], words);
  expect(found).toContainEqual(expect.objectContaining({ severity: 'error', rule: 'c' }));
  expect(contradictions(limitsWithDefaults({}), [compiled({ streams: {}, subscribe: 'anyone' })], words)).toEqual([]);
});
