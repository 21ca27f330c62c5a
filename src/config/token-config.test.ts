/** Public keys and key sets in a configuration. */

import { describe, expect, test } from 'vitest';
import { accepted, problemKeys } from '../../test/support/config/loaded.js';
import { formatValue, type OptionPath } from './options.js';

const pem = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n';

describe('token.jwks', () => {
  test.each([
    ['an address', 'https://a.example/keys', [{ url: 'https://a.example/keys' }]],
    ['an object', '{"url":"https://a.example/keys","issuer":"a"}', [{ url: 'https://a.example/keys', issuer: 'a' }]],
    [
      'a list',
      '[{"url":"https://a.example/keys","algorithms":["ES256"]},"https://b.example/keys"]',
      [{ url: 'https://a.example/keys', algorithms: ['ES256'] }, { url: 'https://b.example/keys' }],
    ],
  ])('as %s', async (_, text, expected) => {
    const { values, warnings } = await accepted({ env: { FANFARE_TOKEN_JWKS: text } });
    expect(values['token.jwks']).toEqual(expected);
    expect(warnings.join()).not.toContain('nobody gets in');
  });

  test.each([
    ['{"url":""}', 'token.jwks → 0 → url'],
    ['{"url":"https://a.example/","algorithms":["HS256"]}', 'token.jwks → 0 → algorithms → 0'],
    ['{"url":"https://a.example/","algorithms":[]}', 'token.jwks → 0 → algorithms'],
    ['{"url":"https://a.example/","isuer":"a"}', 'token.jwks → 0 → isuer'],
    ['{"issuer":"a"}', 'token.jwks → 0 → url'],
    ['[1]', 'token.jwks → 0'],
  ])('B107: %s is refused by its name', async (text, key) => {
    expect(await problemKeys({ env: { FANFARE_TOKEN_JWKS: text } })).toEqual([key]);
  });
});

describe('token.keys', () => {
  test('in PEM, or in files of it relative to the working directory', async () => {
    const keys = [
      { algorithm: 'EdDSA', key: pem, kid: 'k1' },
      { algorithm: 'RS256', file: 'key.pem', issuer: 'a', audience: 'b' },
    ];
    const env = { FANFARE_TOKEN_KEYS: JSON.stringify(keys) };
    const config = await accepted({ env, files: { 'key.pem': pem } });
    expect(config.tokenKeys).toEqual([
      { algorithm: 'EdDSA', key: pem, kid: 'k1' },
      { algorithm: 'RS256', key: pem, issuer: 'a', audience: 'b' },
    ]);
    expect(formatValue('token.keys', config.values['token.keys'])).toBe('EdDSA k1, RS256');
    expect(config.warnings.join()).not.toContain('nobody gets in');
  });

  test.each([
    ['an algorithm of shared secrets', [{ algorithm: 'HS256', key: pem }], 'token.keys → 0 → algorithm'],
    ['none', [{ algorithm: 'none', key: pem }], 'token.keys → 0 → algorithm'],
    ['neither key nor file', [{ algorithm: 'ES256' }], 'token.keys → 0'],
    ['both', [{ algorithm: 'ES256', key: pem, file: 'key.pem' }], 'token.keys → 0'],
    ['a file that is not there', [{ algorithm: 'ES256', file: 'gone.pem' }], 'token.keys'],
    ['an unknown member', [{ algorithm: 'ES256', key: pem, keyId: 'k' }], 'token.keys → 0 → keyId'],
    ['no list', { algorithm: 'ES256', key: pem }, 'token.keys'],
  ])('B107: %s is refused by its name', async (_, keys, key) => {
    expect(await problemKeys({ env: { FANFARE_TOKEN_KEYS: JSON.stringify(keys) } })).toEqual([key]);
  });
});

test('without any, there are none', async () => {
  const { values, warnings } = await accepted({});
  const shown = (path: OptionPath) => formatValue(path, values[path]);
  expect([shown('token.keys'), shown('token.jwks')]).toEqual(['none', 'none']);
  expect(warnings.join()).toContain('nobody gets in');
});
