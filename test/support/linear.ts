/** For work on hostile input that must not grow faster than the input. */

import { expect } from 'vitest';

/** On so many times the input, linear work takes as many times as long, and quadratic work the square of that. */
const factor = 16;
const maxRatio = 64;
const [minRounds, maxRounds] = [3, 20];

/**
 * Compares the swiftest runs on inputs of two sizes, as often as a busy machine may need.
 *
 * @param size of the smaller input, on which `work` should take at least 0.1 ms
 */
export function expectLinear(size: number, work: (size: number) => void): void {
  const swiftest = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY };
  const ratio = () => swiftest.large / swiftest.small;
  for (let round = 0; round < minRounds || (round < maxRounds && ratio() > maxRatio); round++) {
    swiftest.small = Math.min(
      swiftest.small,
      msOf(() => work(size)),
    );
    swiftest.large = Math.min(
      swiftest.large,
      msOf(() => work(size * factor)),
    );
  }
  expect(ratio()).toBeLessThan(maxRatio);
}

function msOf(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}
