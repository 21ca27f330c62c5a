/** Which pages may connect. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { OriginPolicy, type OriginPolicyOptions } from './origin-policy.js';

function allows(origin: string | undefined, options: OriginPolicyOptions = {}, host = 'example.com'): boolean {
  const headers: IncomingHttpHeaders = { host, ...(origin !== undefined && { origin }) };
  // safe: the policy reads only the headers
  return new OriginPolicy(options).allows({ headers } as IncomingMessage);
}

describe('without a list', () => {
  test.each(['http://example.com', 'https://example.com'])('pages of the same host may: %s', (origin) => {
    expect(allows(origin)).toBe(true);
  });

  test('the port is part of the host', () => {
    expect(allows('http://localhost:8000', {}, 'localhost:8000')).toBe(true);
    expect(allows('http://localhost:3000', {}, 'localhost:8000')).toBe(false);
  });

  test('the port that goes without saying does not matter, nor does the case of the host', () => {
    expect(allows('https://example.com', {}, 'example.com:443')).toBe(true);
    expect(allows('http://example.com', {}, 'EXAMPLE.com:80')).toBe(true);
    expect(allows('http://example.com', {}, 'example.com:443')).toBe(false);
    expect(allows('https://example.com:80', {}, 'example.com:80')).toBe(true);
    expect(allows('https://example.com', {}, 'example.com:8443')).toBe(false);
  });

  test.each([
    ...['https://evil.com', 'null', '', 'https://example.com.evil.com', 'https://evilexample.com'],
    ...['https://example.com@evil.com', 'https://user@example.com', 'https://example.com/'],
    ...['https://example.com:443', 'https://sub.example.com', 'HTTPS://EXAMPLE.COM', 'file://'],
    'https://example.com https://evil.com',
  ])('B12: "%s" may not', (origin) => expect(allows(origin)).toBe(false));

  test('a page may not when there is no host to compare it with', () => {
    // safe: as above
    const request = { headers: { origin: 'http://undefined' } } as IncomingMessage;
    expect(new OriginPolicy({}).allows(request)).toBe(false);
  });
});

describe('with a list', () => {
  const options = { origins: ['https://app.example', 'http://localhost:3000'] };

  test.each(options.origins)('%s may', (origin) => expect(allows(origin, options)).toBe(true));

  test.each([
    'https://example.com',
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.com',
    'https://app.examplee',
    'null',
  ])('B12: "%s" may not, not even from the same host', (origin) => expect(allows(origin, options)).toBe(false));

  test('an empty list lets no page in', () => {
    expect(allows('https://example.com', { origins: [] })).toBe(false);
  });
});

test("'*' lets every page in", () => {
  for (const origin of ['https://evil.com', 'null']) expect(allows(origin, { origins: '*' })).toBe(true);
});

test('programs, which send no origin, may always', () => {
  for (const origins of [undefined, [], ['https://app.example'], '*'] as const) {
    expect(allows(undefined, origins === undefined ? {} : { origins })).toBe(true);
  }
});

describe('with one label left open', () => {
  const options = { origins: ['https://*.example.com', 'http://*.localhost:3000'] };

  test.each(['https://app.example.com', 'https://a-1.example.com', 'http://room.localhost:3000'])('%s may', (origin) =>
    expect(allows(origin, options)).toBe(true),
  );

  test.each([
    ...['https://example.com', 'https://.example.com', 'https://a.b.example.com'],
    ...['https://app.example.com:444', 'http://app.example.com', 'https://evil.com/.example.com'],
    ...['https://evil.com#.example.com', 'https://user@x.example.com', 'https://-.example.com'],
    ...['https://app.example.com.evil.com', 'null'],
  ])('B12: "%s" may not', (origin) => expect(allows(origin, options)).toBe(false));
});

describe('native shells and files', () => {
  const shells = ['capacitor://localhost', 'tauri://localhost', 'app://bundle', 'file://', 'chrome-extension://abc'];

  test.each(shells)('%s may where it is written out', (origin) => {
    expect(allows(origin, { origins: [origin] })).toBe(true);
    expect(allows(origin, { origins: ['https://example.com'] })).toBe(false);
  });

  test('null may where it is written out, and nowhere else', () => {
    expect(allows('null', { origins: ['null'] })).toBe(true);
    expect(allows('null', { origins: ['file://'] })).toBe(false);
  });
});

const unsendable = ['example.com', 'https://example.com/', 'https://*.com'];
test.each(unsendable)('an entry that no browser sends is refused: %s', (entry) => {
  expect(() => new OriginPolicy({ origins: [entry] })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});
