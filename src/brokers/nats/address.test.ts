/** Addresses of NATS. */

import { expect, test } from 'vitest';
import { addressName, parseAddress } from './address.js';

test.each([
  ['nats://h', { servers: ['h:4222'], tls: false }],
  ['tls://u:p%40@h:1', { servers: ['h:1'], tls: true, username: 'u', password: 'p@' }],
  ['nats://secret@[::1]:7/', { servers: ['[::1]:7'], tls: false, token: 'secret' }],
  ['nats://u:p@a,b:7', { servers: ['a:4222', 'b:7'], tls: false, username: 'u', password: 'p' }],
  ['nats://a, nats://b  nats://c:9', { servers: ['a:4222', 'b:4222', 'c:9'], tls: false }],
])('%s', (url, expected) => expect(parseAddress(url)).toEqual(expected));

test('a list is several servers', () => {
  expect(parseAddress(['nats://a', 'nats://b']).servers).toEqual(['a:4222', 'b:4222']);
});

test.each([
  ...['', 'nats:', 'http://h', 'h:4222', 'nats://', 'nats://h:0', 'nats://h:99999', 'nats://h/x'],
  ...['nats://a@b@h', 'nats://a,nats://u:p@b', 'nats://a,tls://b', 'nats://u:%zz@h', 'nats://h:x'],
])('B107: %j is none', (url) => {
  expect(() => parseAddress(url)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});

test('B112: neither its name nor what is wrong with it tells the password', () => {
  expect(addressName(parseAddress('nats://u:hunter2@h:1'))).not.toContain('hunter2');
  expect(addressName(parseAddress('nats://hunter2@h:1'))).not.toContain('hunter2');
  expect(() => parseAddress('nats://u:hunter2@h:x')).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
  );
});
