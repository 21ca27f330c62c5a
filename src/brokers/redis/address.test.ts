/** Addresses of Redis. */

import { expect, test } from 'vitest';
import { addressName, parseAddress } from './address.js';

const at = (host: string, port: number) => ({ host, port });

test.each([
  ['redis://h', { endpoints: [at('h', 6379)], tls: false, database: 0 }],
  ['rediss://u:p%40@h:1/3', { endpoints: [at('h', 1)], tls: true, username: 'u', password: 'p@', database: 3 }],
  ['valkey://:secret@[::1]:7', { endpoints: [at('::1', 7)], tls: false, password: 'secret', database: 0 }],
])('%s', (url, expected) => expect(parseAddress(url)).toEqual({ kind: 'single', ...expected }));

test('sentinels', () => {
  const endpoints = [at('a', 26379), at('b', 7)];
  const expected = { kind: 'sentinel', primary: 'main', endpoints, tls: false, password: 'p', database: 2 };
  expect(parseAddress('redis+sentinel://:p@a,b:7/main/2')).toEqual(expected);
});

test('clusters', () => {
  const endpoints = [at('a', 1), at('b', 6379)];
  const expected = { kind: 'cluster', endpoints, tls: true, username: 'u', password: 'p', database: 0 };
  expect(parseAddress('valkeys+cluster://u:p@a:1,b')).toEqual(expected);
});

test.each([
  ...['', 'redis:', 'http://h', 'redis://', 'redis://h:0', 'redis://h:99999', 'redis://h/x', 'redis://a@b@h'],
  ...['redis://a,b', 'redis://a/1/2', 'redis+sentinel://a,b', 'redis+sentinel://a,/main', 'redis://u:%zz@h'],
  ...['redis+cluster://a/3', 'redis+flock://a'],
])('B107: %j is none', (url) => {
  expect(() => parseAddress(url)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});

test('B112: neither its name nor what is wrong with it tells the password', () => {
  expect(addressName(parseAddress('redis://u:hunter2@h:1'))).not.toContain('hunter2');
  expect(() => parseAddress('redis://u:hunter2@h:x')).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
  );
});
