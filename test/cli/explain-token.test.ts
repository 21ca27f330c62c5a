/** `fanfare token --explain`: at a desk, the reason that a client is never told. */

import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { runInProcess } from './in-process.js';

const secret = Buffer.from('thirty-two bytes of a secret, k1').toString('base64');
const nowSec = Math.floor(Date.now() / 1_000);
const env = { FANFARE_TOKEN_SECRET: secret };

function sign(claims: object, key: string | Uint8Array = secret, alg = 'HS256'): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg })
    .sign(typeof key === 'string' ? Buffer.from(key) : key);
}

const explain = (token: string, more: Readonly<Record<string, string>> = {}) =>
  runInProcess(['token', '--explain', token], { env: { ...env, ...more } });

describe('a token that would be refused: exit code 1, the reason and the option', () => {
  test.each<[string, () => Promise<string>, readonly string[]]>([
    ['another key', () => sign({ sub: 'a' }, 'x'.repeat(40)), ['none of 1 keys', 'token.secret']],
    ['a number as sub', () => sign({ sub: 1 }), ['sub', 'number']],
    ['exp as a text', () => sign({ sub: 'a', exp: 'soon' }), ['exp']],
    ['nbf ahead', () => sign({ sub: 'a', nbf: nowSec + 60 }), ['nbf', 'ahead']],
    ['another algorithm', () => sign({ sub: 'a' }, secret.repeat(2), 'HS512'), ['HS512', 'token.algorithm is HS256']],
    ['the line break of the file', () => sign({ sub: 'a' }, `${secret}\n`), ['line break']],
    ['the secret decoded', () => sign({ sub: 'a' }, Buffer.from(secret, 'base64')), ['base64']],
    ['nobody', () => sign({}), ['sub', 'anonymous']],
    ['an end long ago', () => sign({ sub: 'a', exp: 1 }), ['exp']],
    ['nothing of a token', async () => 'hello', ['no JWT']],
  ])('%s', async (_, make, words) => {
    const token = await make();
    const { code, stdout, stderr } = await explain(token);
    expect(code).toBe(1);
    for (const word of words) expect(stderr).toContain(word);
    expect(stdout + stderr).not.toContain(secret);
  });
});

test('one that is good: whose it is, until when, and what is odd about it', async () => {
  const good = await explain(await sign({ sub: 'alice', exp: nowSec + 60 }));
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(good.stdout).toContain('accepted');
  expect(good.stdout).toContain('"alice"');
  const odd = await explain(await sign({ sub: 'alice', exp: Date.now() }));
  expect(odd.code).toBe(0);
  expect(odd.stderr).toContain('milliseconds');
  const early = await explain(await sign({ sub: 'alice', iat: nowSec + 3_600 }));
  expect(early).toMatchObject({ code: 0, stderr: expect.stringContaining('iat is 3') });
  const forChannel = await explain(await sign({ sub: 'alice', channel: 'room' }));
  expect(forChannel.stdout).toContain('"room"');
  expect((await explain(await sign({}), { FANFARE_ANONYMOUS: 'true' })).code).toBe(0);
});

test('nothing in a token reaches the terminal as it is', async () => {
  const { stdout, stderr } = await explain(await sign({ sub: '\u001b[31m\u009b\u202e', 'a\u001b': 1 }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(stdout + stderr).not.toMatch(/[\u001b\u0080-\u009f\u202e]/);
});

test('without a key, or with flags that make a token: said, and nothing is made', async () => {
  const keyless = await runInProcess(['token', '--explain', 'a.b.c']);
  expect(keyless.code).toBe(1);
  expect(keyless.stderr).toContain('token.secret');
  expect((await runInProcess(['token', '--explain', 'a.b.c', '--user', 'x'], { env })).code).toBe(2);
});

test('a token without a user is made, with a warning where the server would refuse it', async () => {
  const { code, stdout, stderr } = await runInProcess(['token', '--user='], { env });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^eyJ/);
  expect(stderr).toContain('anonymous');
});
