/** The ratio of pairs on figures whose ratio is known. */
import { expect, it } from 'vitest';
import { middleMean, pairedRatio, ratioText, verdictOf } from './paired-ratio.mjs';
import { seeded } from './seeded.mjs';

/** Ratios around 1.03, with a spread as on a busy machine. */
function noisyRatios(pairs: number, spread: number): number[] {
  const random = seeded(7);
  // The sum of twelve is nearly a normal distribution, of variance 1.
  const normal = () => Array.from({ length: 12 }, () => random(1_000) / 1_000).reduce((sum, each) => sum + each, -6);
  return Array.from({ length: pairs }, () => 1.03 + spread * normal());
}

it('takes the mean of the middle half', () => {
  expect(middleMean([9, 1, 100, 3, 5, 7, 2, 4])).toBe((3 + 4 + 5 + 7) / 4);
  expect(middleMean([2, 4])).toBe(3);
  expect(middleMean([])).toBeNaN();
});

it('finds a ratio within a hundredth from a hundred pairs that differ by five', () => {
  const { ratio, least, most } = pairedRatio(noisyRatios(100, 0.05));
  expect(Math.abs(ratio - 1.03)).toBeLessThan(0.012);
  expect([least < ratio && ratio < most, most - least < 0.03]).toEqual([true, true]);
});

it('is not moved by a few pairs in which the machine did something else', () => {
  const ratios = noisyRatios(100, 0.01);
  const disturbed = ratios.map((ratio, n) => (n % 10 === 0 ? ratio * 3 : ratio));
  expect(Math.abs(pairedRatio(disturbed).ratio - pairedRatio(ratios).ratio)).toBeLessThan(0.005);
});

it('has a narrower interval the more pairs there are', () => {
  const width = (pairs: number) => {
    const { least, most } = pairedRatio(noisyRatios(pairs, 0.05));
    return most - least;
  };
  expect(width(200)).toBeLessThan(width(20) / 2);
});

it('contains the truth in nearly all of many runs', () => {
  const all = noisyRatios(40 * 40, 0.05);
  const runs = Array.from({ length: 40 }, (_, run) => pairedRatio(all.slice(run * 40, run * 40 + 40)));
  const right = runs.filter(({ least, most }) => least <= 1.03 && 1.03 <= most).length;
  expect(right).toBeGreaterThan(33);
});

it('says so when an aim is within the interval', () => {
  const one = { ratio: 1.02, least: 1.01, most: 1.04, pairs: 9 };
  expect([1.005, 1.03, 1.05].map((aim) => verdictOf(one, aim))).toEqual(['MISSED', 'met, but not for sure', 'met']);
  expect(ratioText(one)).toBe('1.020 (1.010–1.040, 9 pairs)');
});
