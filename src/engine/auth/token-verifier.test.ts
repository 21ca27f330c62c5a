/** What a token's faults are called in the log, and which setting would have let it in. */

import { createHmac } from 'node:crypto';
import { CompactSign, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { TokenFault } from './token-fault.js';
import { type KeyOrigin, staticKey, type TokenIssuer, type TokenKeys } from './token-keys.js';
import { KeysUnavailable, TokenVerifier } from './token-verifier.js';

const nowSec = 1_700_000_000;
const bytesOf = (name: string) => Buffer.from(name.repeat(32));

function sign(claims: object, key = 'a', header: object = {}): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(bytesOf(key));
}

const originOf = (name: string, more: Partial<KeyOrigin> = {}): KeyOrigin => ({
  option: `${name}.key`,
  algorithms: ['HS256'],
  algorithmOption: `${name}.alg`,
  issuerOption: `${name}.iss`,
  audienceOption: `${name}.aud`,
  ...more,
});

const issuerOf = (key: string, more: Partial<TokenIssuer> = {}): TokenIssuer => ({
  keys: staticKey(bytesOf(key), 'HS256'),
  origin: originOf(key),
  ...more,
});

const withoutOrigin = ({ origin: _, ...issuer }: TokenIssuer): TokenIssuer => issuer;

const keysThat = (find: TokenKeys['find'], rotates = false): TokenKeys => ({ find, rotates });

const verify = (issuers: readonly TokenIssuer[], token: string, nowMs = nowSec * 1_000) =>
  new TokenVerifier(issuers, { wallMs: () => nowMs }).verify(token);

/** The fault as the log has it. */
async function faultOf(issuers: readonly TokenIssuer[], token: string, nowMs?: number) {
  const fault = await verify(issuers, token, nowMs);
  if (!(fault instanceof TokenFault)) throw new Error('accepted');
  const { check, fields } = fault.line();
  return { check, verdict: fault.verdict, ...fields, why: fault.explain() };
}

/** A reason that has all these names and numbers in it, and none of the others. */
const reason = (has: readonly string[], hasNot: readonly string[] = []) => {
  const all = [...has.map((word) => `(?=.*${word})`), ...hasNot.map((word) => `(?!.*${word})`)];
  return expect.stringMatching(new RegExp(`^${all.join('')}`));
};

test('verified claims are the result', async () => {
  expect(await verify([issuerOf('a')], await sign({ sub: 'u' }))).toEqual({ sub: 'u' });
});

describe('the algorithm', () => {
  const both = [issuerOf('a'), issuerOf('b', { origin: originOf('b', { algorithms: ['RS256', 'ES256'] }) })];

  test('that no key has: the options that say so, each with what it says', async () => {
    expect(await faultOf(both, await sign({}, 'a', { alg: 'HS512' }).catch(() => unsigned({ alg: 'HS512' })))).toEqual({
      check: 'token algorithm',
      verdict: 'invalid',
      claim: 'alg',
      option: 'a.alg, b.alg',
      why: reason(['HS512', 'a.alg is HS256; b.alg is RS256, ES256']),
    });
  });

  test('of several keys of one option is named once', async () => {
    const fault = await faultOf([issuerOf('a'), issuerOf('a')], unsigned({ alg: 'none' }));
    expect(fault).toMatchObject({ option: 'a.alg', why: reason(['none', 'a.alg'], ['a.alg.*a.alg']) });
    const some = await faultOf([withoutOrigin(issuerOf('b')), issuerOf('a')], unsigned({ alg: 'none' }));
    expect(some).toEqual(fault);
  });

  test('that is missing', async () => {
    expect(await faultOf(both, unsigned({}))).toMatchObject({ check: 'token algorithm', why: reason(['missing']) });
    expect(await faultOf([{ keys: keysThat(async () => [bytesOf('a')]) }], unsigned({}))).toMatchObject({
      check: 'token form',
    });
  });

  test('is not looked at first where no origin is known, since the keys say no', async () => {
    const fault = await faultOf([withoutOrigin(issuerOf('a'))], unsigned({ alg: 'HS512' }));
    expect(fault).toMatchObject({ check: 'token key', option: 'keys' });
  });
});

function unsigned(header: object, claims: object = {}): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode(header)}.${encode(claims)}.AAAA`;
}

describe('the issuer', () => {
  test('that nobody has: which are known, by which options', async () => {
    const issuers = [issuerOf('a', { issuer: 'us' }), issuerOf('b', { issuer: 'them' })];
    expect(await faultOf(issuers, await sign({ iss: 'else' }))).toEqual({
      check: 'token issuer',
      verdict: 'invalid',
      claim: 'iss',
      option: 'a.iss, b.iss',
      why: reason(['else', 'a.iss, b.iss', '"us", "them"']),
    });
    expect(await faultOf(issuers, await sign({}))).toMatchObject({ check: 'token issuer', why: reason(['missing']) });
  });

  test('of several keys is named once, without its origin too', async () => {
    const issuers = [issuerOf('a', { issuer: 'us' }), issuerOf('b', { issuer: 'us' })].map(withoutOrigin);
    expect(await faultOf(issuers, await sign({ iss: 'else' }))).toMatchObject({
      option: 'issuer',
      why: reason(['"us"'], ['"us".*"us"']),
    });
  });

  test('is not looked at where none is asked for', async () => {
    const issuers = [issuerOf('b', { issuer: 'us' }), issuerOf('a')];
    expect(await verify(issuers, await sign({ iss: 'else' }))).toEqual({ iss: 'else' });
    expect(await faultOf(issuers, await sign({ iss: 'else' }, 'b'))).toMatchObject({ check: 'token signature' });
  });
});

describe('the audience', () => {
  const issuers = [issuerOf('a', { audience: 'app' })];

  test.each([
    ['another', 'web', ['"web"']],
    ['others', ['web', 'shop'], [String.raw`\["web", "shop"\]`]],
    ['more others than are cited', ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'], ['a5']],
    ['a part of it', 'ap', ['"ap"']],
    ['none', undefined, ['missing']],
    ['an object', { app: 'app' }, ['an object']],
  ])('%s', async (_, aud, cited) => {
    expect(await faultOf(issuers, await sign({ aud }))).toEqual({
      check: 'token audience',
      verdict: 'invalid',
      claim: 'aud',
      option: 'a.aud',
      why: reason([...cited, 'a.aud', '"app"'], ['a6']),
    });
  });

  test('without an origin', async () => {
    const fault = await faultOf(issuers.map(withoutOrigin), await sign({ aud: 'web' }));
    expect(fault).toMatchObject({ option: 'audience', why: reason(['audience']) });
  });

  test('is not looked at where none is asked for', async () => {
    expect(await verify([issuerOf('a')], await sign({ aud: 'web' }))).toEqual({ aud: 'web' });
  });

  test('alone or among others', async () => {
    expect(await verify(issuers, await sign({ aud: 'app' }))).toEqual({ aud: 'app' });
    expect(await verify(issuers, await sign({ aud: ['web', 'app'] }))).toEqual({ aud: ['web', 'app'] });
  });
});

describe('dates', () => {
  test.each(['iat', 'nbf', 'exp'])('%s that is no number is a fault of the claim', async (claim) => {
    for (const value of ['1', null, [1]]) {
      expect(await faultOf([issuerOf('a')], await sign({ [claim]: value }))).toMatchObject({
        check: 'token claim',
        verdict: 'invalid',
        claim,
        why: reason([claim]),
      });
    }
    expect(await faultOf([issuerOf('a')], await sign({ [claim]: 'soon' }))).toMatchObject({ why: reason(['"soon"']) });
    expect(await verify([issuerOf('a')], await sign({ iat: 1, nbf: 1, exp: nowSec + 1 }))).toMatchObject({ nbf: 1 });
  });

  test.each([
    [nowSec, 0],
    [nowSec - 1, 1],
    [nowSec - 0.5, 0],
    [nowSec - 61, 61],
  ])('a token that ended at %d: %d s ago', async (exp, agoSec) => {
    expect(await faultOf([issuerOf('a')], await sign({ exp }))).toEqual({
      check: 'token expiry',
      verdict: 'expired',
      claim: 'exp',
      why: reason([`exp was ${agoSec} s`]),
    });
  });

  test.each([
    [nowSec + 11, 0, 11],
    [nowSec + 60, 0, 60],
    [nowSec + 60, 500, 60],
  ])(
    'a token that begins at %d, %d ms into the second: %d s ahead, and by how much clocks may differ',
    async (nbf, ms, aheadSec) => {
      expect(await faultOf([issuerOf('a')], await sign({ nbf }), nowSec * 1_000 + ms)).toEqual({
        check: 'token start',
        verdict: 'early',
        claim: 'nbf',
        why: reason(['nbf', ` ${aheadSec} s`, '10 s'], ['milliseconds']),
      });
    },
  );

  test('a token that begins within the difference of clocks is good', async () => {
    for (const ms of [0, 999]) {
      const token = await sign({ nbf: nowSec + 10 });
      expect(await verify([issuerOf('a')], token, nowSec * 1_000 + ms)).toMatchObject({ nbf: nowSec + 10 });
    }
  });

  test('a start in milliseconds is told from one that is a little ahead', async () => {
    const token = await sign({ nbf: nowSec * 1_000 });
    expect(await faultOf([issuerOf('a')], token)).toMatchObject({
      verdict: 'early',
      why: reason(['milliseconds'], ['10 s']),
    });
  });

  test('what is odd about a token that is accepted is noted, and otherwise nothing', () => {
    const verifier = new TokenVerifier([issuerOf('a')], { wallMs: () => nowSec * 1_000 });
    expect(verifier.notesOn({ exp: nowSec + 1 })).toEqual({});
    expect(verifier.notesOn({ exp: nowSec * 1_000 })).toMatchObject({ notes: [{ check: 'token date', key: 'exp' }] });
  });
});

describe('the key', () => {
  const none = keysThat(async () => []);
  const rotating = keysThat(async () => [], true);

  test('is of none of the options', async () => {
    const issuers = [issuerOf('a', { keys: none }), issuerOf('b', { keys: rotating }), issuerOf('a', { keys: none })];
    expect(await faultOf(issuers, await sign({}))).toEqual({
      check: 'token key',
      verdict: 'invalid',
      option: 'a.key, b.key',
      why: reason(['HS256', 'a.key, b.key']),
    });
  });

  test.each([
    ['the provider never changes: the token is wrong', 'k1', [none], 'invalid'],
    ['one of the providers may change: its client gets another', 'k1', [none, rotating], 'outlived'],
    ['its kid is no text: no provider has such a key', 7, [rotating], 'invalid'],
  ])('of the kid is unknown, and %s', async (_, kid, keys, verdict) => {
    const issuers = keys.map((one) => issuerOf('a', { keys: one }));
    expect(await faultOf(issuers, await sign({}, 'a', { kid }))).toEqual({
      check: 'token key',
      verdict,
      claim: 'kid',
      option: 'a.key',
      why: reason(['HS256', JSON.stringify(kid), 'a.key']),
    });
  });

  test('does not fit the algorithm', async () => {
    const { publicKey } = await generateKeyPair('ES256');
    const keys = keysThat(async () => [publicKey]);
    const fault = await faultOf([issuerOf('a', { keys })], await sign({}));
    expect(fault).toMatchObject({ check: 'token key', reason: expect.any(String), why: reason(['.']) });
  });

  test('could not be fetched: where from, and why', async () => {
    const cause = new Error('ECONNREFUSED');
    const silent = issuerOf('a', {
      keys: keysThat(async () => {
        throw new KeysUnavailable('out of reach', { cause });
      }),
    });
    const expected = { check: 'token keys', verdict: 'unavailable', option: 'a.key', reason: 'ECONNREFUSED' };
    expect(await faultOf([silent], await sign({}))).toEqual({ ...expected, why: reason(['out of reach', 'a.key']) });
    const causeless = keysThat(async () => {
      throw new KeysUnavailable('silence');
    });
    expect(await faultOf([{ keys: causeless }], await sign({}))).toMatchObject({ option: 'keys', reason: 'silence' });
  });

  test('whose finding fails otherwise is broken code, and rises', async () => {
    const keys = keysThat(async () => {
      throw new TypeError('a bug');
    });
    await expect(verify([{ keys }], await sign({}))).rejects.toThrow(TypeError);
  });
});

describe('the signature', () => {
  test('is of none of the keys: how many, of which options and algorithms', async () => {
    const issuers = [
      issuerOf('a'),
      issuerOf('a'),
      issuerOf('b', { origin: originOf('b', { algorithms: ['HS256', 'HS384'] }) }),
    ];
    expect(await faultOf(issuers, await sign({}, 'c'))).toEqual({
      check: 'token signature',
      verdict: 'invalid',
      option: 'a.key, b.key',
      why: reason(['3', String.raw`\(HS256, a.key; HS256/HS384, b.key\)`]),
    });
    const fault = await faultOf([withoutOrigin(issuerOf('a'))], await sign({}, 'c'));
    expect(fault).toMatchObject({ option: 'keys', why: reason(['1'], [String.raw`\(`]) });
  });

  test('has the first hint of those whose keys were tried', async () => {
    const hinting = (key: string, hint: string | undefined) =>
      issuerOf(key, { origin: originOf(key, { hint: (token) => hint && `${hint} ${token.length}` }) });
    const token = await sign({}, 'c');
    const { why } = await faultOf(
      [issuerOf('d'), hinting('a', undefined), hinting('b', 'slip'), hinting('e', 'late')],
      token,
    );
    expect(why).toEqual(reason([`slip ${token.length}`], ['late']));
    expect((await faultOf([hinting('a', undefined)], token)).why).not.toContain('undefined');
  });

  test('by a shared secret is over header and payload, and over no extension', async () => {
    const seen: string[][] = [];
    const secret = { hasSigned: (...parts: [string, string]) => seen.push([...parts]) > 0 };
    const issuers = [{ keys: keysThat(async () => [secret]) }];
    const token = await sign({ sub: 'u' });
    const end = token.lastIndexOf('.');
    expect(await verify(issuers, token)).toEqual({ sub: 'u' });
    expect(seen).toEqual([[token.slice(0, end), token.slice(end + 1)]]);
    expect(await faultOf(issuers, unsigned({ alg: 'HS256', crit: ['b64'] }))).toMatchObject({
      check: 'token form',
      why: reason(['crit']),
    });
    expect(seen).toHaveLength(1);
  });

  test('with an extension is not looked at under other keys either', async () => {
    const name = 'x'.repeat(300);
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', crit: [name], [name]: 1 })).toString('base64url');
    const signed = `${header}.${Buffer.from('{}').toString('base64url')}`;
    const token = `${signed}.${createHmac('sha256', bytesOf('a')).update(signed).digest('base64url')}`;
    const { check, why } = await faultOf([issuerOf('a')], token);
    expect(check).toBe('token form');
    // It cites the name, and no more than a line of the log may have.
    expect(why).toContain('xxx');
    expect(why).toHaveLength(200);
  });
});
