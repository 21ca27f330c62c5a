/** Why a token was refused: the log names the check, the claim and the option; its client is told a code. */

import { type FanfareOptions, fanfare, jwt } from 'fanfare';
import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { errorCode, RawClient } from '../support/clients/raw-client.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { served } from '../support/servers/served.js';

/** Its base64 is that of bytes that a backend might take for the key. */
const secret = Buffer.from('thirty-two bytes of a secret, k1').toString('base64');
const nowSec = () => Math.floor(Date.now() / 1_000);

async function start(options: Partial<FanfareOptions> = {}) {
  const log = new RecordedLog();
  const channels = { room: channel({ subscribe: 'token' }) };
  const { port } = await served(fanfare({ auth: jwt({ secret }), log, channels, ...options }));
  return { port, lines: log.lines, about: () => log.told.filter(({ check }) => check !== undefined) };
}

interface Signing {
  readonly key?: string | Uint8Array;
  readonly alg?: string;
  readonly header?: object;
}

function sign(claims: object, { key = secret, alg = 'HS256', header = {} }: Signing = {}): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg, ...header })
    .sign(typeof key === 'string' ? Buffer.from(key) : key);
}

const good = { sub: 'alice' };

describe('a token that is refused', () => {
  test.each<[string, () => Promise<string>, object, readonly string[]]>([
    [
      'signed with another key',
      () => sign(good, { key: 'another secret with its thirty-two bytes' }),
      { check: 'token signature', option: 'secret of jwt()' },
      ['none of 1 keys', 'HS256'],
    ],
    ['whose sub is a number', () => sign({ sub: 42 }), { check: 'token claim', claim: 'sub' }, ['number']],
    ['whose exp is a text', () => sign({ ...good, exp: 'soon' }), { check: 'token claim', claim: 'exp' }, ['soon']],
    [
      'signed with HS512 in place of HS256',
      () => sign(good, { alg: 'HS512', key: secret.repeat(2) }),
      { check: 'token algorithm', claim: 'alg', option: 'algorithm of jwt()' },
      ['HS512', 'HS256'],
    ],
    [
      'signed with the secret and the line break of its file',
      () => sign(good, { key: `${secret}\n` }),
      { check: 'token signature' },
      ['none of 1 keys', 'line break'],
    ],
    [
      'signed with what the secret is in base64 of',
      () => sign(good, { key: Buffer.from(secret, 'base64') }),
      { check: 'token signature' },
      ['none of 1 keys', 'base64'],
    ],
    [
      'for another issuer',
      () => sign({ ...good, iss: 'somebody', aud: 'app' }),
      { check: 'token issuer', claim: 'iss', option: 'issuer of jwt()' },
      ['somebody', 'us'],
    ],
    [
      'for another audience',
      () => sign({ ...good, iss: 'us', aud: ['web'] }),
      { check: 'token audience', claim: 'aud', option: 'audience of jwt()' },
      ['web', 'app'],
    ],
    ['of nobody', () => sign({ sub: '' }), { check: 'token claim', claim: 'sub', option: 'anonymous' }, ['sub']],
    ['without a sub', () => sign({}), { check: 'token claim', claim: 'sub', option: 'anonymous' }, ['sub']],
    ['for a channel', () => sign({ ...good, channel: 'room' }), { claim: 'channel' }, ['subscription']],
    ['whose caps are no list', () => sign({ ...good, caps: {} }), { claim: 'caps' }, ['caps']],
    ['whose b64info is no JSON', () => sign({ ...good, b64info: 'AAAA' }), { claim: 'b64info' }, ['b64info']],
    ['with padding', async () => `${await sign(good)}=`, { check: 'token form' }, ['padding', '7515']],
    ['with a line break behind it', async () => `${await sign(good)}\n`, { check: 'token form' }, ['line break']],
    ['with Bearer before it', async () => `Bearer ${await sign(good)}`, { check: 'token form' }, ['Bearer']],
    [
      'that is encrypted',
      async () => ['h', 'k', 'i', 'c', 't'].map((part) => part.repeat(30)).join('.'),
      { check: 'token form' },
      ['JWE'],
    ],
    ['that is a session id', async () => 'f3e7c0a1', { check: 'token form' }, ['no dots']],
    ['that is too long', async () => sign({ ...good, pad: 'x'.repeat(9_000) }), { check: 'token length' }, ['8192']],
  ])('%s', async (_, make, fields, words) => {
    const isMeant = 'option' in fields && /issuer|audience/.test(String(fields.option));
    const { port, about, lines } = await start(isMeant ? { auth: jwt({ secret, issuer: 'us', audience: 'app' }) } : {});
    const token = await make();
    expect(await RawClient.attempt(port, token)).toEqual({ code: 3500, text: 'invalid token' });
    expect(about()).toMatchObject([{ level: 'warn', code: 3500, peer: '127.0.0.1', ...fields }]);
    for (const word of words) expect(about()[0]?.message).toContain(word);
    expect(JSON.stringify(lines)).not.toContain(secret.slice(0, 16));
    expect(JSON.stringify(lines)).not.toContain(token.split('.').at(-1)?.slice(0, 20) || 'f3e7c0a1');
  });

  test('that is not valid yet: 109, so that its client tries again, and by how much', async () => {
    const { port, about } = await start();
    expect(await RawClient.attempt(port, await sign({ ...good, nbf: nowSec() + 15 }))).toMatchObject({ code: 109 });
    expect(about()).toMatchObject([{ level: 'warn', check: 'token start', claim: 'nbf', code: 109 }]);
    expect(about()[0]?.message).toMatch(/1[4-6] s ahead/);
  });

  test('that has expired is no warning: it happens every day', async () => {
    const { port, about } = await start();
    expect(await RawClient.attempt(port, await sign({ ...good, exp: nowSec() - 20 }))).toMatchObject({ code: 109 });
    expect(about()).toMatchObject([{ level: 'info', check: 'token expiry', claim: 'exp' }]);
  });

  test('a storm of them does not flood the log, and what was not said is counted', async () => {
    const { port, about, lines } = await start();
    const token = await sign(good, { key: 'another secret with its thirty-two bytes' });
    for (let i = 0; i < 40; i++) await RawClient.attempt(port, token);
    await RawClient.attempt(port, await sign({ sub: 42 }));
    expect(about()).toHaveLength(11);
    expect(lines.length).toBeLessThanOrEqual(11);
  });
});

test.each(['exp', 'expire_at', 'iat'])('%s in milliseconds is warned about, and the token accepted', async (claim) => {
  const { port, about } = await start();
  const token = await sign({ ...good, [claim]: Date.now() + 3_600_000 });
  expect(await RawClient.attempt(port, token)).toMatchObject({ code: undefined });
  expect(about()).toMatchObject([{ level: 'warn', check: 'token date', claim }]);
  expect(about()[0]?.message).toContain('milliseconds');
});

test('an iat ahead of the clock is warned about beyond what clocks differ by, and the token accepted', async () => {
  const { port, about } = await start();
  for (const aheadSec of [0, 8]) await RawClient.attempt(port, await sign({ ...good, iat: nowSec() + aheadSec }));
  expect(about()).toEqual([]);
  for (const aheadSec of [15, 3_600]) {
    expect(await RawClient.attempt(port, await sign({ ...good, iat: nowSec() + aheadSec }))).toMatchObject({
      code: undefined,
    });
    expect(about().pop()).toMatchObject({ level: 'warn', check: 'token date', claim: 'iat', peer: '127.0.0.1' });
  }
});

test.each<[string, object, string, number]>([
  ['another channel', { sub: 'alice', channel: 'hall' }, 'channel', 103],
  ['another user', { sub: 'bob', channel: 'room' }, 'sub', 109],
  ['nobody', { channel: 'room' }, 'sub', 103],
  ['another connection', { client: 'c-1', channel: 'room' }, 'client', 109],
  ['the connection', { sub: 'alice' }, 'channel', 103],
])('a subscription token for %s: a code to the client, and the claim in the log', async (_, claims, claim, code) => {
  const { port, about } = await start();
  const client = await RawClient.connect(port, { token: await sign(good) });
  const reply = await client.command('subscribe', { channel: 'room', token: await sign(claims) });
  expect(errorCode(reply)).toBe(code);
  expect(about()).toMatchObject([{ level: 'warn', check: 'token claim', claim, code, user: 'alice' }]);
  await client.close();
});

test('a key set that cannot be fetched is named, since the client only gets error 100', async () => {
  const jwks = { url: 'http://127.0.0.1:9/keys' };
  const { port, about } = await start({ auth: jwt({ jwks }) });
  const token = await sign(good, { alg: 'HS256' });
  const [, payload, signature] = token.split('.');
  const header = Buffer.from('{"alg":"RS256","kid":"k"}').toString('base64url');
  expect(await RawClient.attempt(port, `${header}.${payload}.${signature}`)).toMatchObject({ code: 100 });
  expect(about()).toMatchObject([{ level: 'warn', check: 'token keys', option: 'jwks of jwt()', code: 100 }]);
  expect(about()[0]?.message).toContain('key set');
});

test('where no keys are set, or nobody gets in at all, the option is named', async () => {
  const keyless = await start({ auth: undefined as never, anonymous: true });
  expect(await RawClient.attempt(keyless.port, await sign(good))).toMatchObject({ code: 3500 });
  expect(keyless.about()).toMatchObject([{ level: 'warn', option: 'token.secret' }]);
  const shut = await start({ auth: undefined as never });
  expect(await RawClient.attempt(shut.port, await sign(good))).toMatchObject({ code: 3507 });
  expect(shut.about()).toMatchObject([{ level: 'warn', check: 'auth' }]);
});

test('a client without a token is told about anonymous', async () => {
  const { port, about } = await start();
  const client = await RawClient.open(port);
  await client.command('connect', {}).catch(() => undefined);
  expect((await client.ws.closed).code).toBe(3500);
  expect(about()).toMatchObject([{ level: 'warn', check: 'token', option: 'anonymous' }]);
});

test('a token of nobody is welcome where anonymous is on', async () => {
  const { port, about } = await start({ anonymous: true });
  expect(await RawClient.attempt(port, await sign({}))).toMatchObject({ code: undefined });
  expect(await RawClient.attempt(port, await sign({ sub: '' }))).toMatchObject({ code: undefined });
  expect(about()).toEqual([]);
});
