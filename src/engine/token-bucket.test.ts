/** The rate limit of one connection. */

import { describe, expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.js';

function takeMany(bucket: TokenBucket, count: number, nowMs: number) {
  return Array.from({ length: count }, () => bucket.take(nowMs));
}

describe('token bucket', () => {
  test('lets the burst through at once, refuses beyond, and calls as much again a flood', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect(takeMany(bucket, 7, 0)).toEqual(['ok', 'ok', 'ok', 'over', 'over', 'flood', 'flood']);
  });

  test('refills at its rate', () => {
    const bucket = new TokenBucket(10, 3, 0);
    takeMany(bucket, 3, 0);
    expect(bucket.take(99)).toBe('over');
    expect(takeMany(bucket, 3, 400)).toEqual(['ok', 'ok', 'ok']);
  });

  test('never holds more than the burst, however long the pause', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect(takeMany(bucket, 4, 1e12)).toEqual(['ok', 'ok', 'ok', 'over']);
  });

  test('steady use at the rate is never refused', () => {
    const bucket = new TokenBucket(10, 1, 0);
    for (let ms = 0; ms < 10_000; ms += 100) expect(bucket.take(ms)).toBe('ok');
  });

  test('tryTake: what is refused costs nothing', () => {
    const bucket = new TokenBucket(10, 2, 0);
    const tryMany = (nowMs: number) => Array.from({ length: 100 }, () => bucket.tryTake(nowMs)).filter(Boolean).length;
    expect([tryMany(0), tryMany(50), tryMany(100), tryMany(300), tryMany(10_000)]).toEqual([2, 0, 1, 2, 2]);
  });

  test('a rate of 0 limits nothing', () => {
    const bucket = new TokenBucket(0, 1, 0);
    expect(new Set(takeMany(bucket, 1_000, 0))).toEqual(new Set(['ok']));
    expect(bucket.tryTake(0)).toBe(true);
  });
});
