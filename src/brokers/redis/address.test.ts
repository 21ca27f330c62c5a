/** Addresses of Redis. */

import { describe, expect, test } from 'vitest';
import { addressName, parseAddress } from './address.js';

describe('addresses', () => {
  test.each([
    ['redis://h', { endpoints: [{ host: 'h', port: 6379 }], tls: false, database: 0 }],
    [
      'rediss://u:p%40@h:1/3',
      { endpoints: [{ host: 'h', port: 1 }], tls: true, username: 'u', password: 'p@', database: 3 },
    ],
    [
      'valkey://:secret@[::1]:7',
      { endpoints: [{ host: '::1', port: 7 }], tls: false, password: 'secret', database: 0 },
    ],
  ])('%s', (url, expected) => {
    expect(parseAddress(url)).toEqual({ kind: 'single', ...expected });
  });

  test('sentinels', () => {
    expect(parseAddress('redis+sentinel://:p@a,b:7/main/2')).toEqual({
      kind: 'sentinel',
      primary: 'main',
      endpoints: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 7 },
      ],
      tls: false,
      password: 'p',
      database: 2,
    });
  });

  test('clusters', () => {
    expect(parseAddress('valkeys+cluster://u:p@a:1,b')).toEqual({
      kind: 'cluster',
      endpoints: [
        { host: 'a', port: 1 },
        { host: 'b', port: 6379 },
      ],
      tls: true,
      username: 'u',
      password: 'p',
      database: 0,
    });
  });

  test.each([
    '',
    'redis:',
    'http://h',
    'redis://',
    'redis://h:0',
    'redis://h:99999',
    'redis://h/x',
    'redis://a@b@h',
    'redis://a,b',
    'redis://a/1/2',
    'redis+sentinel://a,b',
    'redis+sentinel://a,/main',
    'redis://u:%zz@h',
    'redis+cluster://a/3',
    'redis+flock://a',
  ])('B107: %j is none', (url) => {
    expect(() => parseAddress(url)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });

  test('B112: neither its name nor what is wrong with it tells the password', () => {
    expect(addressName(parseAddress('redis://u:hunter2@h:1'))).not.toContain('hunter2');
    expect(() => parseAddress('redis://u:hunter2@h:x')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });
});
