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

describe('for other nodes', () => {
  const unixMs = () => clock.wallMs();

  test('what is added comes back with its time; tokens have none, and one that is there stays', () => {
    const token = { kind: 'token', tokenId: 't1' } as const;
    expect(revocations.add(token)).toEqual(token);
    expect(revocations.add({ kind: 'user', user: 'ann' })).toEqual({ kind: 'user', user: 'ann', atMs: unixMs() });
    expect(revocations.dated({ kind: 'user', user: 'ann', atMs: 5 })).toEqual({ kind: 'user', user: 'ann', atMs: 5 });
    expect(revocations.dated({ kind: 'userTokens', user: 'ann', beforeMs: 5 })).not.toHaveProperty('atMs');
  });

  test('all that stand are told, with their ends, and none that have lapsed', async () => {
    const untilMs = unixMs() + 1_000;
    const standing = [
      { kind: 'token', tokenId: 't1' },
      { kind: 'token', tokenId: 't2', untilMs: untilMs + 1 },
      { kind: 'userTokens', user: 'ann', beforeMs: 5_000 },
      { kind: 'userTokens', user: 'bob', beforeMs: 6_000, untilMs: untilMs + 1 },
      { kind: 'user', user: 'ann', atMs: 7_000 },
      { kind: 'user', user: 'bob', atMs: 8_000, untilMs: untilMs + 1 },
    ] as const;
    const lapsing = { user: 'eve', tokenId: 't3', beforeMs: 5_000, untilMs };
    for (const one of standing) revocations.add(one);
    for (const kind of ['token', 'userTokens', 'user'] as const) revocations.add({ kind, ...lapsing });
    expect(revocations.all()).toHaveLength(9);
    await clock.advance(1_000);
    expect(revocations.all()).toEqual(standing);
  });

  test('a node that is told all of it decides as this one does', () => {
    revocations.add({ kind: 'token', tokenId: 't1', untilMs: unixMs() + 1 });
    revocations.add({ kind: 'userTokens', user: 'bob', beforeMs: 5_000 });
    revocations.add({ kind: 'user', user: 'eve' });
    const other = new Revocations(clock);
    for (const one of revocations.all()) other.add(one);
    const codes = [ann, { user: 'bob' }, { user: 'eve' }, { user: 'joe' }].map((who) => other.find(who)?.code);
    expect(codes).toEqual([3500, 3500, 3503, undefined]);
  });

  test('unblocked users are told, with the time', () => {
    expect(revocations.unblock('ann')).toBe(unixMs());
    expect(revocations.unblock('bob', 5_000)).toBe(5_000);
    expect(revocations.unblock('bob', 4_000)).toBe(4_000);
    expect(revocations.unblocked()).toEqual([
      { user: 'ann', atMs: unixMs() },
      { user: 'bob', atMs: 5_000 },
    ]);
    expect(revocations.size).toBe(0);
  });
});

describe('of two opposites that arrive in any order', () => {
  const block = (atMs: number, more: object = {}) => revocations.add({ kind: 'user', user: 'ann', atMs, ...more });
  const isBlocked = () => codeOf({ user: 'ann' }) !== undefined;

  test('the later one applies', () => {
    block(5_000);
    revocations.unblock('ann', 4_999);
    expect(isBlocked()).toBe(true);
    revocations.unblock('ann', 5_001);
    expect(isBlocked()).toBe(false);
    block(5_000);
    block(5_001);
    expect(isBlocked()).toBe(false);
    block(5_002);
    expect(isBlocked()).toBe(true);
  });

  test('of the same time, the block applies', () => {
    block(5_000);
    revocations.unblock('ann', 5_000);
    expect(isBlocked()).toBe(true);
  });

  test('an unblocking that was said before another does not bring its time back', () => {
    revocations.unblock('ann', 5_000);
    revocations.unblock('ann', 3_000);
    block(4_000);
    expect(isBlocked()).toBe(false);
  });

  test('a block that is earlier than another changes nothing; one of the same time does', async () => {
    const untilMs = clock.wallMs() + 1_000;
    block(5_000);
    block(4_999, { untilMs });
    await clock.advance(1_000);
    expect(isBlocked()).toBe(true);
    block(5_000, { untilMs: clock.wallMs() });
    expect(isBlocked()).toBe(false);
  });

  test('what is said here is later than all that is known, though a clock is behind', () => {
    const aheadMs = clock.wallMs() + 60_000;
    block(aheadMs);
    expect(revocations.timeToUnblock('ann')).toBe(aheadMs + 1);
    expect(revocations.timeToUnblock('bob')).toBe(clock.wallMs());
    expect(revocations.unblock('ann')).toBe(aheadMs + 1);
    expect(isBlocked()).toBe(false);
    expect(revocations.add({ kind: 'user', user: 'ann' })).toMatchObject({ atMs: aheadMs + 2 });
    expect(isBlocked()).toBe(true);
  });

  test('an unblocking is remembered for an hour, and dropped then when there are many', async () => {
    for (let i = 0; i < 1_024; i++) revocations.unblock(`u${i}`, 5_000);
    await clock.advance(3_600_000 - 1);
    revocations.add({ kind: 'token', tokenId: 't1' });
    expect(revocations.unblocked()).toHaveLength(1_024);
    for (let i = 0; i < 1_024; i++) revocations.add({ kind: 'token', tokenId: `t${i}` });
    await clock.advance(1);
    revocations.add({ kind: 'token', tokenId: 't' });
    expect(revocations.unblocked()).toEqual([]);
  });
});

describe('a search for what has lapsed', () => {
  test('waits until there are 1,024 entries, and then until there are twice as many as stood', async () => {
    const add = (count: number, name: string, more: object = {}) => {
      for (let i = 0; i < count; i++) revocations.add({ kind: 'token', tokenId: `${name}${i}`, ...more });
    };
    add(1_024, 'short', { untilMs: clock.wallMs() + 1 });
    await clock.advance(1);
    expect(revocations.size).toBe(1_024);
    add(1_024, 'long');
    expect(revocations.size).toBe(1_024);
    add(1, 'more', { untilMs: clock.wallMs() + 1 });
    await clock.advance(1);
    add(1_023, 'next');
    expect(revocations.size).toBe(2_048);
    add(1, 'last');
    expect(revocations.size).toBe(2_048);
  });
});
