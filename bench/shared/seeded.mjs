// @ts-check
/** Random numbers that are the same in each run. */

/**
 * Whole numbers from 0 to below a bound: a linear congruential generator, whose sequence no version of Node changes.
 * @param {number} seed
 */
export function seeded(seed) {
  let state = seed;
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
