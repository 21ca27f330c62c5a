/** What claims become, once their signature is good. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { isCapable } from '../names/capabilities.js';
import * as claims from './claims.js';
import { TokenFault } from './token-fault.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const readConnectionClaims = (payload: unknown) => right(claims.readConnectionClaims(payload));
const readSubscriptionClaims = (payload: unknown) => right(claims.readSubscriptionClaims(payload));

function right<Claims>(read: Claims | TokenFault): Claims {
  if (read instanceof TokenFault) throw new Error(`refused: ${read.message}`);
  return read;
}

/** The claim that the log names, and why. */
function wrong(read: object) {
  if (!(read instanceof TokenFault)) throw new Error('accepted');
  const { check, key, fields, level, message } = read.line();
  expect({ check, level }).toEqual({ check: 'token claim', level: 'warn' });
  expect(fields).toEqual({ claim: key });
  return { claim: key, why: typeof message === 'string' ? message : message() };
}

describe('connection claims', () => {
  test('that are empty make an anonymous connection that does not expire', () => {
    expect(readConnectionClaims({})).toStrictEqual({ user: '' });
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
    ['a user that is no text', 'sub', { sub: 42 }],
    ['a user of 257 characters', 'sub', { sub: 'u'.repeat(257) }],
    ['a token id of 257 characters', 'jti', { jti: 'u'.repeat(257) }],
    ['b64info that is no base64', 'b64info', { b64info: '***' }],
    ['b64info that is no JSON', 'b64info', { b64info: base64('{') }],
    ['b64info that is no UTF-8', 'b64info', { b64info: Buffer.from([0x22, 0xff, 0x22]).toString('base64') }],
    ['info with a lone surrogate', 'b64info', { info: '\ud800' }],
    ['channels that are no list', 'channels', { channels: 'news' }],
    ['channels that are no texts', 'channels', { channels: [1] }],
    ['subs that are a text', 'subs', { subs: 'news' }],
    ['subs with b64data that is no JSON', 'subs', { subs: { a: { b64data: base64('{') } } }],
    ['caps that are no list', 'caps', { caps: {} }],
    ['caps of an unknown action', 'caps', { caps: [{ channels: ['a'], allow: ['root'] }] }],
    ['caps by regular expression', 'caps', { caps: [{ channels: ['a'], match: 'regex', allow: ['sub'] }] }],
    ['a negative expiry', 'expire_at', { expire_at: -1 }],
    ['an expiry beyond all dates', 'expire_at', { expire_at: 8_640_000_000_001 }],
    ['the channel of a subscription token', 'channel', { sub: '42', channel: 'private:1' }],
    ['no object', 'payload', 'claims'],
    ['null', 'payload', null],
  ])('B68: %s: refused, and the claim is named', (_, claim, payload) => {
    expect(wrong(claims.readConnectionClaims(payload)).claim).toBe(claim);
  });

  test('a user and a token id of 256 characters are accepted', () => {
    const longest = 'u'.repeat(256);
    expect(readConnectionClaims({ sub: longest, jti: longest })).toEqual({ user: longest, tokenId: longest });
  });

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

  test('no more than the channel', () => {
    expect(readSubscriptionClaims({ channel: 'a' })).toEqual({
      user: '',
      client: undefined,
      channel: 'a',
      identity: {},
    });
  });

  test.each([
    ['channel', {}],
    ['channel', { channel: 1 }],
    ['channel', { channel: null }],
    ['client', { channel: 'a', client: 1 }],
    ['jti', { channel: 'a', jti: 'u'.repeat(257) }],
    ['b64info', { channel: 'a', b64info: '{}' }],
    ['b64info', { channel: 'a', b64info: base64('{') }],
  ])('wrong in %s, which the log names: %o', (claim, payload) => {
    expect(wrong(claims.readSubscriptionClaims(payload)).claim).toBe(claim);
  });
});

describe('the log', () => {
  const whys = (payloads: readonly object[]) =>
    payloads.map((payload) => wrong(claims.readConnectionClaims(payload)).why);

  test('tells the mistakes of one claim apart', () => {
    const users = whys([42, true, null, ['ann'], { id: 'ann' }, 'u'.repeat(257)].map((sub) => ({ sub })));
    const times = whys([-1, '1', null].map((expire_at) => ({ expire_at })));
    const infos = whys(['***', base64('{'), null].map((b64info) => ({ b64info })));
    for (const told of [users, times, infos]) expect(new Set(told).size).toBe(told.length);
    // `null` was said to be a token for a subscription where one for the connection is due.
    const channels = [{}, { channel: null }, { channel: 1 }].map(
      (one) => wrong(claims.readSubscriptionClaims(one)).why,
    );
    expect(new Set([...channels, ...whys([{ channel: 'a' }])]).size).toBe(4);
  });

  test('names the type that is there and the one that has to be, if the type is the mistake', () => {
    const wrongTypes: [object, string[]][] = [
      [{ sub: 42 }, ['sub', 'number', 'string']],
      [{ sub: null }, ['sub', 'null', 'string']],
      [{ sub: [] }, ['sub', 'list', 'string']],
      [{ sub: {} }, ['sub', 'object', 'string']],
      [{ exp: 'soon' }, ['exp', 'string', 'number']],
    ];
    for (const [payload, words] of wrongTypes) for (const word of words) expect(whys([payload])[0]).toContain(word);
    const mistakes: [object, string, string][] = [
      [{ sub: 'u'.repeat(257) }, 'sub', 'string'],
      [{ b64info: '***' }, 'b64info', 'string'],
      [{ b64info: base64('{') }, 'b64info', 'string'],
      [{ subs: { a: 1 } }, 'subs', 'bject'],
      [{ channels: [1] }, 'channels', 'list'],
      [{ channel: 'a' }, 'channel', 'never'],
    ];
    for (const [payload, claim, type] of mistakes) {
      expect(whys([payload])[0]).toContain(claim);
      expect(whys([payload])[0]).not.toContain(type);
    }
    const { why } = wrong(claims.readSubscriptionClaims({}));
    expect(why).toContain('channel');
    expect(why).not.toContain('undefined');
    expect(wrong(claims.readConnectionClaims(null)).why).toContain('payload');
  });

  test('cites dates, and nothing that may be private', () => {
    expect(whys([{ expire_at: -17 }, { exp: 8_640_000_000_001 }])).toEqual([
      expect.stringContaining('-17'),
      expect.stringContaining('8640000000001'),
    ]);
    const secrets = [
      { sub: ['hunter2'] },
      { sub: 'hunter2'.repeat(64) },
      { b64info: 'hunter2:' },
      { b64info: base64('hunter2') },
      { subs: { hunter2: 1 } },
      { subs: { hunter2: { b64data: 'hunter2' } } },
      { caps: ['hunter2'] },
      { channels: ['a', { hunter2: 1 }] },
    ];
    for (const why of whys(secrets)) expect(why).not.toContain('hunter2');
  });
});
