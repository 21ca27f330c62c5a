/** Who is asked for keys, in which order, and what becomes of their answers. */

import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { attempt, outcomeOf } from '../../../test/support/engine/connect-attempt.js';
import type { Decision } from '../ports/decision.js';
import { tokenAuthenticator } from './token-authenticator.js';
import { staticKey, type TokenHeader, type TokenIssuer } from './token-keys.js';
import { KeysUnavailable } from './token-verifier.js';

const nowSec = 1_700_000_000;
const clock = { wallMs: () => nowSec * 1_000 };
const keyOf = (name: string) => Buffer.from(name.repeat(32));

function sign(claims: object, key: string, header: object = {}): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(keyOf(key));
}

const issuerOf = (key: string, more: Partial<TokenIssuer> = {}): TokenIssuer => ({
  keys: staticKey(keyOf(key), 'HS256'),
  ...more,
});

const silent: TokenIssuer = {
  keys: {
    async find() {
      throw new KeysUnavailable('down');
    },
  },
};

function codeOf(outcome: Decision<{ readonly identity: object }> | undefined): string | number {
  return outcome === undefined ? 'not supported' : outcomeOf(outcome);
}

async function connect(issuers: readonly TokenIssuer[], token: string | undefined) {
  return codeOf(await tokenAuthenticator(issuers, clock).connect(attempt(token)));
}

describe('several issuers', () => {
  test('each is tried until one has signed it', async () => {
    const issuers = [issuerOf('a'), issuerOf('b')];
    expect(await connect(issuers, await sign({ sub: 'a' }, 'a'))).toBe('a');
    expect(await connect(issuers, await sign({ sub: 'b' }, 'b'))).toBe('b');
    expect(await connect(issuers, await sign({ sub: 'c' }, 'c'))).toBe(3500);
    expect(await connect([], await sign({ sub: 'a' }, 'a'))).toBe(3500);
  });

  test('those that the token does not name are not asked', async () => {
    const asked: string[] = [];
    const asking = (issuer: string): TokenIssuer => ({
      issuer,
      keys: {
        async find() {
          asked.push(issuer);
          return [];
        },
      },
    });
    const token = await sign({ sub: 'u', iss: 'b' }, 'a');
    expect(await connect([asking('a'), asking('b'), asking('B')], token)).toBe(3500);
    expect(asked).toEqual(['b']);
  });

  // Once, the first one that could not be asked made every token of another one fail.
  test('one that cannot be asked does not stop another that has the key', async () => {
    expect(await connect([silent, issuerOf('a')], await sign({ sub: 'a' }, 'a'))).toBe('a');
    expect(await connect([issuerOf('a'), silent], await sign({ sub: 'a' }, 'a'))).toBe('a');
  });

  test('one that cannot be asked could have had the key: 100, not 3500', async () => {
    expect(await connect([silent, issuerOf('a')], await sign({ sub: 'b' }, 'b'))).toBe(100);
  });

  test('what is wrong under the right key is wrong: no other is tried', async () => {
    const lenient = issuerOf('a');
    const strict = issuerOf('a', { audience: 'app' });
    expect(await connect([strict, lenient], await sign({ sub: 'u' }, 'a'))).toBe(3500);
    expect(await connect([issuerOf('a'), silent], await sign({ exp: 1 }, 'a'))).toBe(109);
  });

  test('of one origin, each key is tried', async () => {
    const keys = { find: async () => [keyOf('x'), keyOf('y'), keyOf('a')] };
    expect(await connect([{ keys }], await sign({ sub: 'u' }, 'a'))).toBe('u');
  });

  test('the header reaches those who choose keys by it', async () => {
    const seen: TokenHeader[] = [];
    const keys = {
      async find(header: TokenHeader) {
        seen.push(header);
        return [];
      },
    };
    await connect([{ keys }], await sign({}, 'a', { kid: 'k1' }));
    expect(seen).toEqual([{ alg: 'HS256', kid: 'k1' }]);
  });
});

/** Three bytes of a part are four characters; the header makes up for what is missing then. */
async function tokenOf(length: number): Promise<string> {
  for (const cty of ['', 'x', 'xx', 'xxx']) {
    const empty = await sign({ sub: 'u', info: '' }, 'a', { cty });
    const pad = Math.floor((length - empty.length) * 0.75);
    for (const more of [-2, -1, 0, 1, 2]) {
      const token = await sign({ sub: 'u', info: 'x'.repeat(pad + more) }, 'a', { cty });
      if (token.length === length) return token;
    }
  }
  throw new Error(`no token of ${length} characters`);
}

describe('limits', () => {
  test.each([
    [8_192, 'u'],
    [8_193, 3500],
  ])('a token of %i characters: %s', async (length, expected) => {
    expect(await connect([issuerOf('a')], await tokenOf(length))).toBe(expected);
  });

  test.each([
    ['begins in 10 s', { nbf: nowSec + 10 }, 'u'],
    ['begins in 11 s', { nbf: nowSec + 11 }, 109],
    ['ends now', { exp: nowSec }, 109],
    ['ended 11 s ago', { exp: nowSec - 11 }, 109],
    ['ends in a moment', { exp: nowSec + 0.001 }, 'u'],
  ])('F13: a token that %s', async (_, claims, expected) => {
    expect(await connect([issuerOf('a')], await sign({ sub: 'u', ...claims }, 'a'))).toBe(expected);
  });

  test('no token', async () => {
    expect(await connect([issuerOf('a')], undefined)).toBe(3500);
    expect(await connect([silent], undefined)).toBe(3500);
  });
});

describe('the log', () => {
  const lineOf = (outcome: Decision<object> | undefined) => {
    if (outcome === undefined || outcome.ok || outcome.why === undefined) throw new Error('no line');
    const { check, key, fields, message, level } = outcome.why;
    return { check, key, fields, level, text: typeof message === 'string' ? message : message() };
  };
  const auth = tokenAuthenticator([issuerOf('a')], clock);
  const subscribe = async (claims: object) =>
    lineOf(await auth.subscribe?.(await sign(claims, 'a'), 'room', { user: 'u', client: 'c' }));

  test('of a client without a token names the option that would let it in', async () => {
    const { check, fields, text } = lineOf(await auth.connect(attempt(undefined)));
    expect({ check, fields }).toEqual({ check: 'token', fields: { option: 'anonymous' } });
    expect(text).toContain('anonymous');
  });

  test.each([{}, { sub: '' }])('of a token of nobody, too: %o', async (claims) => {
    const token = await sign(claims, 'a');
    const { text, ...line } = lineOf(await auth.connect(attempt(token)));
    const fields = { claim: 'sub', option: 'anonymous' };
    expect(line).toEqual({ check: 'token claim', key: 'sub', fields, level: 'warn' });
    expect(text).toMatch(/sub .*anonymous/);
    expect(await auth.connect(attempt(token, { allowsNobody: true }))).toEqual({ ok: true, identity: { user: '' } });
  });

  test('of a bad token names check and claim, for connections and for subscriptions', async () => {
    const [early, broken] = [await sign({ nbf: nowSec + 60 }, 'a'), await sign({ sub: 1 }, 'a')];
    expect(lineOf(await auth.connect(attempt(early)))).toMatchObject({ check: 'token start', key: 'nbf' });
    expect(lineOf(await auth.connect(attempt(broken)))).toMatchObject({ check: 'token claim', key: 'sub' });
    expect(await subscribe({ nbf: nowSec + 60 })).toMatchObject({ check: 'token start', key: 'nbf' });
    expect(await subscribe({ channel: 'room', client: 1 })).toMatchObject({ check: 'token claim', key: 'client' });
    const forged = await sign({ sub: 'u', channel: 'room' }, 'b');
    expect(lineOf(await auth.subscribe?.(forged, 'room', { user: 'u', client: 'c' }))).toMatchObject({
      check: 'token signature',
    });
  });

  test('of a subscription token that is for something else names the claim, and whose it is', async () => {
    const [channel, client, user, nobody] = await Promise.all(
      [
        { sub: 'u', channel: 'hall' },
        { client: 'd', channel: 'room' },
        { sub: 'v', channel: 'room' },
        { channel: 'room' },
      ].map(subscribe),
    );
    expect([channel, client, user, nobody].map((line) => line?.key)).toEqual(['channel', 'client', 'sub', 'sub']);
    for (const line of [channel, client, user, nobody]) {
      expect(line).toMatchObject({ check: 'token claim', fields: { claim: line?.key }, level: 'warn' });
      expect(line?.text).toContain(`${line?.key} is `);
    }
    expect(channel?.text).toMatch(/"hall".*"room"/);
    expect(user?.text).not.toBe(nobody?.text);
  });

  test('notes odd dates of tokens that are accepted', async () => {
    const odd = { sub: 'u', channel: 'room', iat: nowSec + 60 };
    const notes = [expect.objectContaining({ check: 'token date', key: 'iat' })];
    const { channel, ...own } = odd;
    expect(await auth.connect(attempt(await sign(own, 'a')))).toMatchObject({ ok: true, notes });
    expect(await auth.refresh?.(await sign(own, 'a'))).toMatchObject({ ok: true, notes });
    const accepted = await auth.subscribe?.(await sign(odd, 'a'), channel, { user: 'u', client: 'c' });
    expect(accepted).toMatchObject({ ok: true, notes });
  });
});

describe('subscription tokens', () => {
  const subscribe = async (claims: object, issuers: readonly TokenIssuer[] = [issuerOf('a')]) => {
    const token = await sign(claims, 'a');
    return codeOf(await tokenAuthenticator(issuers, clock).subscribe?.(token, 'room', { user: 'u', client: 'c' }));
  };

  test.each([
    ['for the user', { sub: 'u', channel: 'room' }, 'accepted'],
    ['for the connection', { client: 'c', channel: 'room' }, 'accepted'],
    ['for the connection, whoever its user is', { sub: 'v', client: 'c', channel: 'room' }, 'accepted'],
    ['for another connection of the user', { sub: 'u', client: 'd', channel: 'room' }, 109],
    ['for another user', { sub: 'v', channel: 'room' }, 109],
    ['for nobody', { channel: 'room' }, 103],
    ['for another channel', { sub: 'u', channel: 'rooms' }, 103],
    ['that has expired', { sub: 'u', channel: 'room', exp: nowSec }, 109],
    ['that is a connection token', { sub: 'u' }, 103],
  ])('%s', async (_, claims, expected) => expect(await subscribe(claims)).toBe(expected));

  test('whose keys cannot be asked for', async () => {
    expect(await subscribe({ sub: 'u', channel: 'room' }, [silent])).toBe(100);
  });
});
