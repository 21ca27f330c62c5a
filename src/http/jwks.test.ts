/** Key sets behind an address: what is fetched, how often, and what is not accepted as an answer. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { KeyProvider, type ProviderMode } from '../../test/support/servers/key-provider.js';
import { KeysUnavailable } from '../engine/auth/token-verifier.js';
import { JwksKeys } from './jwks.js';

const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
const minuteMs = 60_000;

let provider: KeyProvider;
let nowMs: number;
let keys: JwksKeys;

beforeEach(async () => {
  // The clock of jose's cache; timers and sockets go on as ever.
  vi.useFakeTimers({ toFake: ['Date'] });
  provider = await KeyProvider.start();
  await provider.add('a');
  nowMs = 0;
  keys = new JwksKeys(new URL(provider.url), algorithms, { nowMs: () => nowMs });
});

afterEach(async () => {
  vi.useRealTimers();
  await provider[Symbol.asyncDispose]();
});

/** Both clocks go on: jose's and ours. */
function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
  nowMs += ms;
}

const find = (kid: string | undefined, alg = 'ES256') => keys.find({ alg, ...(kid !== undefined && { kid }) });
const numFound = async (kid: string | undefined, alg?: string) => (await find(kid, alg)).length;

describe('a key set', () => {
  test('is fetched when the first token comes, and once for all of the next ten minutes', async () => {
    expect(provider.numFetches).toBe(0);
    for (let minute = 0; minute < 10; minute++) {
      expect(await numFound('a')).toBe(1);
      pass(minuteMs - 1);
    }
    expect(provider.numFetches).toBe(1);
    pass(minuteMs);
    expect(await numFound('a')).toBe(1);
    expect(provider.numFetches).toBe(2);
  });

  test('is fetched once for 200 tokens that come together', async () => {
    const found = await Promise.all(Array.from({ length: 200 }, () => numFound('a')));
    expect(found).toEqual(Array.from({ length: 200 }, () => 1));
    expect(provider.numFetches).toBe(1);
  });

  test('B63: is fetched once a minute, whatever key ids a storm of tokens makes up', async () => {
    expect(await numFound('a')).toBe(1);
    for (let second = 0; second < 180; second++) {
      expect(await numFound(`unknown-${second}`)).toBe(0);
      pass(1_000);
    }
    expect(provider.numFetches).toBeLessThanOrEqual(4);
    expect(provider.numFetches).toBeGreaterThanOrEqual(3);
    expect(await numFound('a')).toBe(1);
  });

  test('has a new key from the next fetch on, and one that was taken out no longer', async () => {
    expect(await numFound('a')).toBe(1);
    await provider.add('b');
    provider.withdraw('a');
    expect(await numFound('b')).toBe(0);
    pass(minuteMs + 1);
    expect(await numFound('b')).toBe(1);
    expect(await numFound('a')).toBe(0);
  });

  test('drops a key that was taken out within ten minutes, also when nobody asks for another', async () => {
    expect(await numFound('a')).toBe(1);
    provider.withdraw('a');
    pass(10 * minuteMs + 1);
    expect(await numFound('a')).toBe(0);
  });

  test('answers for the algorithms that were allowed, and only for keys of them', async () => {
    await provider.add('rsa', 'RS256');
    expect(await numFound('rsa', 'RS256')).toBe(1);
    expect(await numFound('rsa', 'ES256')).toBe(0);
    expect(await numFound('a', 'EdDSA')).toBe(0);
    for (const alg of ['none', 'HS256', 'RS384', 'PS256', '']) expect(await numFound('rsa', alg)).toBe(0);
    expect(await keys.find({})).toEqual([]);
  });

  test('may change at any time: a key that is not there may be too new, or withdrawn', () => {
    expect(keys.rotates).toBe(true);
  });

  test('a token of another algorithm causes no fetch', async () => {
    expect(await numFound('a', 'HS256')).toBe(0);
    expect(provider.numFetches).toBe(0);
  });

  test('several keys fit a token without a key id: at most eight are tried', async () => {
    for (let i = 0; i < 10; i++) await provider.add(`k${i}`);
    expect((await find(undefined)).map((key) => 'algorithm' in key && key.algorithm.name)).toEqual(
      Array.from({ length: 8 }, () => 'ECDSA'),
    );
    expect(await numFound('k3')).toBe(1);
  });

  test('B64: addresses and keys in a header are not looked at', async () => {
    const header = { alg: 'ES256', kid: 'a', jku: `${provider.origin}/jku`, x5u: `${provider.origin}/x5u`, jwk: {} };
    expect(await keys.find(header)).toHaveLength(1);
    expect([...provider.requests.keys()]).toEqual(['/keys']);
  });
});

describe('a provider that cannot be asked', () => {
  const failures = ['failing', 'redirecting', 'garbage', 'not a set', 'cut'] satisfies ProviderMode[];
  test.each(failures)('%s: nothing is known about the token, and there is one fetch in five seconds', async (mode) => {
    provider.mode = mode;
    for (let i = 0; i < 3; i++) await expect(find('a')).rejects.toBeInstanceOf(KeysUnavailable);
    pass(4_999);
    await expect(find('a')).rejects.toBeInstanceOf(KeysUnavailable);
    expect(provider.numFetches).toBe(1);
    provider.mode = 'ok';
    pass(1);
    expect(await numFound('a')).toBe(1);
    expect(provider.numFetches).toBe(2);
    expect(provider.requests.get('/elsewhere')).toBeUndefined();
  });

  test('that is not there', async () => {
    await provider[Symbol.asyncDispose]();
    await expect(find('a')).rejects.toBeInstanceOf(KeysUnavailable);
  });

  test('hanging: it is given up after two seconds, in the middle of its answer too', async () => {
    provider.mode = 'hanging';
    const beganMs = performance.now();
    await expect(find('a')).rejects.toBeInstanceOf(KeysUnavailable);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(1_900);
    expect(performance.now() - beganMs).toBeLessThan(15_000);
  });

  test('endless: it is given up after a megabyte', async () => {
    provider.mode = 'endless';
    await expect(find('a')).rejects.toMatchObject({ cause: { message: expect.stringContaining('1048576') } });
  });

  // Once, a made-up key id during an outage closed out everybody for five seconds, again and again.
  test('closes nobody out whose key is known, though others ask for unknown ones', async () => {
    expect(await numFound('a')).toBe(1);
    provider.mode = 'failing';
    pass(minuteMs + 1);
    await expect(find('unknown')).rejects.toBeInstanceOf(KeysUnavailable);
    expect(await numFound('a')).toBe(1);
    expect(provider.numFetches).toBe(2);
  });

  test('closes everybody out once the keys in hand are ten minutes old', async () => {
    expect(await numFound('a')).toBe(1);
    provider.mode = 'failing';
    pass(10 * minuteMs + 1);
    await expect(find('a')).rejects.toBeInstanceOf(KeysUnavailable);
  });
});
