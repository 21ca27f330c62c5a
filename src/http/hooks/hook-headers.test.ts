/** Which headers a backend gets, and whose word they are. */

import { describe, expect, test } from 'vitest';
import { StandIns, selectHeaders } from './hook-headers.js';

const source = {
  headers: new Map([
    ['cookie', 'sid=1'],
    ['origin', 'https://example.com'],
    ['x-forwarded-for', '6.6.6.6'],
    ['x-user-id', 'real'],
  ]),
  remoteAddress: '192.0.2.7',
};
const nothing = { headers: [], emulatedHeaders: [], staticHeaders: {} };
const none = new Map<string, string>();

test('only those that are asked for are passed on', () => {
  expect(selectHeaders(nothing, source, none)).toEqual({});
  expect(selectHeaders({ ...nothing, headers: ['cookie', 'user-agent'] }, source, none)).toEqual({ cookie: 'sid=1' });
});

test('B18: the address of a client is the one that the server believes, not what the client says', () => {
  const selection = { ...nothing, headers: ['x-forwarded-for', 'x-real-ip'] };
  expect(selectHeaders(selection, source, none)).toEqual({
    'x-forwarded-for': '192.0.2.7',
    'x-real-ip': '192.0.2.7',
  });
});

describe('what a client claims', () => {
  const claims = new Map([
    ['x-user-id', 'forged'],
    ['authorization', 'Bearer t'],
  ]);

  test('is passed on under its name, and named as a claim', () => {
    const selection = { ...nothing, emulatedHeaders: ['authorization'] };
    expect(selectHeaders(selection, source, claims)).toEqual({
      authorization: 'Bearer t',
      'X-Fanfare-Emulated': 'authorization',
    });
  });

  test('is not what a real header of that name is asked for', () => {
    const selection = { ...nothing, headers: ['x-user-id', 'authorization'] };
    expect(selectHeaders(selection, source, claims)).toEqual({ 'x-user-id': 'real' });
  });

  test('does not stand in for a real header that is there', () => {
    const selection = { ...nothing, headers: ['x-user-id'], emulatedHeaders: ['x-user-id'] };
    expect(selectHeaders(selection, source, claims)).toEqual({ 'x-user-id': 'real' });
  });
});

test('B96: what cannot be the value of a header is left out', () => {
  const selection = { ...nothing, headers: ['a', 'b', 'c'] };
  const headers = new Map([
    ['a', 'x\r\ny: z'],
    ['b', '\u20ac'],
    ['c', 'v'.repeat(8_193)],
  ]);
  expect(selectHeaders(selection, { ...source, headers }, none)).toEqual({});
});

describe('stand-ins', () => {
  const { headers } = source;

  test('are kept for the connection, as far as any hook asks for them', () => {
    const standIns = new StandIns(['authorization']);
    const kept = new Map([['authorization', 'Bearer t']]);
    const claimed = new Map([
      ['Authorization', 'Bearer t'],
      ['x-user-id', 'forged'],
    ]);
    expect(standIns.of(headers).size).toBe(0);
    standIns.keep(headers, claimed);
    expect(standIns.of(headers)).toEqual(kept);
    expect(standIns.of(new Map(headers)).size).toBe(0);
  });

  test.each(['a\r\nb: c', 'v'.repeat(8_193), '\u0000'])('are left out where they are no headers: %j', (value) => {
    const standIns = new StandIns(['a']);
    standIns.keep(headers, new Map([['a', value]]));
    expect(standIns.of(headers).size).toBe(0);
  });
});
