/** The part of a request that is kept. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { handshakeOf } from './handshake.js';
import { TrustedProxies } from './trusted-proxies.js';

function request(peer: string | undefined, more: IncomingHttpHeaders = {}): IncomingMessage {
  // safe: only headers, URL and the peer's address are read
  return { headers: more, url: '/connection?a=1', socket: { remoteAddress: peer } } as unknown as IncomingMessage;
}

describe('the handshake', () => {
  test('keeps path, headers and address', () => {
    const handshake = handshakeOf(request('192.0.2.1', { cookie: 'a=1', host: 'h' }), new TrustedProxies([]));
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
    const { headers } = handshakeOf(request('192.0.2.1', { 'set-cookie': ['a', 'b'] }), new TrustedProxies([]));
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
    expect(handshakeOf(request(undefined), new TrustedProxies([])).remoteAddress).toBe('');
  });
});
