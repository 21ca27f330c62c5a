/** What a `caps` claim permits, and what it does not. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { type ChannelAction, isCapable, parseCapabilities } from './capabilities.js';

const actions: readonly ChannelAction[] = ['subscribe', 'publish', 'presence', 'history'];
const may = (caps: unknown, channel: string) =>
  actions.filter((action) => isCapable(parseCapabilities(caps), action, channelName(channel)));

describe('a capability', () => {
  test.each([
    ['sub', 'subscribe'],
    ['pub', 'publish'],
    ['prs', 'presence'],
    ['hst', 'history'],
  ])('%s lets its bearer %s, and nothing else', (code, action) => {
    expect(may([{ channels: ['a'], allow: [code] }], 'a')).toEqual([action]);
  });

  test('is for the channels that it names, which are meant literally', () => {
    const caps = [{ channels: ['news:a', 'chat:*'], allow: ['sub'] }];
    expect(may(caps, 'news:a')).toEqual(['subscribe']);
    expect(may(caps, 'chat:*')).toEqual(['subscribe']);
    for (const other of ['news:ab', 'news', 'chat:a', 'chat:']) expect(may(caps, other)).toEqual([]);
  });

  test('with wildcards is for all channels that fit one of them', () => {
    const caps = [{ channels: ['news:*', '*:public'], match: 'wildcard', allow: ['sub', 'hst'] }];
    for (const name of ['news:a', 'news:', 'news:a:b', 'x:public'])
      expect(may(caps, name)).toEqual(['subscribe', 'history']);
    for (const name of ['new:a', 'xnews:a', 'public']) expect(may(caps, name)).toEqual([]);
  });

  test('adds to others; none takes anything away', () => {
    const caps = [
      { channels: ['a'], allow: ['sub'] },
      { channels: ['a', 'b'], allow: ['pub'] },
      { channels: ['a'], allow: [] },
    ];
    expect(may(caps, 'a')).toEqual(['subscribe', 'publish']);
    expect(may(caps, 'b')).toEqual(['publish']);
  });

  test('none at all is nothing', () => {
    expect(may([], 'a')).toEqual([]);
    expect(may([{ channels: [], allow: ['sub'] }], 'a')).toEqual([]);
  });
});

describe('refused', () => {
  const entry = { channels: ['a'], allow: ['sub'] };
  const many = <T>(count: number, one: T) => Array.from({ length: count }, () => one);

  test.each([
    ['no list', entry],
    ['a text', 'a'],
    ['null', null],
    ['an entry that is a text', ['a']],
    ['no channels', [{ allow: ['sub'] }]],
    ['channels that are a text', [{ channels: 'a', allow: ['sub'] }]],
    ['a channel that is a number', [{ channels: [1], allow: ['sub'] }]],
    ['nothing that is allowed', [{ channels: ['a'] }]],
    ['an unknown action', [{ channels: ['a'], allow: ['sub', 'adm'] }]],
    ['an inherited action', [{ channels: ['a'], allow: ['toString'] }]],
    ['regular expressions', [{ channels: ['.*'], match: 'regex', allow: ['sub'] }]],
    ['a channel of 256 characters', [{ channels: ['x'.repeat(256)], allow: ['sub'] }]],
    ['65 channels', [{ channels: many(65, 'a'), allow: ['sub'] }]],
    ['65 entries', many(65, entry)],
  ])('%s', (_, caps) => expect(() => parseCapabilities(caps)).toThrow());

  test('but not what is just within the bounds', () => {
    expect(parseCapabilities(many(64, { ...entry, channels: many(64, 'x'.repeat(255)) }))).toHaveLength(64);
  });
});
