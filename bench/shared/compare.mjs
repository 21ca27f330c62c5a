// @ts-check
/** A whole comparison in turn: starts two servers, measures them, tells what the machine did besides, and ends them. */
import { measureInTurn, middleCosts, ratiosOf } from './in-turn.mjs';
import { watchOthers } from './machine.mjs';
import { CORES } from './measure.mjs';
import { pairedRatio } from './paired-ratio.mjs';

/** `pids`: of its processes. @typedef {import('./in-turn.mjs').Side & { pids: number[], close: () => Promise<void> }} Closable */

/**
 * @template {Closable} T
 * @param {readonly [() => Promise<T>, () => Promise<T>]} starts
 * @param {Parameters<typeof measureInTurn>[1]} options
 */
export async function compare([startA, startB], options) {
  const a = await startA();
  try {
    const b = await startB();
    try {
      const others = watchOthers(CORES, [...a.pids, ...b.pids]);
      const costs = await measureInTurn([a, b], options);
      const machine = others();
      return { sides: [a, b], ratio: pairedRatio(ratiosOf(costs)), costsUs: middleCosts(costs), machine };
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}
