/** The rate that a subscriber asks for, as a field of the data of its `subscribe`: SDKs have no other place for it. */

/** In publications per second and key: one in a quarter of an hour. */
export const leastRate = 0.001;

export function isRate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= leastRate;
}

/**
 * The rate in the data, with its first two digits: so there are few of them, and subscribers share beats. `undefined`:
 * it has none; `wrong`: what it has is no rate.
 */
export function toMaxRateWish(data: unknown): number | undefined | 'wrong' {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'maxRate')) return undefined;
  // safe: it has it
  const { maxRate } = data as { readonly maxRate: unknown };
  if (maxRate === undefined || maxRate === null) return undefined;
  if (!isRate(maxRate)) return 'wrong';
  const [digits = '', exponent] = maxRate.toExponential().split('e');
  return Number(`${digits.slice(0, '1.2'.length)}e${exponent}`);
}
