/** The rate limit of connects, commands, publications and subscribes. */

import { describe, expect, test } from 'vitest';
import { TokenBucket, tokensLeft, withOneTaken } from './token-bucket.js';

function tryMany(bucket: TokenBucket, nowMs: number, count = 100) {
  return Array.from({ length: count }, () => bucket.tryTake(nowMs)).filter(Boolean).length;
}

describe('token bucket', () => {
  test('lets the burst through at once, and refills at its rate', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect([tryMany(bucket, 0), tryMany(bucket, 99), tryMany(bucket, 100), tryMany(bucket, 300)]).toEqual([3, 0, 1, 2]);
  });

  test('never holds more than the burst, however long the pause', () => {
    expect(tryMany(new TokenBucket(10, 3, 0), 1e12)).toBe(3);
  });

  test('steady use at the rate is never refused', () => {
    const bucket = new TokenBucket(10, 1, 0);
    for (let ms = 0; ms < 10_000; ms += 100) expect(bucket.tryTake(ms)).toBe(true);
  });

  test('what is refused costs nothing', () => {
    const bucket = new TokenBucket(10, 2, 0);
    expect([tryMany(bucket, 0), tryMany(bucket, 50), tryMany(bucket, 100), tryMany(bucket, 10_000)]).toEqual([
      2, 0, 1, 2,
    ]);
  });

  test('a rate of 0 limits nothing', () => expect(tryMany(new TokenBucket(0, 1, 0), 0, 1_000)).toBe(1_000));

  test('what is taken beyond the burst is a debt', () => {
    const limit = { perSec: 10, burst: 3 };
    let fullAtMs = 0;
    for (let i = 0; i < 5; i++) fullAtMs = withOneTaken(limit, fullAtMs, 0);
    expect([
      tokensLeft(limit, fullAtMs, 0),
      tokensLeft(limit, fullAtMs, 200),
      tokensLeft(limit, fullAtMs, 9_000),
    ]).toEqual([-2, 0, 3]);
  });
});
