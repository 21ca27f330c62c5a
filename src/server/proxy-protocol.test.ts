/** Headers of the PROXY protocol, in golden bytes. */

import { describe, expect, test } from 'vitest';
import { readProxyProtocol } from './proxy-protocol.js';

const signature = '0d0a0d0a000d0a515549540a';
const four = 'cb007109c0000201d90300500'.slice(0, 24);
const six = `20010db8${'0'.repeat(22)}01${'0'.repeat(31)}1d9030050`;

/** Version 2 by command, family with transport, addresses and what follows. */
function binary(command: string, family: string, rest: string, length = rest.length / 2): Buffer {
  return Buffer.from(`${signature}${command}${family}${length.toString(16).padStart(4, '0')}${rest}`, 'hex');
}

const good: [string, Buffer, string | undefined][] = [
  ['v2 TCP over IPv4', binary('21', '11', four), '203.0.113.9'],
  ['v2 TCP over IPv6', binary('21', '21', six), '2001:db8::1'],
  ['v2 mapped IPv4', binary('21', '21', `${'0'.repeat(20)}ffffcb007109${six.slice(32)}`), '203.0.113.9'],
  ['v2 UDP over IPv4', binary('21', '12', four), '203.0.113.9'],
  ['v2 with TLVs', binary('21', '11', `${four}0300041a2b3c4d04000100ea000101`), '203.0.113.9'],
  ['v2 LOCAL', binary('20', '00', ''), undefined],
  ['v2 LOCAL with addresses', binary('20', '11', four), undefined],
  ['v2 UNSPEC', binary('21', '00', ''), undefined],
  ['v2 UNIX', binary('21', '31', '2f746d702f61'.padEnd(432, '0')), undefined],
  ['v1 TCP4', Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 55555 80\r\n'), '203.0.113.9'],
  ['v1 TCP6', Buffer.from('PROXY TCP6 2001:DB8::0:1 ::1 55555 80\r\n'), '2001:db8::1'],
  ['v1 UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  ['v1 UNKNOWN with anything', Buffer.from('PROXY UNKNOWN ffff:f...f:ffff 65535\r\n'), undefined],
];

describe.each(good)('%s', (_, bytes, address) => {
  test('says the address and where it ends', () => {
    const header = readProxyProtocol(Buffer.concat([bytes, Buffer.from('GET / HTTP/1.1\r\n')]));
    expect(header).toMatchObject({ kind: 'complete', length: bytes.length });
    expect('address' in header ? header.address : undefined).toBe(address);
  });

  test('is incomplete wherever it is cut', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(readProxyProtocol(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' });
    }
  });
});

test('a client without an IP address is told from a proxy that speaks for itself', () => {
  expect(readProxyProtocol(binary('21', '31', '0'.repeat(432)))).toHaveProperty('isNameless', true);
  expect(readProxyProtocol(binary('20', '31', '0'.repeat(432)))).not.toHaveProperty('isNameless');
});

test.each<[string, Buffer, string]>([
  ['a request', Buffer.from('GET / HTTP/1.1\r\n'), 'missing'],
  ['a request with a similar method', Buffer.from('PROPFIND / HTTP/1.1\r\n'), 'missing'],
  ['TLS', Buffer.from('160301', 'hex'), 'missing'],
  ['blank lines before a request', Buffer.from('\r\n\r\nGET'), 'missing'],
  ['version 1', Buffer.from(`${signature}11110000`, 'hex'), 'malformed'],
  ['a command that there is not', binary('22', '11', four), 'malformed'],
  ['a family that there is not', binary('21', '41', four), 'malformed'],
  ['a transport that there is not', binary('21', '13', four), 'malformed'],
  ['too short for its addresses', binary('21', '11', four.slice(2)), 'malformed'],
  ['IPv6 in the room of IPv4', binary('21', '21', four), 'malformed'],
  ['longer than any', binary('21', '11', '', 65_535), 'too long'],
  ['v1: another family', Buffer.from('PROXY TCP6 203.0.113.9 192.0.2.1 1 2\r\n'), 'malformed'],
  ['v1: no address', Buffer.from('PROXY TCP4 localhost 192.0.2.1 1 2\r\n'), 'malformed'],
  ['v1: a port too large', Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 65536 2\r\n'), 'malformed'],
  ['v1: two spaces', Buffer.from('PROXY  TCP4 203.0.113.9 192.0.2.1 1 2\r\n'), 'malformed'],
  ['v1: a line feed alone', Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 1 2\n'), 'malformed'],
  ['v1: no protocol', Buffer.from('PROXY \r\n'), 'malformed'],
  ['v1: no end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(100)}`), 'too long'],
  ['v1: an end too late', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`), 'too long'],
])('what is no header %s', (_, bytes, reason) => expect(readProxyProtocol(bytes)).toEqual({ kind: 'invalid', reason }));
