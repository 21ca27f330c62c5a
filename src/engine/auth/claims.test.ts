/** What claims become, once their signature is good. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { isCapable } from '../names/capabilities.js';
import { readConnectionClaims, readSubscriptionClaims } from './claims.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('connection claims', () => {
  test('that are empty make an anonymous connection that does not expire', () => {
    expect(readConnectionClaims({})).toEqual({ user: '' });
  });

  test('all of them', () => {
    const claims = {
      sub: '42',
      exp: 1_700_000_000,
      info: { name: 'Ann' },
      meta: { role: 'admin' },
      jti: 't1',
      iat: 1_600_000_000,
    };
    expect(readConnectionClaims(claims)).toEqual({
      user: '42',
      expiresAtMs: 1_700_000_000_000,
      info: '{"name":"Ann"}',
      meta: { role: 'admin' },
      tokenId: 't1',
      issuedAtMs: 1_600_000_000_000,
    });
  });

  test.each([
    ['wins over exp', { exp: 100, expire_at: 200 }, 200_000],
    ['of 0: the connection outlives its token', { exp: 100, expire_at: 0 }, undefined],
    ['alone', { expire_at: 200.5 }, 200_500],
  ])('expire_at %s', (_, claims, expected) => expect(readConnectionClaims(claims).expiresAtMs).toBe(expected));

  test.each([
    ['JSON', base64('{"name":"Ann"}'), '{"name":"Ann"}'],
    // Once decoded as Latin-1: "Zoë" became "ZoÃ«".
    ['characters beyond ASCII', base64('{"name":"Zoë 🎺"}'), '{"name":"Zoë 🎺"}'],
    ['spaces', base64(' [ 1 ] '), '[ 1 ]'],
  ])('b64info carries %s and wins over info', (_, b64info, expected) => {
    expect(readConnectionClaims({ info: 'other', b64info }).info).toBe(expected);
  });

  test.each([
    ['a user that is no text', { sub: 42 }],
    ['a user of 257 characters', { sub: 'u'.repeat(257) }],
    ['b64info that is no base64', { b64info: '***' }],
    ['b64info that is no JSON', { b64info: base64('{') }],
    ['b64info that is no UTF-8', { b64info: Buffer.from([0x22, 0xff, 0x22]).toString('base64') }],
    ['info with a lone surrogate', { info: '\ud800' }],
    ['channels that are no list', { channels: 'news' }],
    ['channels that are no texts', { channels: [1] }],
    ['subs that are a text', { subs: 'news' }],
    ['caps that are no list', { caps: {} }],
    ['caps of an unknown action', { caps: [{ channels: ['a'], allow: ['root'] }] }],
    ['caps by regular expression', { caps: [{ channels: ['a'], match: 'regex', allow: ['sub'] }] }],
    ['a negative expiry', { expire_at: -1 }],
    ['the channel of a subscription token', { sub: '42', channel: 'private:1' }],
    ['no object', 'claims'],
    ['null', null],
  ])('B68: %s: refused', (_, claims) => expect(() => readConnectionClaims(claims)).toThrow());

  test('null info is none', () => expect(readConnectionClaims({ info: null })).toEqual({ user: '' }));

  test('channels and subs are subscribed, each once; subs say more and win', () => {
    const { subscriptions } = readConnectionClaims({
      channels: ['a', 'b', 'a'],
      subs: { b: { info: 1, b64data: base64('2'), override: { presence: { value: false } } }, c: {} },
    });
    expect([...(subscriptions ?? [])]).toEqual([
      ['a', {}],
      ['b', { info: '1', data: '2', override: { presence: false } }],
      ['c', {}],
    ]);
  });

  test('every override has its switch', () => {
    const on = { value: true };
    const override = { presence: on, join_leave: on, force_push_join_leave: on, force_recovery: { value: false } };
    const expected = { presence: true, joinLeave: true, pushJoinLeave: true, recovery: false };
    expect(readConnectionClaims({ subs: { a: { override } } }).subscriptions?.get('a')?.override).toEqual(expected);
    expect(readConnectionClaims({ subs: { a: { override: null } } }).subscriptions?.get('a')).toEqual({});
  });

  test('caps allow what they name, and nothing else', () => {
    const { capabilities = [] } = readConnectionClaims({
      caps: [
        { channels: ['news:*'], match: 'wildcard', allow: ['sub', 'hst'] },
        { channels: ['chat:*'], allow: ['pub'] },
      ],
    });
    expect(isCapable(capabilities, 'subscribe', channelName('news:a'))).toBe(true);
    expect(isCapable(capabilities, 'history', channelName('news:a'))).toBe(true);
    expect(isCapable(capabilities, 'publish', channelName('news:a'))).toBe(false);
    expect(isCapable(capabilities, 'subscribe', channelName('sports:a'))).toBe(false);
    expect(isCapable(capabilities, 'publish', channelName('chat:a'))).toBe(false);
    expect(isCapable(capabilities, 'publish', channelName('chat:*'))).toBe(true);
  });

  test('B43: claims named like parts of Object are inert', () => {
    const claims: unknown = JSON.parse('{"sub":"u","__proto__":{"meta":{"role":"admin"}},"constructor":1}');
    expect(readConnectionClaims(claims)).toEqual({ user: 'u' });
    const { subscriptions } = readConnectionClaims({ channels: ['__proto__', 'constructor'] });
    expect([...(subscriptions?.keys() ?? [])]).toEqual(['__proto__', 'constructor']);
    expect(({} as { meta?: unknown }).meta).toBeUndefined();
  });
});

describe('subscription claims', () => {
  test('all of them', () => {
    const claims = {
      sub: '42',
      client: 'c1',
      channel: 'a',
      exp: 100,
      info: 1,
      jti: 't1',
      iat: 50,
      override: { presence: { value: true } },
    };
    expect(readSubscriptionClaims(claims)).toEqual({
      user: '42',
      client: 'c1',
      channel: 'a',
      identity: { expiresAtMs: 100_000, info: '1', override: { presence: true }, tokenId: 't1', issuedAtMs: 50_000 },
    });
  });

  const malformed = [
    {},
    { channel: 1 },
    { channel: null },
    { channel: 'a', client: 1 },
    { channel: 'a', b64info: '{}' },
  ];
  test.each(malformed)('%o: refused', (claims) => expect(() => readSubscriptionClaims(claims)).toThrow());
});
