/** The client's address behind proxies, and what is kept of a request. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { handshakeOf, TrustedProxies } from './handshake.js';

function request(
  peer: string | undefined,
  forwarded?: string | string[],
  more: IncomingHttpHeaders = {},
): IncomingMessage {
  const headers = { ...more, ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }) };
  // safe: headers, URL and the peer's address are all that is looked at
  return { headers, url: '/connection?a=1', socket: { remoteAddress: peer } } as unknown as IncomingMessage;
}

function address(proxies: readonly string[], peer: string | undefined, forwarded?: string | string[]): string {
  return new TrustedProxies(proxies).clientAddress(request(peer, forwarded));
}

describe('B18: X-Forwarded-For', () => {
  test.each<[string, string[], string, string | undefined, string]>([
    ['is not believed without trusted proxies', [], '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['is not believed from a peer that is no proxy', ['10.0.0.1'], '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['tells the client behind a proxy', ['10.0.0.1'], '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    [
      'forged entries stand left of the true one',
      ['10.0.0.1'],
      '10.0.0.1',
      '127.0.0.1, 10.0.0.1, 203.0.113.9',
      '203.0.113.9',
    ],
    [
      'is followed through several proxies',
      ['10.0.0.0/8'],
      '10.0.0.1',
      '203.0.113.9, 10.1.1.1, 10.2.2.2',
      '203.0.113.9',
    ],
    [
      'a forged chain of proxies ends at the client',
      ['10.0.0.0/8'],
      '10.0.0.1',
      '10.9.9.9, 203.0.113.9, 10.2.2.2',
      '203.0.113.9',
    ],
    ['of trusted entries alone: the first of them', ['10.0.0.0/8'], '10.0.0.1', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['absent: the proxy itself', ['10.0.0.1'], '10.0.0.1', undefined, '10.0.0.1'],
    ['empty: the proxy itself', ['10.0.0.1'], '10.0.0.1', '', '10.0.0.1'],
    ['rubbish: the last that is known', ['10.0.0.1'], '10.0.0.1', 'unknown', '10.0.0.1'],
    ['rubbish behind a proxy ends the way', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.9, ___, 10.2.2.2', '10.2.2.2'],
    ['markup is no address', ['10.0.0.1'], '10.0.0.1', '<script>', '10.0.0.1'],
    ['spaces around do not matter', ['10.0.0.1'], '10.0.0.1', '  203.0.113.9\t', '203.0.113.9'],
    ['commas alone are nothing', ['10.0.0.1'], '10.0.0.1', ',,,', '10.0.0.1'],
    ['IPv6', ['fd00::/8'], 'fd00::1', '2001:db8::9', '2001:db8::9'],
    ['an IPv6 zone does no harm', ['10.0.0.1'], '10.0.0.1', 'fe80::1%eth0', 'fe80::1%eth0'],
  ])('%s', (_, proxies, peer, forwarded, expected) => {
    expect(address(proxies, peer, forwarded)).toBe(expected);
  });

  test('several headers are one list', () => {
    expect(address(['10.0.0.0/8'], '10.0.0.1', ['127.0.0.1', '203.0.113.9'])).toBe('203.0.113.9');
  });
});

describe('IPv4 in IPv6', () => {
  test('a mapped peer is the IPv4 address, and its proxy is known by that', () => {
    expect(address([], '::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(address(['10.0.0.0/8'], '::ffff:10.0.0.1', '203.0.113.9')).toBe('203.0.113.9');
  });

  test('a mapped entry is the IPv4 address', () => {
    expect(address(['10.0.0.0/8'], '10.0.0.1', '203.0.113.9, ::ffff:10.1.1.1')).toBe('203.0.113.9');
  });

  test('what only looks mapped stays as it is', () => {
    expect(address([], '::ffff:1')).toBe('::ffff:1');
  });
});

describe('networks', () => {
  test.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.1/32', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::/0', '2001:db8::1', true],
  ])('%s has %s: %s', (proxy, peer, isTrusted) => {
    expect(address([proxy], peer, '198.51.100.7') === '198.51.100.7').toBe(isTrusted);
  });

  // "10.0.0.0/" was taken for /0: everybody in the world was a trusted proxy.
  test.each([
    '',
    'localhost',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8.5',
    '10.0.0.0/1e1',
    '10.0.0.0/0x8',
    '10.0.0.0/ 8',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.0.0',
    'fd00::/129',
    'fd00::/',
    'fe80::1%eth0',
    ' 10.0.0.1',
    '*',
  ])('B107: "%s" is refused with ERR_CONFIG', (proxy) => {
    expect(() => new TrustedProxies([proxy])).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});

describe('the handshake', () => {
  test('keeps path, headers and address', () => {
    const handshake = handshakeOf(
      request('192.0.2.1', undefined, { cookie: 'a=1', host: 'h' }),
      new TrustedProxies([]),
    );
    expect(handshake).toEqual({
      url: '/connection?a=1',
      remoteAddress: '192.0.2.1',
      headers: new Map([
        ['cookie', 'a=1'],
        ['host', 'h'],
      ]),
    });
  });

  test('joins a header that came several times', () => {
    const { headers } = handshakeOf(
      request('192.0.2.1', undefined, { 'set-cookie': ['a', 'b'] }),
      new TrustedProxies([]),
    );
    expect(headers.get('set-cookie')).toBe('a, b');
  });

  test('B83: a header named like a part of Object is a header', () => {
    const more: IncomingHttpHeaders = JSON.parse('{"__proto__":"x","constructor":"y"}');
    const { headers } = handshakeOf(
      { ...request('192.0.2.1'), headers: more } as IncomingMessage,
      new TrustedProxies([]),
    );
    expect(headers.get('__proto__')).toBe('x');
    expect(headers.get('constructor')).toBe('y');
    expect(headers.get('toString')).toBeUndefined();
  });

  test('a peer that is gone has no address', () => {
    expect(address([], undefined)).toBe('');
  });
});
