// @ts-check
/**
 * The CPU of two servers that live at the same time, in short slices of load taken in turn: A B, B A, A B, … What the
 * machine does besides, and how fast it is at the moment, so changes both sides of a pair alike.
 */
import { middleMean } from './paired-ratio.mjs';

/**
 * @typedef {object} Side a server with its clients
 * @property {() => Promise<number>} load puts a slice of load on it; resolves when all deliveries have arrived, with their number
 * @property {() => number | Promise<number>} cpuUs that the server has used, with all threads, in microseconds
 */

/** CPU of each server for a delivery, in microseconds. @typedef {readonly [number, number]} PairCost */

/**
 * What a server does by the clock while the other one is under load does not count: it would do that in every second, and
 * would be charged for twice as much of it as belongs to its load.
 * @param {readonly [Side, Side]} sides
 * @param {object} options
 * @param {number} options.pairs
 * @param {number} options.warmUp pairs before them, which do not count
 * @param {() => Promise<unknown> | undefined} [options.onWarm] before the first pair that counts
 * @param {(cost: PairCost, pair: number) => void} [options.onPair]
 * @returns {Promise<PairCost[]>}
 */
export async function measureInTurn([a, b], { pairs, warmUp, onWarm, onPair }) {
  /** @type {PairCost[]} */
  const costs = [];
  for (let n = -warmUp; n < pairs; n++) {
    if (n === 0) await onWarm?.();
    const isReversed = n % 2 !== 0;
    const ofB = isReversed ? await costOf(b) : Number.NaN;
    const ofA = await costOf(a);
    /** @type {PairCost} */
    const cost = [ofA, isReversed ? ofB : await costOf(b)];
    if (n < 0) continue;
    costs.push(cost);
    onPair?.(cost, n + 1);
  }
  return costs;
}

/**
 * In microseconds of CPU for a delivery, in one slice.
 * @param {Side} side
 */
async function costOf(side) {
  const before = await side.cpuUs();
  const deliveries = await side.load();
  return ((await side.cpuUs()) - before) / deliveries;
}

/**
 * What B costs beside A, in each pair.
 * @param {readonly PairCost[]} costs
 */
export function ratiosOf(costs) {
  return costs.map(([a, b]) => b / a);
}

/**
 * Each server's CPU for a delivery, in microseconds.
 * @param {readonly PairCost[]} costs
 */
export function middleCosts(costs) {
  return [middleMean(costs.map(([a]) => a)), middleMean(costs.map(([, b]) => b))];
}
