/** The code tables: their meaning for clients, and what fits on the wire. */

import { describe, expect, test } from 'vitest';
import { disconnectCodes, errorCodes, reconnects, unsubscribeCodes } from './codes.js';

describe('disconnect codes', () => {
  test.each([
    ...['connectionClosed', 'shutdown', 'serverError', 'expired', 'subscriptionExpired', 'slow'],
    ...['insufficientState', 'forceReconnect', 'noPong', 'tooManyRequests'],
  ] as const)('%s lets the client come back', (name) => expect(reconnects(disconnectCodes[name].code)).toBe(true));

  test.each([
    'invalidToken',
    'badRequest',
    'forceNoReconnect',
    'connectionLimit',
    'inappropriateProtocol',
    'permissionDenied',
    'notAvailable',
  ] as const)('%s is final', (name) => expect(reconnects(disconnectCodes[name].code)).toBe(false));

  test.each([
    [1000, true],
    [1006, true],
    [3000, true],
    [3499, true],
    [3500, false],
    [3999, false],
    [4000, true],
    [4499, true],
    [4500, false],
    [4999, false],
    [5000, true],
  ])('%i: the client comes back: %s', (code, expected) => expect(reconnects(code)).toBe(expected));

  test('each fits a close frame: a code that may be sent and a reason of at most 123 bytes', () => {
    for (const { code, reason } of Object.values(disconnectCodes)) {
      expect(code).toBeGreaterThanOrEqual(3000);
      expect(code).toBeLessThan(5000);
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    }
  });
});

test.each([
  ['error', errorCodes],
  ['disconnect', disconnectCodes],
  ['unsubscribe', unsubscribeCodes],
])('no two %s codes are the same', (_, table) => {
  const codes = Object.values(table).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});

test('only internal errors and too many requests are worth trying again', () => {
  const temporary = Object.values(errorCodes).filter((error) => error.temporary);
  expect(temporary.map(({ code }) => code)).toEqual([100, 111]);
});

test('clients subscribe again by themselves after insufficient state, expiry and a changed rule alone', () => {
  const names = Object.entries(unsubscribeCodes).filter(([, { code }]) => code >= 2500);
  expect(names.map(([name]) => name)).toEqual(['insufficientState', 'expired', 'stateInvalidated']);
});
