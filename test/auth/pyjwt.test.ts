/** Tokens made by PyJWT, a library that nobody here wrote: accepted as they are, refused however they are tampered with. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { channel, fanfare, jwt } from 'fanfare';
import { beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { errorCode, RawClient } from '../support/clients/raw-client.js';
import { PythonScript, pythonIsMissing } from '../support/programs/python.js';

const algorithms = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;
type Algorithm = (typeof algorithms)[number];

const secret = 'PyJWT and Fanfare share this one: 32 bytes';
const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
const strangers = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
const pem = (key: KeyObject, type: 'spki' | 'pkcs8') => key.export({ type, format: 'pem' }).toString();

const nowSec = () => Math.floor(Date.now() / 1_000);
const good = () => ({ sub: 'ann', iss: 'shop', aud: ['fanfare', 'mail'], iat: nowSec(), exp: nowSec() + 600 });

describe.skipIf(pythonIsMissing())('tokens of PyJWT', () => {
  const app = fanfare({
    auth: jwt({
      secret,
      keys: [
        { algorithm: 'RS256', key: pem(pairs.RS256.publicKey, 'spki') },
        { algorithm: 'ES256', key: pem(pairs.ES256.publicKey, 'spki') },
        { algorithm: 'EdDSA', key: pem(pairs.EdDSA.publicKey, 'spki'), kid: 'ed-1' },
      ],
      issuer: 'shop',
      audience: 'fanfare',
    }),
    channels: { 'room:{id}': channel({ subscribe: 'token' }) },
    log: silentLogger,
  });
  let port: number;
  let python: PythonScript;
  beforeAll(async () => {
    ({ port } = await app.listen(0));
    python = new PythonScript('test/auth/sign_tokens.py', {});
    return async () => {
      await python[Symbol.asyncDispose]();
      await app.close(500);
    };
  });

  async function sign(algorithm: Algorithm, claims: object, { from = pairs, headers = {} } = {}): Promise<string> {
    const key = algorithm === 'HS256' ? secret : pem(from[algorithm].privateKey, 'pkcs8');
    const answer = await python.ask({ algorithm, claims, key, headers });
    // safe: so the script answers
    return (answer as { token: string }).token;
  }

  /** `ok`, the code of the error, or the code with which the connection was closed. */
  async function connect(token: string): Promise<unknown> {
    return (await RawClient.attempt(port, token)).code ?? 'ok';
  }

  describe.each(algorithms)('%s', (algorithm) => {
    const tampered = (token: string, change: (parts: string[]) => unknown) => {
      const parts = token.split('.');
      change(parts);
      return parts.join('.');
    };
    const claimsOf = (text = '') => JSON.parse(Buffer.from(text, 'base64url').toString());
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

    test('a good one lets in', async () => {
      expect(await connect(await sign(algorithm, good()))).toBe('ok');
      expect(await connect(await sign(algorithm, good(), { headers: { kid: 'ed-1' } }))).toBe('ok');
    });

    test.each([
      ['expired', { exp: nowSec() - 1 }, 109],
      ['not valid yet', { nbf: nowSec() + 600 }, 109],
      ['of another issuer', { iss: 'mall' }, 3500],
      ['for another audience', { aud: 'mail' }, 3500],
      ['with an expiry of 1e18', { exp: 1e18 }, 3500],
      ['for one channel alone', { channel: 'room:1' }, 3500],
      ['with claims that are none', { info: 'x', b64info: '?' }, 3500],
    ])('%s', async (_, claims, code) => {
      expect(await connect(await sign(algorithm, { ...good(), ...claims }))).toBe(code);
    });

    test.each([
      ['without its issuer', ['iss']],
      ['without its audience', ['aud']],
    ])('%s: 3500', async (_, [left = '']) => {
      const claims = Object.fromEntries(Object.entries(good()).filter(([name]) => name !== left));
      expect(await connect(await sign(algorithm, claims))).toBe(3500);
    });

    test('of a stranger who has a key of the same kind: 3500', async () => {
      if (algorithm === 'HS256') {
        const { token } = (await python.ask({ algorithm, claims: good(), key: `${secret}!` })) as { token: string };
        expect(await connect(token)).toBe(3500);
      } else expect(await connect(await sign(algorithm, good(), { from: strangers }))).toBe(3500);
    });

    test('with another user in it: 3500', async () => {
      const token = tampered(await sign(algorithm, good()), (parts) => {
        parts[1] = encoded({ ...claimsOf(parts[1]), sub: 'admin' });
      });
      expect(await connect(token)).toBe(3500);
    });

    test('with a longer life, or none that ends: 3500', async () => {
      for (const exp of [nowSec() + 1e6, undefined]) {
        const token = tampered(await sign(algorithm, good()), (parts) => {
          parts[1] = encoded({ ...claimsOf(parts[1]), exp });
        });
        expect(await connect(token)).toBe(3500);
      }
    });

    const others = ['none', 'HS256', 'RS256', 'ES256', 'EdDSA'].filter((other) => other !== algorithm);
    test.each(others)('with %s in its header: 3500', async (other) => {
      const token = tampered(await sign(algorithm, good()), (parts) => {
        parts[0] = encoded({ typ: 'JWT', alg: other });
      });
      expect(await connect(token)).toBe(3500);
      expect(await connect(tampered(token, (parts) => parts.splice(2, 1, '')))).toBe(3500);
    });

    test('with a bit of its signature turned, or a part of it missing: 3500', async () => {
      const turned = tampered(await sign(algorithm, good()), (parts) => {
        const bytes = Buffer.from(parts[2] ?? '', 'base64url');
        bytes[0] = (bytes[0] ?? 0) ^ 1;
        parts[2] = bytes.toString('base64url');
      });
      expect(await connect(turned)).toBe(3500);
      expect(await connect(tampered(await sign(algorithm, good()), (parts) => parts.pop()))).toBe(3500);
      expect(await connect(`${await sign(algorithm, good())}.`)).toBe(3500);
      expect(await connect((await sign(algorithm, good())).slice(0, -8))).toBe(3500);
    });

    test('a subscription token is for its channel, and one with an expiry in the past is expired', async () => {
      const client = await RawClient.connect(port, { token: await sign(algorithm, good()) });
      const subscribe = async (claims: object) => {
        const token = await sign(algorithm, { ...good(), ...claims });
        return errorCode(await client.command('subscribe', { channel: 'room:1', token }));
      };
      expect(await subscribe({ channel: 'room:2' })).toBe(103);
      expect(await subscribe({ channel: 'room:1', exp: 1 })).toBe(109);
      expect(await subscribe({ channel: 'room:1' })).toBeUndefined();
      await client.close();
    });
  });

  test('a key with a kid is not tried for tokens that name another', async () =>
    expect(await connect(await sign('EdDSA', good(), { headers: { kid: 'ed-2' } }))).toBe(3500));
});
