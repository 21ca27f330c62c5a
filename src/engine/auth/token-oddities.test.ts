/** Dates that are accepted, and probably mistakes. */

import { describe, expect, test } from 'vitest';
import { looksLikeMs, odditiesOf } from './token-oddities.js';

const nowSec = 1_700_000_000;
const nowMs = nowSec * 1_000;
const oddities = (payload: Record<string, unknown>, atMs = nowMs) => odditiesOf(payload, atMs);

test('a date in seconds is none in milliseconds', () => {
  expect([nowSec, 100_000_000_000, 100_000_000_001, nowMs].map(looksLikeMs)).toEqual([false, false, true, true]);
});

describe('nothing is odd about', () => {
  test.each([
    ['no dates', {}],
    ['dates in seconds', { exp: nowSec + 3_600, expire_at: nowSec * 2, iat: nowSec - 60 }],
    ['an expiry far ahead', { exp: nowSec + 1e9, expire_at: nowSec + 1e9 }],
    ['an iat ahead by what clocks differ', { iat: nowSec + 10 }],
    ['dates that are no numbers', { exp: String(nowMs), iat: [nowMs], expire_at: null }],
    ['other claims', { nbf: nowMs, sub: nowMs }],
  ])('%s', (_, payload) => expect(oddities(payload)).toEqual([]));
});

describe('odd is', () => {
  test.each(['exp', 'expire_at', 'iat'])('%s in milliseconds, which is cited', (claim) => {
    const [line, ...more] = oddities({ [claim]: nowMs });
    expect(line).toMatchObject({ check: 'token date', key: claim, fields: { claim } });
    for (const word of [claim, String(nowMs), 'milliseconds']) expect(line?.message).toContain(word);
    expect(more).toEqual([]);
  });

  test('an iat that is further ahead than clocks differ, by how much', () => {
    expect(oddities({ iat: nowSec + 11 })).toMatchObject([{ key: 'iat', message: expect.stringContaining(' 11 s ') }]);
    expect(oddities({ iat: nowSec + 10 }, nowMs - 1)).toMatchObject([{ message: expect.stringContaining(' 11 s ') }]);
  });

  test('each of several, in its own line; what follows from one is not what follows from another', () => {
    const lines = oddities({ exp: nowMs, expire_at: nowMs, iat: nowMs });
    expect(lines.map(({ key }) => key)).toEqual(['exp', 'expire_at', 'iat']);
    const [exp, expireAt, iat] = lines.map(({ key = '', message }) => String(message).replace(key, ''));
    expect(exp).toBe(expireAt);
    expect(iat).not.toBe(exp);
  });
});
