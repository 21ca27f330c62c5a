/** Tokens and users that are out, for how long, and in whose way they stand. */

import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { type Revocable, Revocations } from './revocations.js';

let clock: FakeClock;
let revocations: Revocations;
beforeEach(() => {
  clock = new FakeClock();
  revocations = new Revocations(clock);
});

const codeOf = (who: Revocable) => revocations.find(who)?.code;
const ann: Revocable = { user: 'ann', tokenId: 't1', issuedAtMs: 1_000 };

describe('a token', () => {
  test('that was revoked is invalid; others are not', () => {
    expect(codeOf(ann)).toBeUndefined();
    revocations.add({ kind: 'token', tokenId: 't1' });
    expect(codeOf(ann)).toBe(3500);
    expect(codeOf({ ...ann, tokenId: 't2' })).toBeUndefined();
    expect(codeOf({ user: 'ann' })).toBeUndefined();
    expect(codeOf({ user: 't1' })).toBeUndefined();
  });

  test('B83: ids named like parts of Object are ids', () => {
    expect(codeOf({ user: 'toString', tokenId: '__proto__' })).toBeUndefined();
    revocations.add({ kind: 'token', tokenId: '__proto__' });
    expect(codeOf({ user: 'toString', tokenId: '__proto__' })).toBe(3500);
  });
});

describe("a user's tokens", () => {
  test('made before are invalid, and those that do not say when they were made; later ones are not', () => {
    revocations.add({ kind: 'userTokens', user: 'ann', beforeMs: 5_000 });
    expect(codeOf({ user: 'ann', issuedAtMs: 4_999 })).toBe(3500);
    expect(codeOf({ user: 'ann' })).toBe(3500);
    expect(codeOf({ user: 'ann', issuedAtMs: 5_000 })).toBeUndefined();
    expect(codeOf({ user: 'bob', issuedAtMs: 0 })).toBeUndefined();
  });

  test('made so little before that a clock may be behind can be replaced by another; nothing else can', () => {
    revocations.add({ kind: 'userTokens', user: 'ann', beforeMs: 50_000 });
    const isByClock = (who: Partial<Revocable>) => revocations.isByClock({ user: 'ann', ...who });
    expect(isByClock({ issuedAtMs: 49_999 })).toBe(true);
    expect(isByClock({ issuedAtMs: 40_000 })).toBe(true);
    expect(isByClock({ issuedAtMs: 39_999 })).toBe(false);
    expect(isByClock({ issuedAtMs: 50_000 })).toBe(false);
    expect(isByClock({})).toBe(false);
    revocations.add({ kind: 'token', tokenId: 't1' });
    expect(isByClock({ issuedAtMs: 49_999, tokenId: 't1' })).toBe(false);
    revocations.add({ kind: 'user', user: 'ann' });
    expect(isByClock({ issuedAtMs: 49_999 })).toBe(false);
  });

  test('an earlier revocation after a later one takes nothing back', () => {
    revocations.add({ kind: 'userTokens', user: 'ann', beforeMs: 5_000 });
    revocations.add({ kind: 'userTokens', user: 'ann', beforeMs: 2_000 });
    expect(codeOf({ user: 'ann', issuedAtMs: 4_000 })).toBe(3500);
    revocations.add({ kind: 'userTokens', user: 'ann', beforeMs: 9_000 });
    expect(codeOf({ user: 'ann', issuedAtMs: 8_000 })).toBe(3500);
  });
});

describe('a user', () => {
  test('that is blocked does not come back by itself, and is let in again when unblocked', () => {
    revocations.add({ kind: 'user', user: 'ann' });
    expect(codeOf({ user: 'ann', issuedAtMs: 1e15 })).toBe(3503);
    expect(codeOf({ user: 'bob' })).toBeUndefined();
    revocations.unblock('bob');
    expect(codeOf({ user: 'ann' })).toBe(3503);
    revocations.unblock('ann');
    expect(codeOf({ user: 'ann' })).toBeUndefined();
  });

  test('is told that it is blocked rather than that its token is', () => {
    revocations.add({ kind: 'token', tokenId: 't1' });
    revocations.add({ kind: 'user', user: 'ann' });
    expect(codeOf(ann)).toBe(3503);
  });

  test('that is unblocked stays without the tokens that were revoked', () => {
    revocations.add({ kind: 'userTokens', user: 'ann', beforeMs: 5_000 });
    revocations.add({ kind: 'user', user: 'ann' });
    revocations.unblock('ann');
    expect(codeOf(ann)).toBe(3500);
  });
});

describe('until when', () => {
  test.each(['token', 'userTokens', 'user'] as const)('%s: it stands until then', async (kind) => {
    const untilMs = clock.wallMs() + 1_000;
    revocations.add({ kind, user: 'ann', tokenId: 't1', beforeMs: 5_000, untilMs });
    await clock.advance(999);
    expect(codeOf(ann)).toBeDefined();
    await clock.advance(1);
    expect(codeOf(ann)).toBeUndefined();
  });

  test('what has lapsed is dropped, so that what is kept grows with what stands and not with time', async () => {
    for (let i = 0; i < 100_000; i++) {
      revocations.add({ kind: 'token', tokenId: `t${i}`, untilMs: clock.wallMs() + 100 });
      if (i % 100 === 0) await clock.advance(1);
    }
    // 10,000 stand at a time.
    expect(revocations.size).toBeLessThanOrEqual(20_001);
    expect(codeOf({ user: 'u', tokenId: 't99999' })).toBe(3500);
  });

  test('what stands is never dropped', () => {
    for (let i = 0; i < 5_000; i++) revocations.add({ kind: 'user', user: `u${i}` });
    expect(revocations.size).toBe(5_000);
    expect(codeOf({ user: 'u0' })).toBe(3503);
  });

  test('each kind counts once per token or user', () => {
    revocations.add({ kind: 'token', tokenId: 'x' });
    revocations.add({ kind: 'token', tokenId: 'x' });
    revocations.add({ kind: 'user', user: 'x' });
    revocations.add({ kind: 'userTokens', user: 'x', beforeMs: 1 });
    expect(revocations.size).toBe(3);
  });
});
