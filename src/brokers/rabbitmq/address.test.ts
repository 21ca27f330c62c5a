/** Addresses of RabbitMQ. */

import { expect, test } from 'vitest';
import { addressName, parseAddress } from './address.js';

const guest = { username: 'guest', password: 'guest', virtualHost: '/' };

test.each([
  ['amqp://h', { endpoints: [{ host: 'h', port: 5672 }], tls: false, ...guest }],
  ['amqp://h/', { endpoints: [{ host: 'h', port: 5672 }], tls: false, ...guest }],
  ['amqps://h/%2F', { endpoints: [{ host: 'h', port: 5671 }], tls: true, ...guest }],
  [
    'amqp://u:p%40@a:1,[::1]/a%2Fb',
    {
      endpoints: [
        { host: 'a', port: 1 },
        { host: '::1', port: 5672 },
      ],
      tls: false,
      username: 'u',
      password: 'p@',
      virtualHost: 'a/b',
    },
  ],
  ['amqp://u@h', { endpoints: [{ host: 'h', port: 5672 }], tls: false, username: 'u', password: '', virtualHost: '/' }],
])('%s', (url, expected) => expect(parseAddress(url)).toEqual(expected));

test.each([
  ...['', 'amqp:', 'http://h', 'amqp://', 'amqp://h:0', 'amqp://h:99999', 'amqp://h/a/b', 'amqp://a@b@h'],
  ...['amqp://a,', 'amqp://u:%zz@h', 'amqp://h?heartbeat=0'],
])('B107: %j is none', (url) => {
  expect(() => parseAddress(url)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});

test('B112: neither its name nor what is wrong with it tells the password', () => {
  expect(addressName(parseAddress('amqp://u:hunter2@h:1/v'))).not.toContain('hunter2');
  expect(() => parseAddress('amqp://u:hunter2@h:x')).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
  );
});
