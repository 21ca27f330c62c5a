/** Public keys and key sets as options of `jwt()`: what is accepted at start, and whose word counts for whom. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { attempt, outcomeOf } from '../../test/support/engine/connect-attempt.js';
import { KeyProvider } from '../../test/support/servers/key-provider.js';
import type { TokenAlgorithm } from '../engine/auth/token-keys.js';
import { type JwtKey, type JwtOptions, jwt } from './jwt.js';

const secret = 'a secret of at least thirty-two bytes';

/** Two for all RS and PS algorithms, since making them takes most of the time. */
const rsaPairs = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2_048 }));

/** @param n which of {@link rsaPairs} */
function pairOf(algorithm: TokenAlgorithm, n = 0) {
  switch (algorithm.slice(0, 2)) {
    case 'ES': {
      const namedCurve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[algorithm as 'ES256'];
      return generateKeyPairSync('ec', { namedCurve });
    }
    case 'Ed':
      return generateKeyPairSync('ed25519');
    default: {
      const pair = rsaPairs[n];
      if (pair === undefined) throw new Error(`there are ${rsaPairs.length} pairs`);
      return pair;
    }
  }
}

const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

function sign(claims: object, alg: string, key: KeyObject, header: object = {}): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg, ...header }).sign(key);
}

/** The user that was let in, or the code of the refusal. */
async function connect(token: string, options: JwtOptions): Promise<string | number> {
  return outcomeOf(await jwt(options).connect(attempt(token)));
}

function faultOf(options: JwtOptions): string {
  try {
    jwt(options);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIG' });
    return error instanceof Error ? error.message : '';
  }
  return '';
}

describe('a public key', () => {
  test.each([
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  ] as const)('%s: its tokens are accepted, those of another key are not', async (algorithm) => {
    const [own, other] = [pairOf(algorithm), pairOf(algorithm, 1)];
    const keys: JwtKey[] = [{ algorithm, key: pem(own.publicKey) }];
    expect(await connect(await sign({ sub: 'u' }, algorithm, own.privateKey), { keys })).toBe('u');
    expect(await connect(await sign({ sub: 'u' }, algorithm, other.privateKey), { keys })).toBe(3500);
  });

  test('B61: is not a secret: HS256 with it is refused, also beside a key that is for HS256', async () => {
    const { publicKey } = pairOf('RS256');
    const rsa: JwtKey = { algorithm: 'RS256', key: pem(publicKey) };
    const forged = await new CompactSign(Buffer.from('{"sub":"admin"}'))
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(pem(publicKey)));
    expect(await connect(forged, { keys: [rsa] })).toBe(3500);
    expect(await connect(forged, { keys: [rsa, { algorithm: 'HS256', key: secret }] })).toBe(3500);
  });

  test('with a kid is tried for tokens that name it or none, and no others', async () => {
    const { publicKey, privateKey } = pairOf('ES256');
    const keys: JwtKey[] = [{ algorithm: 'ES256', key: pem(publicKey), kid: 'k1' }];
    const with_ = async (header: object) => connect(await sign({ sub: 'u' }, 'ES256', privateKey, header), { keys });
    expect(await with_({ kid: 'k1' })).toBe('u');
    expect(await with_({})).toBe('u');
    expect(await with_({ kid: 'k2' })).toBe(3500);
    expect(await with_({ kid: '' })).toBe(3500);
  });

  test('old and new ones side by side, for rotation', async () => {
    const [old, next] = [pairOf('ES256'), pairOf('ES256')];
    const keys: JwtKey[] = [old, next].map(({ publicKey }) => ({ algorithm: 'ES256', key: pem(publicKey) }));
    expect(await connect(await sign({ sub: 'old' }, 'ES256', old.privateKey), { keys })).toBe('old');
    expect(await connect(await sign({ sub: 'new' }, 'ES256', next.privateKey), { keys })).toBe('new');
  });

  test('speaks for its own issuer and audience, or else for the common ones', async () => {
    const { publicKey, privateKey } = pairOf('ES256');
    const key: JwtKey = { algorithm: 'ES256', key: pem(publicKey), issuer: 'own' };
    const options = { keys: [key], issuer: 'common', audience: 'app' };
    const userOf = async (claims: object) => connect(await sign({ sub: 'u', ...claims }, 'ES256', privateKey), options);
    expect(await userOf({ iss: 'own', aud: 'app' })).toBe('u');
    expect(await userOf({ iss: 'common', aud: 'app' })).toBe(3500);
    expect(await userOf({ iss: 'own' })).toBe(3500);
  });

  const unfit = [
    ['no PEM', 'RS256', 'hello'],
    ['of another kind', 'RS256', pem(pairOf('ES256').publicKey)],
    ['of another kind', 'EdDSA', pem(pairOf('RS256').publicKey)],
    ['of another kind', 'PS256', pem(pairOf('ES256').publicKey)],
    ['of another kind', 'ES256', pem(pairOf('EdDSA').publicKey)],
    ['on another curve', 'ES256', pem(pairOf('ES384').publicKey)],
    ['on another curve', 'ES384', pem(pairOf('ES512').publicKey)],
    ['on another curve', 'ES512', pem(pairOf('ES256').publicKey)],
    ['too short', 'RS256', pem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey)],
    // A kind of key of its own, which the library that verifies signatures does not take.
    ['of RSA for PSS alone', 'PS256', pem(generateKeyPairSync('rsa-pss', { modulusLength: 1_024 }).publicKey)],
    ['too short for a secret', 'HS256', 'short'],
    ['for no algorithm', 'none' as TokenAlgorithm, secret],
    ['for an unknown algorithm', 'toString' as TokenAlgorithm, secret],
  ] as const;

  test.each(unfit)('that is %s (%s) is refused at start, and not shown', (_, algorithm, key) => {
    const fault = faultOf({ keys: [{ algorithm, key }] });
    expect(fault).not.toBe('');
    expect(fault).not.toContain(key);
  });

  test('that does not fit is told from others, with what it is and what would fit', () => {
    const faults = unfit.map(([, algorithm, key]) => faultOf({ keys: [{ algorithm, key }] }));
    expect(new Set(faults).size).toBe(unfit.length);
    const words = [
      ['RS256', 'PEM'],
      ['RS256', 'rsa', 'ec'],
      ['EdDSA', 'ed25519', 'rsa'],
      ['PS256', 'rsa', 'ec'],
      ['ES256', 'ec', 'ed25519'],
      ['ES256', 'prime256v1', 'secp384r1'],
      ['ES384', 'secp384r1', 'secp521r1'],
      ['ES512', 'secp521r1', 'prime256v1'],
      ['2048', '1024'],
      ['PS256', 'rsa', 'rsa-pss'],
      ['32'],
      ['none'],
      ['toString'],
    ];
    for (const [i, expected] of words.entries()) {
      for (const word of ['jwt', ...expected]) expect(faults[i]).toContain(word);
    }
  });

  test('that cannot be read: the reason of the library is its cause', () => {
    const make = () => jwt({ keys: [{ algorithm: 'RS256', key: 'hello' }] });
    expect(make).toThrow(expect.objectContaining({ cause: expect.any(Error) }));
    const short = () => jwt({ secret: 'short' });
    expect(short).toThrow(expect.not.objectContaining({ cause: expect.anything() }));
  });
});

describe('key sets', () => {
  test.each([
    'http://keys.example/jwks',
    'ftp://keys.example/jwks',
    'file:///etc/passwd',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'keys.example',
    '',
  ])('not at %s', (url) => expect(faultOf({ jwks: { url } })).toContain('is not an https address'));

  test.each(['https://keys.example/jwks', 'http://localhost:1/', 'http://127.0.0.1:1/', 'http://[::1]:1/'])(
    'at %s',
    (url) => expect(faultOf({ jwks: { url } })).toBe(''),
  );

  test('hold no shared secrets', () => {
    const faults = (['HS256', 'HS384', 'HS512'] as const).map((algorithm) =>
      faultOf({ jwks: { url: 'https://keys.example/', algorithms: ['RS256', algorithm] } }),
    );
    for (const fault of faults) expect(fault).toContain('jwks');
  });

  test('B66: several name their issuers, each its own', () => {
    const [a, b] = ['https://a.example/keys', 'https://b.example/keys'];
    expect(faultOf({ jwks: [{ url: a }, { url: b }] })).not.toBe('');
    expect(faultOf({ jwks: [{ url: a, issuer: 'a' }, { url: b }] })).not.toBe('');
    const first = { url: a, issuer: 'a' };
    expect(faultOf({ jwks: [first, { url: b, issuer: 'a' }] })).toContain('issuer');
    expect(faultOf({ jwks: [first, { url: b, issuer: 'b' }] })).toBe('');
  });

  test('B66: the same kid of two issuers: each key speaks for its own issuer alone', async () => {
    await using a = await KeyProvider.start();
    await using b = await KeyProvider.start();
    await Promise.all([a.add('k'), b.add('k')]);
    const options = {
      jwks: [
        { url: a.url, issuer: 'a' },
        { url: b.url, issuer: 'b' },
      ],
    };
    expect(await connect(await a.sign('k', { sub: 'u', iss: 'a' }), options)).toBe('u');
    expect(await connect(await b.sign('k', { sub: 'v', iss: 'b' }), options)).toBe('v');
    expect(await connect(await a.sign('k', { sub: 'u', iss: 'b' }), options)).toBe(3500);
    expect(await connect(await b.sign('k', { sub: 'u', iss: 'a' }), options)).toBe(3500);
  });

  test('B65: a token of an unknown issuer causes no request', async () => {
    await using provider = await KeyProvider.start();
    await provider.add('k');
    const options = { jwks: { url: provider.url, issuer: 'known' } };
    for (const iss of [provider.origin, provider.url, 'known/', undefined]) {
      const claims = { sub: 'u', ...(iss !== undefined && { iss }) };
      expect(await connect(await provider.sign('k', claims), options)).toBe(3500);
    }
    expect(provider.requests.size).toBe(0);
  });

  test('that cannot be asked: 100, for the tokens that only it could know', async () => {
    await using provider = await KeyProvider.start();
    await provider.add('k');
    provider.mode = 'failing';
    const { publicKey, privateKey } = pairOf('ES256');
    const options = { jwks: { url: provider.url }, keys: [{ algorithm: 'ES256', key: pem(publicKey) }] as const };
    expect(await connect(await sign({ sub: 'u' }, 'ES256', privateKey), options)).toBe('u');
    expect(await connect(await provider.sign('k', { sub: 'u' }), options)).toBe(100);
  });

  test('nothing at all is no authentication', () => {
    for (const options of [{}, { keys: [], jwks: [] }]) {
      for (const option of ['secret', 'keys', 'jwks']) expect(faultOf(options)).toContain(option);
    }
  });

  test('an option that is not there is refused', () => {
    // @ts-expect-error: the compiler would not let it through
    expect(() => jwt({ secret, secrets: [] })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});
