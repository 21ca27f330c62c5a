/** The client's address behind proxies, by either header, and what is logged about unusable entries. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { expectLinear } from '../../test/support/linear.js';
import { RefusalLog } from '../engine/log/refusal-log.js';
import { TrustedProxies } from './trusted-proxies.js';

function withHeaders(peer: string | undefined, headers: IncomingHttpHeaders): IncomingMessage {
  // safe: only headers and the peer's address are read
  return { headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage;
}

function request(peer: string | undefined, forwarded?: string | string[]): IncomingMessage {
  return withHeaders(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded });
}

function address(proxies: readonly string[], peer: string | undefined, forwarded?: string | string[]): string {
  return new TrustedProxies(proxies).clientAddress(request(peer, forwarded));
}

describe('B18: X-Forwarded-For', () => {
  const far = '203.0.113.9';

  test.each<[string, string[], string, string | undefined, string]>([
    ['is not believed without trusted proxies', [], '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['is not believed from a peer that is no proxy', ['10.0.0.1'], '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['tells the client behind a proxy', ['10.0.0.1'], '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['forged entries stand left of the true one', ['10.0.0.1'], '10.0.0.1', `127.0.0.1, 10.0.0.1, ${far}`, far],
    ['is followed through several proxies', ['10.0.0.0/8'], '10.0.0.1', `${far}, 10.1.1.1, 10.2.2.2`, far],
    ['a forged chain of proxies ends at the client', ['10.0.0.0/8'], '10.0.0.1', `10.9.9.9, ${far}, 10.2.2.2`, far],
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
  ])('%s', (_, proxies, peer, forwarded, expected) => expect(address(proxies, peer, forwarded)).toBe(expected));

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

  test('what only looks mapped stays IPv6, as the system writes it', () => {
    expect(address([], '::ffff:1')).toBe('::255.255.0.1');
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

  // "10.0.0.0/" was once taken for /0, which made the whole world a trusted proxy.
  test.each([
    ...['', 'localhost', '10.0.0', '10.0.0.256', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8.5'],
    ...['10.0.0.0/1e1', '10.0.0.0/0x8', '10.0.0.0/ 8', '10.0.0.0/8/8', '10.0.0.0/255.0.0.0', 'fd00::/129'],
    ...['fd00::/', 'fe80::1%eth0', ' 10.0.0.1', '*'],
  ])('B107: "%s" is refused with ERR_CONFIG', (proxy) => {
    expect(() => new TrustedProxies([proxy])).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});

describe('entries as proxies write them', () => {
  test.each([
    ['with a port', '198.51.100.7:4431', '198.51.100.7'],
    ['IPv6 in brackets with a port', '[2001:db8::1]:44', '2001:db8::1'],
    ['IPv6 in brackets', '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 in quotes', '"[2001:db8::1]:44"', '2001:db8::1'],
    ['IPv4 in quotes', '"198.51.100.7:4431"', '198.51.100.7'],
    ['IPv6 with a zone, in brackets', '[fe80::1%eth0]:44', 'fe80::1%eth0'],
    ['IPv6 in another spelling', '2001:DB8:0:0::0001', '2001:db8::1'],
    ['IPv4 in IPv6', '[::ffff:198.51.100.7]:44', '198.51.100.7'],
    ['IPv4 in IPv6, in hexadecimal', '::ffff:c633:6407', '198.51.100.7'],
    ['an empty element behind it', '198.51.100.7:4431, ,', '198.51.100.7'],
    ['behind one of the client', '192.0.2.66:1, 198.51.100.7:4431', '198.51.100.7'],
    ['through a proxy with a port', '198.51.100.7:4431, 10.0.0.9:80', '198.51.100.7'],
    ['the port is too long', '198.51.100.7:443100', '10.0.0.1'],
    ['the port is empty', '198.51.100.7:', '10.0.0.1'],
    ['brackets around IPv4', '[198.51.100.7]', '10.0.0.1'],
    ['a bracket is missing', '[2001:db8::1', '10.0.0.1'],
    ['a quote is missing', '"198.51.100.7', '10.0.0.1'],
    ['a leading zero', '198.51.100.07', '10.0.0.1'],
    ['a name', 'client.example:80', '10.0.0.1'],
    ['unknown', '203.0.113.9, unknown', '10.0.0.1'],
    ['obfuscated', '203.0.113.9, _hidden', '10.0.0.1'],
  ])('%s', (_, forwarded, expected) => expect(address(['10.0.0.0/8'], '10.0.0.1', forwarded)).toBe(expected));

  // fe80::1%eth0 was once in no network at all.
  test('a proxy is known by its address, whatever its zone', () => {
    expect(address(['fe80::/10'], 'fe80::1%eth0', '198.51.100.7')).toBe('198.51.100.7');
  });
});

describe('Forwarded (RFC 7239)', () => {
  const seen = (forwarded: string | undefined, more: IncomingHttpHeaders = {}) =>
    new TrustedProxies(['10.0.0.0/8'], { header: 'Forwarded' }).clientAddress(
      withHeaders('10.0.0.1', { ...more, ...(forwarded !== undefined && { forwarded }) }),
    );

  test.each([
    ['one parameter', 'for=198.51.100.7', '198.51.100.7'],
    ['a port needs quotes', 'for="198.51.100.7:4431"', '198.51.100.7'],
    ['IPv6 needs quotes', 'For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['IPv6 without those', 'for=[2001:db8::1]', '2001:db8::1'],
    ['among others', 'proto=https;by=10.0.0.1;FOR=198.51.100.7;host="a, b; c"', '198.51.100.7'],
    ['with spaces', ' for=198.51.100.7 ; proto=http ', '198.51.100.7'],
    ['an escaped letter', 'for="198.51.100\\.7"', '198.51.100.7'],
    ['the nearest is at the right', 'for=192.0.2.66, for=198.51.100.7', '198.51.100.7'],
    ['through two proxies', 'for=192.0.2.66,for=198.51.100.7, for=10.0.0.2;by=_x', '198.51.100.7'],
    ['an obfuscated port', 'for="198.51.100.7:_gazonk"', '198.51.100.7'],
    ['empty elements', ', for=198.51.100.7, ,', '198.51.100.7'],
    ['unknown', 'for=203.0.113.9, for=unknown', '10.0.0.1'],
    ['obfuscated', 'for=203.0.113.9, for="_SEVKISEK"', '10.0.0.1'],
    ['without for', 'for=203.0.113.9, proto=https', '10.0.0.1'],
    ['twice in one element', 'for=203.0.113.9;for=198.51.100.7', '10.0.0.1'],
    ['an entry of the other header', '198.51.100.7', '10.0.0.1'],
    ['a quote too many', 'for="198.51.100.7', '10.0.0.1'],
    ['longer than any', `for=198.51.100.7;x=${'y'.repeat(600)}`, '10.0.0.1'],
    ['nothing', '', '10.0.0.1'],
  ])('%s', (_, forwarded, expected) => expect(seen(forwarded)).toBe(expected));

  // The client's part is at the left. Parsed from there, its quote would hide what the proxy has added.
  const claims = ['for="', 'for=203.0.113.9;x="', 'for="a\\', '"', ';', 'for=203.0.113.9;', 'for=", for="'];
  test.each(claims)('B18: a client cannot hide what its proxy adds behind %s', (claimed) => {
    expect(seen(`${claimed}, for=198.51.100.7;proto=https`)).toBe('198.51.100.7');
    expect(seen(`${claimed}, for="[2001:db8::1]:44"`)).toBe('2001:db8::1');
  });

  test('B18: only the one that was chosen is believed', () => {
    expect(seen(undefined, { 'x-forwarded-for': '203.0.113.9' })).toBe('10.0.0.1');
    expect(seen('for=198.51.100.7', { 'x-forwarded-for': '203.0.113.9' })).toBe('198.51.100.7');
    const usual = new TrustedProxies(['10.0.0.0/8']);
    expect(usual.clientAddress(withHeaders('10.0.0.1', { forwarded: 'for=203.0.113.9' }))).toBe('10.0.0.1');
  });

  test.each([',', 'for=",', 'for="_";,', 'a=b;'])('a header of %j alone is read in linear time', (part) => {
    expectLinear(1_024, (size) => seen(part.repeat(size / part.length)));
  });

  test('B107: another header is refused with ERR_CONFIG', () => {
    // safe: JavaScript callers may pass anything
    const header = 'X-Real-IP' as 'Forwarded';
    expect(() => new TrustedProxies([], { header })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});

describe('what cannot be read', () => {
  const header = { header: 'X-Forwarded-For', option: 'proxyHeader' };
  const warning = { level: 'warn', check: 'proxy header', proxy: '10.0.0.1', ...header };

  function start(header: 'X-Forwarded-For' | 'Forwarded') {
    const clock = new FakeClock();
    const lines: object[] = [];
    const tell = (level: string) => (fields: object) => lines.push({ level, ...fields });
    const log = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
    const proxies = new TrustedProxies(['10.0.0.0/8'], { header, refusals: new RefusalLog(clock, log) });
    const see = (peer: string, headers: IncomingHttpHeaders) => proxies.clientAddress(withHeaders(peer, headers));
    return { clock, lines, see };
  }

  test('is told once a minute, with the proxy, the header, the entry and the option', async () => {
    const { clock, lines, see } = start('X-Forwarded-For');
    for (let n = 0; n < 50; n++) see('10.0.0.1', { 'x-forwarded-for': '198.51.100.7, 198.51.100.300' });
    const line = { ...warning, entry: '198.51.100.300', reason: 'no address' };
    expect(lines).toEqual([line]);
    await clock.advance(60_000);
    see('10.0.0.1', { 'x-forwarded-for': '198.51.100.300' });
    expect(lines).toEqual([line, { ...line, unsaid: 49 }]);
  });

  const unreadable = ['hunter2', '_hidden', '<nobody>', '198.51.100.7;token=hunter2', `${'1'.repeat(65)}`];
  test.each(unreadable)('shows nothing of an entry that is like no address, and says why: %s', (entry) => {
    const { lines, see } = start('X-Forwarded-For');
    see('10.0.0.1', { 'x-forwarded-for': entry });
    const reason = entry === '_hidden' ? 'obfuscated' : 'no address';
    expect(lines).toEqual([{ ...warning, reason }]);
  });

  test('is nothing where nobody is trusted who has sent it', () => {
    const { lines, see } = start('X-Forwarded-For');
    see('192.0.2.1', { 'x-forwarded-for': 'hunter2' });
    expect(lines).toEqual([]);
  });

  test('names the proxy that has said it', () => {
    const { lines, see } = start('Forwarded');
    see('10.0.0.1', { forwarded: 'for=unknown, for=10.0.0.2' });
    expect(lines).toMatchObject([{ proxy: '10.0.0.2', header: 'Forwarded', entry: 'for=unknown', reason: 'unknown' }]);
  });

  test('includes a header that is not there: a warning where the other one is', () => {
    const { lines, see } = start('X-Forwarded-For');
    see('10.0.0.1', { forwarded: 'for=198.51.100.7' });
    see('10.0.0.2', {});
    expect(lines).toMatchObject([
      { level: 'warn', proxy: '10.0.0.1', reason: 'missing', sent: 'Forwarded', option: 'proxyHeader' },
      { level: 'info', proxy: '10.0.0.2', reason: 'missing', header: 'X-Forwarded-For' },
    ]);
  });

  test('is not what strangers claim, nor what is left of the client', () => {
    const { lines, see } = start('X-Forwarded-For');
    see('192.0.2.1', { 'x-forwarded-for': 'unknown' });
    see('10.0.0.1', { 'x-forwarded-for': 'unknown, 198.51.100.7' });
    expect(lines).toEqual([]);
  });
});
