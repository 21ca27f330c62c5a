/** Tokens, good and forged, against the authenticator. */

import nodeCrypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { CompactSign, generateKeyPair } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { attempt, outcomeOf } from '../../test/support/engine/connect-attempt.js';
import { type JwtOptions, jwt } from './jwt.js';

const secret = 'a secret of at least thirty-two bytes';
const otherSecret = 'another secret of thirty-two bytes or more';
const bytes = (text: string) => new TextEncoder().encode(text);
const nowSec = () => Math.floor(Date.now() / 1_000);

interface Signing {
  readonly alg?: string;
  readonly key?: Parameters<CompactSign['sign']>[0];
  readonly header?: Record<string, unknown>;
}

/** A token of any claims, also of those that a careful library would not sign. */
function sign(
  claims: object | string,
  { alg = 'HS256', key = bytes(secret), header = {} }: Signing = {},
): Promise<string> {
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims);
  return new CompactSign(bytes(payload)).setProtectedHeader({ alg, ...header }).sign(key);
}

async function connect(token: string | undefined, options: Partial<JwtOptions> = {}) {
  return outcomeOf(await jwt({ secret, ...options }).connect(attempt(token)));
}

afterEach(() => vi.restoreAllMocks());

describe('a connection token', () => {
  test('that is signed with the secret lets its user in, until it expires', async () => {
    const exp = nowSec() + 60;
    const outcome = await jwt({ secret }).connect(attempt(await sign({ sub: '42', exp })));
    expect(outcome).toEqual({ ok: true, identity: { user: '42', expiresAtMs: exp * 1_000 } });
  });

  test('without an expiry does not expire', async () => {
    const outcome = await jwt({ secret }).connect(attempt(await sign({ sub: '42' })));
    expect(outcome).toEqual({ ok: true, identity: { user: '42' } });
  });

  test.each(['HS256', 'HS384', 'HS512'] as const)('%s is accepted where it is the algorithm', async (algorithm) => {
    // HS512 asks for a key as long as its hash.
    const long = secret.repeat(2);
    expect(
      await connect(await sign({ sub: 'u' }, { alg: algorithm, key: bytes(long) }), { secret: long, algorithm }),
    ).toBe('u');
  });

  test('refreshes as it connects', async () => {
    const auth = jwt({ secret });
    expect(await auth.refresh?.(await sign({ sub: '42' }))).toEqual({ ok: true, identity: { user: '42' } });
    expect(outcomeOf((await auth.refresh?.(await sign({ exp: 1 }))) ?? { ok: true, identity: {} })).toBe(109);
    expect(outcomeOf((await auth.refresh?.('junk')) ?? { ok: true, identity: {} })).toBe(3500);
  });
});

describe('forged tokens are refused with 3500', () => {
  test.each(['none', 'None', 'NONE', 'nOnE', ''])('B60: alg "%s"', async (alg) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg })}.${part({ sub: 'admin' })}.`;
    expect(await connect(unsigned)).toBe(3500);
    expect(await connect(unsigned.slice(0, -1))).toBe(3500);
  });

  test('B61: RS256, and HS256 with a public key as its secret', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    expect(await connect(await sign({ sub: 'admin' }, { alg: 'RS256', key: privateKey }))).toBe(3500);
    const exported = await crypto.subtle.exportKey('spki', publicKey);
    expect(await connect(await sign({ sub: 'admin' }, { key: new Uint8Array(exported) }))).toBe(3500);
  });

  test.each([
    ['HS384', 'HS256'],
    ['HS512', 'HS256'],
    ['HS256', 'HS512'],
  ] as const)('B61: %s where %s is pinned, though the secret is right', async (alg, algorithm) => {
    const long = secret.repeat(2);
    expect(await connect(await sign({ sub: 'u' }, { alg, key: bytes(long) }), { secret: long, algorithm })).toBe(3500);
  });

  test('signed with another secret', async () => {
    expect(await connect(await sign({ sub: 'u' }, { key: bytes(otherSecret) }))).toBe(3500);
  });

  test('with a signature that is cut short, or longer', async () => {
    const token = await sign({ sub: 'u' });
    for (const given of [token.slice(0, -4), `${token}AAAA`, `${token.slice(0, token.lastIndexOf('.'))}.`]) {
      expect(await connect(given)).toBe(3500);
    }
  });

  test('with claims or header exchanged under the signature', async () => {
    const [header, , signature] = (await sign({ sub: 'u' })).split('.');
    const claims = Buffer.from(JSON.stringify({ sub: 'admin' })).toString('base64url');
    expect(await connect(`${header}.${claims}.${signature}`)).toBe(3500);
    const [, payload] = (await sign({ sub: 'u' })).split('.');
    const padded = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');
    expect(await connect(`${padded}.${payload}.${signature}`)).toBe(3500);
  });

  test.each(['', '.', '..', '...', 'a.b.c', 'junk', 'ey.ey.ey', 'é.é.é', '\u0000', '{}'])(
    'that are no tokens: "%s"',
    async (token) => expect(await connect(token)).toBe(3500),
  );

  test('B62: hostile kid values change nothing', async () => {
    for (const kid of ['../../../../dev/null', "' OR 1=1 --", 'x'.repeat(2_000)]) {
      expect(await connect(await sign({ sub: 'u' }, { key: bytes(otherSecret), header: { kid } }))).toBe(3500);
      expect(await connect(await sign({ sub: 'u' }, { header: { kid } }))).toBe('u');
    }
  });

  test('B64 B65: keys and addresses in the header, and a foreign issuer, cause no request', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    const header = {
      jku: 'http://127.0.0.1:1/keys',
      x5u: 'http://127.0.0.1:1/cert',
      jwk: { kty: 'oct', k: Buffer.from(otherSecret).toString('base64url') },
    };
    const token = await sign({ sub: 'admin', iss: 'http://127.0.0.1:1' }, { key: bytes(otherSecret), header });
    expect(await connect(token)).toBe(3500);
    expect(fetched).not.toHaveBeenCalled();
  });

  test('B67: an encrypted token is not even opened', async () => {
    expect(await connect('eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIiwiemlwIjoiREVGIn0..AAAA.AAAA.AAAA')).toBe(3500);
  });

  test('that ask for an extension, which would have to be understood, although the signature is right', async () => {
    const header = Buffer.from('{"alg":"HS256","crit":["b64"],"b64":true}').toString('base64url');
    const signed = `${header}.${Buffer.from('{"sub":"u"}').toString('base64url')}`;
    const token = `${signed}.${nodeCrypto.createHmac('sha256', secret).update(signed).digest('base64url')}`;
    expect(await connect(token)).toBe(3500);
  });

  test('B73: of 16 KB, before any cryptography', async () => {
    const verified = vi.spyOn(nodeCrypto, 'createHmac');
    syncBuiltinESMExports();
    const large = await sign({ sub: 'u', info: 'x'.repeat(12_000) });
    expect(large.length).toBeGreaterThan(16_000);
    expect(await connect(large)).toBe(3500);
    expect(verified).not.toHaveBeenCalled();
    expect(await connect(await sign({ sub: 'u', info: 'x'.repeat(5_000) }))).toBe('u');
    expect(verified).toHaveBeenCalledOnce();
    verified.mockRestore();
    syncBuiltinESMExports();
  });
});

describe('time', () => {
  test('B68: an expired token gets 109, so that the client brings a new one', async () => {
    expect(await connect(await sign({ sub: 'u', exp: nowSec() - 60 }))).toBe(109);
  });

  test('F13: clocks may differ by a few seconds where a token begins, and not where it ends', async () => {
    expect(await connect(await sign({ sub: 'u', exp: nowSec() - 5 }))).toBe(109);
    expect(await connect(await sign({ sub: 'u', exp: nowSec() + 5 }))).toBe('u');
    expect(await connect(await sign({ sub: 'u', nbf: nowSec() + 5 }))).toBe('u');
  });

  test('B68: a token that is not valid yet gets 109: its client comes again with another', async () => {
    expect(await connect(await sign({ sub: 'u', nbf: nowSec() + 3_600 }))).toBe(109);
  });

  test.each([
    ['1e18', '1e18'],
    ['beyond all dates', '8640000000001'],
    ['negative', '-1e18'],
    ['text', '"now"'],
    ['text of a number', '"9999999999"'],
    ['NaN, as JSON has it', 'null'],
    ['infinite', '1e999'],
    ['a list', '[9999999999]'],
    ['an object', '{}'],
    ['true', 'true'],
  ])('B69: an expiry that is %s is not accepted', async (_, exp) => {
    const code = await connect(await sign(`{"sub":"u","exp":${exp}}`));
    // Far in the past is expired, whatever else it is.
    expect(code).toBe(exp === '-1e18' ? 109 : 3500);
  });

  test.each(['1e18', '"now"', 'null', '-1', '1e999'])('B69: nor is a connection end of %s', async (expireAt) => {
    expect(await connect(await sign(`{"sub":"u","expire_at":${expireAt}}`))).toBe(3500);
  });
});

describe('issuer and audience', () => {
  const options = { issuer: 'https://auth.example', audience: 'fanfare' };

  test.each([
    ['both are right', { iss: 'https://auth.example', aud: 'fanfare' }, 'u'],
    ['the audience is among others', { iss: 'https://auth.example', aud: ['shop', 'fanfare'] }, 'u'],
    ['the issuer is another', { iss: 'https://auth.example.evil', aud: 'fanfare' }, 3500],
    ['the audience is another', { iss: 'https://auth.example', aud: 'shop' }, 3500],
    ['there is no issuer', { aud: 'fanfare' }, 3500],
    ['there is no audience', { iss: 'https://auth.example' }, 3500],
    ['the issuer is a list', { iss: ['https://auth.example'], aud: 'fanfare' }, 3500],
  ])('B68: %s', async (_, claims, expected) => {
    expect(await connect(await sign({ sub: 'u', ...claims }), options)).toBe(expected);
  });

  test('are not looked at where nothing was asked for', async () => {
    expect(await connect(await sign({ sub: 'u', iss: 'anybody', aud: 'anything' }))).toBe('u');
  });
});

describe('secrets', () => {
  test('for rotation, each of several is accepted, and no other', async () => {
    const options = { secret: [otherSecret, secret] };
    expect(await connect(await sign({ sub: 'old' }), options)).toBe('old');
    expect(await connect(await sign({ sub: 'new' }, { key: bytes(otherSecret) }), options)).toBe('new');
    expect(await connect(await sign({ sub: 'u' }, { key: bytes('x'.repeat(32)) }), options)).toBe(3500);
  });

  test('an expired token of the older secret is expired and not forged', async () => {
    expect(await connect(await sign({ exp: 1 }), { secret: [otherSecret, secret] })).toBe(109);
  });

  test.each([
    ['empty', ''],
    ['one byte short', 'x'.repeat(31)],
    ['no secrets', []],
    ['one of two is short', [secret, 'short']],
  ])('B108: %s: refused with ERR_CONFIG', (_, short) => {
    expect(() => jwt({ secret: short })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });

  test('an algorithm that no secret signs: refused with ERR_CONFIG', () => {
    // @ts-expect-error: the compiler would not let it through
    const wrong = () => jwt({ secret, algorithm: 'RS256' });
    const message = expect.stringMatching(/HS256, HS384, HS512.*RS256/);
    expect(wrong).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }));
  });

  test('the length is in bytes, and the refusal does not tell the secret', () => {
    expect(() => jwt({ secret: 'é'.repeat(16) })).not.toThrow();
    expect(() => jwt({ secret: 'hunter2' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });
});

test('a client without a token is refused with 3500', async () => expect(await connect(undefined)).toBe(3500));

describe('a subscription token', () => {
  const client = { user: '42', client: 'client-1' };

  async function subscribe(claims: object | string, signing: Signing = {}, channel = 'private:1') {
    const outcome = await jwt({ secret }).subscribe?.(await sign(claims, signing), channel, client);
    if (outcome === undefined) throw new Error('no subscription tokens');
    return outcome;
  }

  test('for this channel and user is accepted', async () => {
    const exp = nowSec() + 60;
    expect(await subscribe({ sub: '42', channel: 'private:1', exp, info: { name: 'Ann' } })).toEqual({
      ok: true,
      identity: { expiresAtMs: exp * 1_000, info: '{"name":"Ann"}' },
    });
  });

  test.each([
    ['another channel', { sub: '42', channel: 'private:2' }],
    ['a channel with the same beginning', { sub: '42', channel: 'private:10' }],
    ['a wildcard', { sub: '42', channel: 'private:*' }],
    ['nobody', { channel: 'private:1' }],
    ['no channel at all', { sub: '42' }],
    ['a list of channels', { sub: '42', channel: ['private:1'] }],
  ])('B70: for %s: 103', async (_, claims) => expect(outcomeOf(await subscribe(claims))).toBe(103));

  test.each([
    ['another user', { sub: '43', channel: 'private:1' }],
    ['another connection', { client: 'client-2', channel: 'private:1' }],
    ['another connection of this user', { sub: '42', client: 'client-2', channel: 'private:1' }],
  ])('B70: for %s, as kept from before: 109, so that the client gets another one', async (_, claims) => {
    expect(outcomeOf(await subscribe(claims))).toBe(109);
  });

  test('for this very connection is accepted', async () => {
    expect(await subscribe({ client: 'client-1', channel: 'private:1' })).toEqual({ ok: true, identity: {} });
  });

  test('that has expired gets 109, a forged one 103', async () => {
    expect(outcomeOf(await subscribe({ sub: '42', channel: 'private:1', exp: 1 }))).toBe(109);
    expect(outcomeOf(await subscribe({ sub: '42', channel: 'private:1' }, { key: bytes(otherSecret) }))).toBe(103);
    expect(outcomeOf(await subscribe({ sub: '42', channel: 'private:1', exp: 1e18 }))).toBe(103);
  });

  test('is no connection token: what was given for one channel opens no session', async () => {
    expect(await connect(await sign({ sub: '42', channel: 'private:1' }))).toBe(3500);
  });
});
