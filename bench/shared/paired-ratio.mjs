// @ts-check
/** The ratio of two costs from many pairs of measurements, and how far chance may have moved it. */
import { seeded } from './seeded.mjs';

/** Samples of the pairs, drawn with repetition, whose ratios tell how far another run may be from this one. */
const RESAMPLES = 2_000;
/** Of them on each side of the interval. */
const OUTSIDE = 0.025;

/**
 * @typedef {object} PairedRatio
 * @property {number} ratio mean of the middle half of the pairs' ratios, so that a pair in which the machine did something else does not count
 * @property {number} least of the interval in which the ratio of endless pairs is, with a probability of 95 %
 * @property {number} most
 * @property {number} pairs
 */

/**
 * @param {readonly number[]} ratios of each pair
 * @returns {PairedRatio}
 */
export function pairedRatio(ratios) {
  const random = seeded(1);
  const others = Array.from({ length: RESAMPLES }, () =>
    middleMean(ratios.map(() => ratios[random(ratios.length)] ?? Number.NaN)),
  ).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => others[Math.min(RESAMPLES - 1, Math.floor(RESAMPLES * share))];
  return {
    ratio: middleMean(ratios),
    least: at(OUTSIDE) ?? Number.NaN,
    most: at(1 - OUTSIDE) ?? Number.NaN,
    pairs: ratios.length,
  };
}

/**
 * Mean of the middle half; NaN without values.
 * @param {readonly number[]} values
 */
export function middleMean(values) {
  const cut = Math.floor(values.length / 4);
  const middle = [...values].sort((a, b) => a - b).slice(cut, values.length - cut);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/** @param {PairedRatio} ratio */
export function ratioText({ ratio, least, most, pairs }) {
  return `${ratio.toFixed(3)} (${least.toFixed(3)}–${most.toFixed(3)}, ${pairs} pairs)`;
}

/**
 * @param {PairedRatio} ratio
 * @param {number} aim
 */
export function verdictOf({ ratio, least, most }, aim) {
  const isSure = aim < least || aim >= most;
  return `${ratio <= aim ? 'met' : 'MISSED'}${isSure ? '' : ', but not for sure'}`;
}
