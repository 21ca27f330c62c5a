/** Refused tokens are counted by the check that they did not pass. */

import { CompactSign } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { attempt, outcomeOf } from '../../../test/support/engine/connect-attempt.js';
import type { Authenticator } from '../ports/authenticator.js';
import { Counters } from '../ports/counters.js';
import { allowAnonymous } from './anonymous.js';
import { acceptTickets, ticketPrefix } from './tickets.js';
import { tokenAuthenticator } from './token-authenticator.js';
import { staticKey } from './token-keys.js';
import { countTokenRefusals, tokenChecks } from './token-refusals.js';

const nowSec = 1_700_000_000;
const key = Buffer.from('a'.repeat(32));
const origin = {
  option: 'secret',
  algorithms: ['HS256'],
  algorithmOption: 'algorithm',
  issuerOption: 'issuer',
  audienceOption: 'audience',
};
const tokens = tokenAuthenticator([{ keys: staticKey(key, 'HS256'), issuer: 'me', audience: 'us', origin }], {
  wallMs: () => nowSec * 1_000,
});
const good = { sub: 'u', iss: 'me', aud: 'us' };

function sign(claims: object, { signedWith = key, header = {} } = {}): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(signedWith);
}

let counters: Counters;
beforeEach(() => {
  counters = new Counters();
});

const counting = (auth: Authenticator) => countTokenRefusals(auth, counters);

describe('a token that is refused counts as', () => {
  test.each<[string, () => Promise<string | undefined> | string | undefined]>([
    ['missing', () => undefined],
    ['ticket', () => `${ticketPrefix}unknown`],
    ['length', () => 'a'.repeat(1_000_000)],
    ['form', () => 'garbage'],
    ['signature', () => sign(good, { signedWith: Buffer.from('b'.repeat(32)) })],
    ['algorithm', () => sign(good, { header: { alg: 'HS384' }, signedWith: Buffer.from('a'.repeat(48)) })],
    ['issuer', () => sign({ ...good, iss: 'you' })],
    ['audience', () => sign({ ...good, aud: 'them' })],
    ['claim', () => sign({ ...good, channels: 1 })],
    ['expiry', () => sign({ ...good, exp: nowSec - 100 })],
    ['start', () => sign({ ...good, nbf: nowSec + 100 })],
  ])('%s', async (check, token) => {
    const auth = counting(acceptTickets(tokens, async () => undefined));
    const outcome = await auth.connect(attempt(await token()));
    expect(outcome.ok).toBe(false);
    expect([...counters.tokenRefusals]).toEqual([[check, 1]]);
    expect(tokenChecks).toContain(check);
  });

  test('key, where there is none to check it with', async () => {
    await counting(allowAnonymous(undefined)).connect(attempt('a.b.c'));
    expect([...counters.tokenRefusals]).toEqual([['key', 1]]);
  });
});

test('tokens for a refresh and for a channel count, too', async () => {
  const auth = counting(tokens);
  await auth.refresh?.('garbage');
  await auth.subscribe?.('garbage', 'c', { user: 'u', client: 'c' });
  expect([...counters.tokenRefusals]).toEqual([['form', 2]]);
});

test('who is let in does not count, nor who is refused for something else', async () => {
  const auth = counting(tokens);
  expect(outcomeOf(await auth.connect(attempt(await sign(good))))).toBe('u');
  const strict = counting({
    connect: async () => ({
      ok: false,
      disconnect: { code: 3507, reason: 'no' },
      why: { check: 'auth', fields: {}, message: '' },
    }),
  });
  expect(outcomeOf(await strict.connect(attempt('x')))).toBe(3507);
  expect(counters.tokenRefusals.size).toBe(0);
});

test('an authenticator keeps its abilities', () => {
  expect(Object.keys(counting({ connect: tokens.connect }))).toEqual(['connect']);
  expect(counting({ ...tokens, readsHeaders: true })).toMatchObject({
    readsHeaders: true,
    refresh: expect.any(Function),
    subscribe: expect.any(Function),
  });
});
