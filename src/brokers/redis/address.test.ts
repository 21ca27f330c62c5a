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

  test.each([
    '',
    'redis:',
    'http://h',
    'redis://',
    'redis://h:0',
    'redis://h:99999',
    'redis://h/x',
    'redis://a@b@h',
    'redis://u:%zz@h',
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
