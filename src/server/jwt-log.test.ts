/** Which option decides about a token, for the log: by the name with which it was set. */

import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { attempt } from '../../test/support/engine/connect-attempt.js';
import { authenticateWith } from '../engine/auth/token-authenticator.js';
import { type JwtKey, type JwtOptions, jwt, tokenVerifier } from './jwt.js';

const secret = 'a secret of at least thirty-two bytes';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = publicKey.export({ type: 'spki', format: 'pem' }).toString();

function sign(claims: object, alg: string, by: KeyObject, header: object = {}): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg, ...header }).sign(by);
}

describe('the log names the option', () => {
  const names = { secret: 'S', algorithm: 'A', keys: 'K', jwks: 'J', issuer: 'I', audience: 'U' };
  const jwks = { url: 'http://127.0.0.1:9/keys', issuer: 'provider' };

  /** The check, and the options that decide it. */
  async function decider(options: JwtOptions, token: string, own = true) {
    const auth = own ? authenticateWith(tokenVerifier(options, names)) : jwt(options);
    const outcome = await auth.connect(attempt(token));
    if (outcome.ok || outcome.why === undefined) throw new Error('accepted');
    const { check, fields, message } = outcome.why;
    const text = typeof message === 'string' ? message : message();
    return { check: check.replace('token ', ''), option: 'option' in fields ? fields.option : undefined, text };
  }

  const hmac = (claims: object, by = secret) => sign(claims, 'HS256', createSecretKey(Buffer.from(by)));
  const other = 'another secret of thirty-two bytes or more';

  test('of a secret', async () => {
    const options: JwtOptions = { secret, issuer: 'us', audience: 'app' };
    const own = { iss: 'us', aud: 'app' };
    expect(await decider(options, await hmac(own, other))).toMatchObject({ check: 'signature', option: 'S' });
    const [, payload, signature] = (await hmac(own)).split('.');
    const header = Buffer.from('{"alg":"RS256"}').toString('base64url');
    expect(await decider(options, `${header}.${payload}.${signature}`)).toMatchObject({
      check: 'algorithm',
      option: 'A',
      text: expect.stringContaining('HS256'),
    });
    expect(await decider(options, await hmac({ iss: 'x' }))).toMatchObject({ check: 'issuer', option: 'I' });
    expect(await decider(options, await hmac({ iss: 'us' }))).toMatchObject({ check: 'audience', option: 'U' });
  });

  test('of a secret, and how the token may have come about', async () => {
    const { text } = await decider({ secret }, await hmac({}, `${secret}\n`));
    expect(text).not.toBe((await decider({ secret }, await hmac({}, other))).text);
  });

  test('of keys', async () => {
    const keys: JwtKey[] = [{ algorithm: 'ES256', key, kid: 'k', issuer: 'us', audience: 'app' }];
    const token = (claims: object, header: object = {}) => sign(claims, 'ES256', privateKey, header);
    expect(await decider({ keys }, await hmac({}))).toMatchObject({ check: 'algorithm', option: 'K' });
    expect(await decider({ keys }, await token({ iss: 'x' }))).toMatchObject({ check: 'issuer', option: 'I' });
    expect(await decider({ keys }, await token({ iss: 'us' }))).toMatchObject({ check: 'audience', option: 'U' });
    expect(await decider({ keys }, await token({ iss: 'us' }, { kid: 'l' }))).toMatchObject({
      check: 'key',
      option: 'K',
    });
  });

  test('of a key set, and which algorithms it answers for', async () => {
    const bad = await decider({ jwks }, await hmac({ iss: 'provider' }));
    expect(bad).toMatchObject({ check: 'algorithm', option: 'J' });
    for (const algorithm of ['RS256', 'ES256', 'EdDSA', 'Ed25519']) expect(bad.text).toContain(algorithm);
    const token = await sign({ iss: 'provider' }, 'ES256', privateKey, { kid: 'k' });
    expect(await decider({ jwks }, token)).toMatchObject({ check: 'keys', option: 'J' });
    const narrow = { ...jwks, algorithms: ['RS256'] } as const;
    expect(await decider({ jwks: narrow }, token)).toMatchObject({ check: 'algorithm', option: 'J' });
    const foreign = await sign({ iss: 'x' }, 'ES256', privateKey);
    expect(await decider({ jwks }, foreign)).toMatchObject({ check: 'issuer', option: 'I' });
  });

  test('by its name in the library', async () => {
    const options: JwtOptions = { secret, keys: [{ algorithm: 'ES256', key }], jwks };
    const token = await sign({ iss: 'provider' }, 'EdDSA', generateKeyPairSync('ed25519').privateKey);
    expect((await decider({ ...options, jwks: { ...jwks, algorithms: ['RS256'] } }, token, false)).option).toBe(
      'algorithm of jwt(), keys of jwt(), jwks of jwt()',
    );
    expect((await decider({ secret }, await hmac({}, other), false)).option).toBe('secret of jwt()');
    expect((await decider({ secret, issuer: 'us' }, await hmac({}), false)).option).toBe('issuer of jwt()');
    expect((await decider({ secret, audience: 'us' }, await hmac({}), false)).option).toBe('audience of jwt()');
  });
});
