/** Rules that make channels maps: their defaults, what is refused, and what a change of them means. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { MemoryBroker } from '../../brokers/memory/broker.js';
import type { Stores } from '../ports/broker.js';
import type { MapStore } from '../ports/map-store.js';
import { type ChannelOptions, channel } from './channel-options.js';
import type { Rule } from './rule.js';
import { compareRules } from './rule-comparison.js';
import { ChannelRules } from './rules.js';

const broker = new MemoryBroker({ clock: new FakeClock(), random: countingRandom() });

const defaults = { maxMessageBytes: 1_000, maxMapBytes: 50_000 };

function compiled(options: ChannelOptions, stores: Stores = broker): Rule {
  const rule = new ChannelRules({ c: channel(options) }, stores, defaults).match(channelName('c'));
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

/** A broker whose maps have what is required and no more. */
function withMaps(more: object): Stores {
  const { set, remove, get, page } = broker.maps;
  return { ...broker, history: broker.history, maps: { set, remove, get, page, ...more } as MapStore };
}

describe('rules of maps', () => {
  test('a map keeps 10,000 keys and 10,000 changes, which clients cannot read as a history', () => {
    const { map, stream, recovery, readHistory } = compiled({ map: {} });
    expect(map).toEqual({ maxKeys: 10_000, maxBytes: 50_000, ttlMs: undefined, key: 'any', presence: undefined });
    expect([stream, recovery, readHistory]).toEqual([{ size: 10_000, ttlMs: 300_000 }, 'stream', 'nobody']);
  });

  test('what is given is used', () => {
    const { map, stream, readHistory } = compiled({
      map: { size: 5, maxBytes: 2_000, ttl: '30s', key: 'client' },
      history: { size: 7, ttl: '1h' },
    });
    expect(map).toMatchObject({ maxKeys: 5, maxBytes: 2_000, ttlMs: 30_000, key: 'client' });
    expect([stream, readHistory]).toEqual([{ size: 7, ttlMs: 3_600_000 }, 'subscriber']);
  });

  test.each<[string, ChannelOptions]>([
    ['no keys', { map: { size: 0 } }],
    ['more keys than there may be', { map: { size: 1_000_001 } }],
    ['fewer bytes than a key may have', { map: { maxBytes: 1_023 } }],
    ['a time of nothing', { map: { ttl: '0s' } }],
    ['keys of clients without a time', { map: { key: 'client' } }],
    ['another recovery', { map: {}, recovery: 'off' }],
    ['the last value alone', { map: {}, recovery: 'cache' }],
    ['deltas', { map: {}, delta: true }],
  ])('%s is refused', (_, options) => {
    expect(() => compiled(options)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });

  const ofPresence = (options: ChannelOptions, stores: Stores = broker, pattern = 'here:{channel*}') =>
    new ChannelRules({ [pattern]: channel({ map: { presence: 'users' }, ...options }) }, stores, defaults);

  test('a map of presence has the keys of its kind, and more of them', () => {
    const rules = ofPresence({});
    expect(rules.presenceMaps).toEqual(['here']);
    expect(rules.match(channelName('here:room:1'))?.map).toMatchObject({ maxKeys: 100_000, key: 'user' });
  });

  test.each<[string, () => unknown]>([
    ['no word before the name of the channel', () => ofPresence({}, broker, '{channel*}')],
    ['a word alone', () => ofPresence({}, broker, 'here')],
    ['a permission to publish', () => ofPresence({ publish: 'anyone' })],
    ['presence of its own', () => ofPresence({ presence: true })],
    ['another key', () => ofPresence({ map: { presence: 'users', key: 'client', ttl: '1m' } })],
    ['a time', () => ofPresence({ map: { presence: 'users', ttl: '1m' } })],
    ['a broker that renews no keys', () => ofPresence({}, withMaps({ renew: undefined }))],
    ['bytes, with a broker that does not count them', () => compiled({ map: { maxBytes: 2_000 } }, withMaps({}))],
  ])('with %s it is refused', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });

  test('a broker that keeps no maps is named', () => {
    const { history } = broker;
    expect(() => compiled({ map: {} }, { name: 'other', history })).toThrow(/"other" keeps none/);
  });

  test('other limits change nothing for subscribers, and a channel that becomes a map changes everything', () => {
    const before = compiled({ map: {}, history: { size: 5 } });
    expect(compareRules(before, compiled({ map: {}, history: { size: 5 } }))).toBe('quiet');
    expect(compareRules(before, compiled({ map: { size: 7, ttl: '1s' }, history: { size: 5 } }))).toBe('quiet');
    expect(compareRules(before, compiled({ history: { size: 5 } }))).toBe('terms');
  });
});
