/** Bad inputs B60–B73: tokens that are forged, hostile or out of time, against a running server. */

import { createCipheriv, generateKeyPairSync, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { type CompactJWSHeaderParameters, CompactSign } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { errorCode, RawClient } from '../support/clients/raw-client.js';
import { canary, Oracle } from '../support/hardening/oracle.js';
import { tokenSecret } from '../support/hardening/server-process.js';
import { KeyProvider } from '../support/servers/key-provider.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const nowSec = () => Math.floor(Date.now() / 1_000);

/** The last is where tokens of attackers point; nobody may ever ask. */
const providers = [await KeyProvider.start(), await KeyProvider.start(), await KeyProvider.start()] as const;
const [a, b, trap] = providers;
afterAll(() => Promise.all(providers.map((provider) => provider[Symbol.asyncDispose]())));
// The same key id at all of them.
for (const provider of providers) await provider.add('k1');
const jwks = [a, b].map(({ url }, n) => ({ url, issuer: n === 0 ? 'a' : 'b' }));
const oracle = Oracle.ofFile({
  jwt: { keys: [{ algorithm: 'RS256', key: rsaPem, kid: 'rsa-1' }], jwks },
  limits: { expiredGraceMs: 0 },
});

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signed with the server's own secret unless another key is given. */
function sign(
  claims: object | string,
  { key = tokenSecret, header = {} }: { key?: string | Uint8Array; header?: Partial<CompactJWSHeaderParameters> } = {},
): Promise<string> {
  return new CompactSign(Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(Buffer.from(key));
}

/** The code of the error or of the close; `undefined` when it was let in. */
const connect = async (token: string) => (await RawClient.attempt(oracle.port, token)).code;

async function expectRefused(code: number, ...tokens: readonly string[]): Promise<void> {
  await oracle.withstands(async () => {
    for (const token of tokens) expect(await connect(token), token.slice(0, 200)).toBe(code);
  }, floodOf(tokens.length));
}

/** Refusals for one reason have ten lines a minute; which reason a token is refused for is in refused-tokens.test.ts. */
const floodOf = (refusals: number) => ({ atMost: refusals });

const admin = { sub: 'admin', info: canary };

describe('signatures that are none, or of another kind', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', '', 'null'])('B60 alg "%s" → 3500', async (alg) => {
    const unsigned = `${part({ alg, typ: 'JWT' })}.${part(admin)}`;
    await expectRefused(3500, unsigned, `${unsigned}.`, `${unsigned}.${part('signature')}`);
  });

  it.each([null, 0, true, ['HS256'], { alg: 'HS256' }])('B60 alg that is no text: %o → 3500', async (alg) => {
    await expectRefused(3500, `${part({ alg })}.${part(admin)}.${part('x')}`, `${part({})}.${part(admin)}.`);
  });

  it('B61 HS256 with the RS256 public key as its secret → 3500', async () => {
    const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
    const jwk = JSON.stringify(rsa.publicKey.export({ format: 'jwk' }));
    for (const key of [rsaPem, rsaPem.trim(), der, jwk])
      for (const kid of ['rsa-1', 'k1']) await expectRefused(3500, await sign(admin, { key, header: { kid } }));
  });

  it('B61 RS256 signed by a stranger, with our secret, and with our own kid → 3500', async () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const forged = await new CompactSign(Buffer.from(JSON.stringify(admin)))
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa-1' })
      .sign(stranger.privateKey);
    const relabelled = (await sign(admin)).replace(/^[^.]+/, part({ alg: 'RS256', kid: 'rsa-1' }));
    await expectRefused(3500, forged, relabelled);
  });

  it('B61 the right key under another algorithm of its kind → 3500', async () => {
    for (const alg of ['RS384', 'RS512', 'PS256']) {
      const token = new CompactSign(Buffer.from(JSON.stringify(admin))).setProtectedHeader({ alg, kid: 'rsa-1' });
      await expectRefused(3500, await token.sign(rsa.privateKey));
    }
  });

  it('the same key and its own algorithm are accepted', async () => {
    const token = new CompactSign(Buffer.from('{"sub":"ann"}')).setProtectedHeader({ alg: 'RS256', kid: 'rsa-1' });
    expect(await connect(await token.sign(rsa.privateKey))).toBeUndefined();
  });
});

describe('key ids', () => {
  const kids = [
    '../../../../dev/null',
    '..\\..\\windows\\win.ini',
    '/etc/passwd',
    "' UNION SELECT 'key' --",
    '"; DROP TABLE keys; --',
    '__proto__',
    'constructor',
    '\u0000',
    '\r\nSet-Cookie: x=1',
    'http://169.254.169.254/',
    '{{7*7}}',
    '',
  ];

  it.each(kids)(
    'B62 kid %j with an empty or a guessed key → 3500; 109 where keys come from a provider',
    async (kid) => {
      const guessed = Buffer.alloc(32);
      await expectRefused(3500, await sign(admin, { key: guessed, header: { kid } }));
      await expectRefused(109, await a.sign('k1', { ...admin, iss: 'a' }, { kid }).then(withoutSignature));
    },
  );

  it('B62 kid of 10 KB → 3500', async () =>
    expectRefused(3500, await sign(admin, { header: { kid: 'x'.repeat(10_240) } })));

  it.each([1, null, ['k1'], { k: 1 }])('B62 kid that is no text: %o → 3500', async (kid) => {
    await expectRefused(3500, `${part({ alg: 'ES256', kid })}.${part({ ...admin, iss: 'a' })}.${part('x'.repeat(64))}`);
  });

  it('B63 a storm of unknown kids → one fetch of the key set', async () => {
    expect(await connect(await a.sign('k1', { sub: 'ann', iss: 'a' }))).toBeUndefined();
    const before = a.numFetches;
    const tokens = await Promise.all(
      Array.from({ length: 300 }, (_, i) => a.sign('k1', { ...admin, iss: 'a' }, { kid: `unknown-${i}` })),
    );
    await oracle.withstands(
      async () => {
        for (let i = 0; i < tokens.length; i += 50) {
          const codes = await Promise.all(tokens.slice(i, i + 50).map((token) => connect(token)));
          expect(new Set(codes)).toEqual(new Set([109]));
        }
      },
      { atMost: 300 },
    );
    expect(a.numFetches - before).toBeLessThanOrEqual(1);
    expect(await connect(await a.sign('k1', { sub: 'ann', iss: 'a' }))).toBeUndefined();
  });
});

function withoutSignature(token: string): string {
  return `${token.slice(0, token.lastIndexOf('.'))}.${part(randomBytes(64).toString('latin1'))}`;
}

describe('tokens that bring their own keys', () => {
  it('B64 jku, x5u, jwk, x5c → ignored, and nobody is asked', async () => {
    const publicJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    const headers = [
      { jku: trap.url },
      { x5u: `${trap.origin}/cert.pem` },
      { jwk: publicJwk },
      { jwk: { kty: 'oct', k: part('0'.repeat(32)) } },
      { x5c: [part('certificate')] },
      { jku: trap.url, x5u: trap.url, kid: trap.url },
    ];
    for (const header of headers) {
      const hmac = await sign({ ...admin, iss: 'a' }, { key: '0'.repeat(32), header });
      await expectRefused(3500, hmac);
      // Only a kid that the provider does not have may be one of tomorrow.
      await expectRefused('kid' in header ? 109 : 3500, await trap.sign('k1', { ...admin, iss: 'a' }, header));
    }
    expect(trap.requests.size).toBe(0);
  });

  it('B64 the same headers on a good token change nothing', async () => {
    const token = await a.sign('k1', { sub: 'ann', iss: 'a' }, { jku: trap.url, x5u: trap.url });
    expect(await connect(token)).toBeUndefined();
    expect(trap.requests.size).toBe(0);
  });

  it("B65 an attacker's iss → 3500, and nobody is asked", async () => {
    const before = [a.numFetches, b.numFetches];
    for (const iss of [trap.origin, trap.url, `a@${trap.origin}`, 'A', 'a ', ['a'], { a: 1 }, null])
      await expectRefused(3500, await trap.sign('k1', { ...admin, iss }));
    expect(trap.requests.size).toBe(0);
    expect([a.numFetches, b.numFetches]).toEqual(before);
  });

  it('B66 the same kid of two issuers → no crossover', async () => {
    expect(await connect(await a.sign('k1', { sub: 'ann', iss: 'a' }))).toBeUndefined();
    expect(await connect(await b.sign('k1', { sub: 'ann', iss: 'b' }))).toBeUndefined();
    await expectRefused(
      3500,
      await a.sign('k1', { ...admin, iss: 'b' }),
      await b.sign('k1', { ...admin, iss: 'a' }),
      await a.sign('k1', admin),
    );
  });

  it('B67 an encrypted token that unpacks to 4 MB → 3500', async () => {
    const header = part({ alg: 'dir', enc: 'A256GCM', zip: 'DEF', cty: 'JWT' });
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(tokenSecret).subarray(0, 32), iv);
    cipher.setAAD(Buffer.from(header));
    const bomb = Buffer.concat([cipher.update(deflateRawSync(Buffer.alloc(4 * 1_024 * 1_024))), cipher.final()]);
    const text = (bytes: Buffer) => bytes.toString('base64url');
    const token = [header, '', text(iv), text(bomb), text(cipher.getAuthTag())].join('.');
    expect(token.length).toBeLessThan(8_192);
    await expectRefused(3500, token, token.replace(header, part({ alg: 'HS256', zip: 'DEF' })));
  });
});

describe('time', () => {
  it('B68 expired → 109', async () => {
    await expectRefused(109, await sign({ ...admin, exp: nowSec() - 1 }), await sign({ ...admin, exp: 0 }));
    await expectRefused(109, await a.sign('k1', { ...admin, iss: 'a', exp: nowSec() - 1 }));
  });

  it('B68 not valid yet → 109, wrong issuer → 3500', async () => {
    await expectRefused(
      109,
      await sign({ ...admin, nbf: nowSec() + 60 }),
      await a.sign('k1', { ...admin, iss: 'a', nbf: nowSec() + 60 }),
    );
    await expectRefused(3500, await a.sign('k1', { ...admin, iss: 'c' }));
  });

  const badTimes = ['1e18', '1e999', '"now"', 'null', '"NaN"', '8640000000001', '[1]', '{}', 'true'];
  it.each(badTimes)('B69 exp %s → 3500', async (exp) => {
    await expectRefused(3500, await sign(`{"sub":"admin","info":"${canary}","exp":${exp}}`));
  });

  it.each(['1e18', '1e999', '"now"', 'null', '-1'])('B69 expire_at %s → 3500', async (end) => {
    await expectRefused(3500, await sign(`{"sub":"admin","info":"${canary}","expire_at":${end}}`));
  });

  it('B69 an end in the far future is one: no timer fires at once', async () => {
    const token = await sign({ sub: 'ann', exp: 8_640_000_000_000 });
    await oracle.withstands(async () => {
      const client = await RawClient.connect(oracle.port, { token });
      for (let i = 0; i < 20; i++) expect(await client.command('ping', {})).not.toHaveProperty('error');
      await client.close();
      // It looks like milliseconds, which is said.
    }, 1);
  });

  oracle.attack('B72 expiry in the middle of the connection → 3005', async () => {
    const token = await sign({ sub: 'ann', exp: Date.now() / 1_000 + 0.5 });
    const client = await RawClient.connect(oracle.port, { token });
    expect((await client.ws.closed).code).toBe(3005);
  });
});

describe('subscription tokens', () => {
  oracle.attack.each([
    ['another channel', { sub: 'ann', channel: 'token:b' }],
    ['a longer name', { sub: 'ann', channel: 'token:aa' }],
    ['all channels', { sub: 'ann', channel: 'token:*' }],
    ['nobody', { channel: 'token:a' }],
    ['no channel: a connection token', { sub: 'ann' }],
  ])('B70 for %s → 103', floodOf(1), async (_, claims) => {
    const client = await RawClient.connect(oracle.port, { token: await sign({ sub: 'ann' }) });
    const token = await sign({ ...claims, info: canary });
    expect(errorCode(await client.command('subscribe', { channel: 'token:a', token }))).toBe(103);
    expect(await client.command('ping', {})).not.toHaveProperty('error');
    await client.close();
  });

  oracle.attack.each([
    ['another user', { sub: 'bob', channel: 'token:a' }],
    ['another connection', { client: 'somebody-else', channel: 'token:a' }],
  ])('B70 for %s → 109: a client that kept it from before gets another one', floodOf(1), async (_, claims) => {
    const client = await RawClient.connect(oracle.port, { token: await sign({ sub: 'ann' }) });
    const token = await sign({ ...claims, info: canary });
    expect(errorCode(await client.command('subscribe', { channel: 'token:a', token }))).toBe(109);
    expect(await client.command('ping', {})).not.toHaveProperty('error');
    await client.close();
  });

  oracle.attack(
    'B70 forged → 103, expired → 109, and the good one of the same client is accepted',
    floodOf(3),
    async () => {
      const client = await RawClient.connect(oracle.port, { token: await sign({ sub: 'ann' }) });
      const subscribe = async (token: string) =>
        errorCode(await client.command('subscribe', { channel: 'token:a', token }));
      const claims = { sub: 'ann', channel: 'token:a' };
      expect(await subscribe(await sign(claims, { key: '0'.repeat(32) }))).toBe(103);
      expect(await subscribe(`${part({ alg: 'none' })}.${part(claims)}.`)).toBe(103);
      expect(await subscribe(await sign({ ...claims, exp: 1 }))).toBe(109);
      expect(await subscribe(await sign(claims))).toBeUndefined();
      await client.close();
    },
  );

  it('B70 opens no connection → 3500', async () => expectRefused(3500, await sign({ ...admin, channel: 'token:a' })));
});

describe('where tokens do not belong', () => {
  it.each(['token', 'access_token', 'jwt', 'connect'])('B71 ?%s=… is not read, and in no log line', async (name) => {
    const token = await sign({ sub: 'ann', info: canary });
    const path = `/connection/websocket?${name}=${token}`;
    await oracle.withstands(async () => {
      const client = await RawClient.connect(oracle.port, { path });
      await client.command('subscribe', { channel: `open:url-${name}` });
      const { presence } = await client.command('presence', { channel: `open:url-${name}` });
      expect(JSON.stringify(presence)).not.toContain('ann');
      await client.close();
    }, 0);
    // Also where the URL is refused.
    await oracle.withstands(async () => {
      const refused = RawClient.open(oracle.port, { path, headers: { Origin: 'https://evil.example' } });
      await expect(refused).rejects.toThrow('403');
    }, floodOf(1));
  });

  it('B71 nor is one in a header', async () => {
    const token = await sign({ sub: 'ann', info: canary });
    await oracle.withstands(async () => {
      const headers = { Authorization: `Bearer ${token}`, Cookie: `token=${token}`, 'X-Token': token };
      const client = await RawClient.connect(oracle.port, { headers });
      await client.command('subscribe', { channel: 'open:header' });
      const { presence } = await client.command('presence', { channel: 'open:header' });
      expect(JSON.stringify(presence)).not.toContain('ann');
      await client.close();
    }, 0);
  });
});

describe('tokens that are too much', () => {
  it('B73 16 KB → 3500 before any cryptography, and before anybody is asked', async () => {
    const before = b.numFetches;
    const large = { ...admin, iss: 'b', meta: 'x'.repeat(12_288) };
    // Of an unknown kid: one that was looked at would be asked for.
    const token = await b.sign('k1', large, { kid: 'large' });
    expect(token.length).toBeGreaterThan(16_384);
    await expectRefused(3500, token, await sign(large));
    expect(b.numFetches).toBe(before);
  });

  it.each([
    ['dots', '.'.repeat(8_000)],
    ['deep claims', `${part({ alg: 'HS256' })}.${part(`${'['.repeat(3_000)}`)}.${part('x')}`],
    ['a header that is a list', `${part([])}.${part({})}.${part('x')}`],
    ['critical extensions', `${part({ alg: 'HS256', crit: ['b64'], b64: false })}.${part(admin)}.${part('x')}`],
  ])('%s → 3500', (_, token) => expectRefused(3500, token));
});
