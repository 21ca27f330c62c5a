// @ts-check
/** Commands of connected clients, one pending per client: publications, calls of a procedure, pages of history. */
import { expectExact } from '../pair.mjs';

/**
 * Each client publishes to its own channel and receives the publication, or calls a procedure that returns its argument.
 * @param {{ kind: 'publish' | 'rpc', clients: number, count: number }} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function commands({ kind, clients, count }) {
  return async (pair, quick) => {
    await pair.start();
    await pair.open({ count: clients, channels: clients });
    return asked(pair, { kind, count: quick ? count / 10 : count, payloadBytes: 128 });
  };
}

/**
 * @param {{ limit: number, kept: number, pages: number }} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function historyPages({ limit, kept, pages }) {
  return async (pair, quick) => {
    await pair.start({ historySize: kept });
    await pair.fill(kept);
    await pair.open({ count: 20 });
    const outcome = await asked(pair, { kind: 'history', count: quick ? pages / 10 : pages, limit, kept });
    return { ...outcome, figures: { cpuUs: Number(outcome.figures.cpuUs) / limit } };
  };
}

/**
 * @param {import('../pair.mjs').Pair} pair
 * @param {{ kind: string, count: number, payloadBytes?: number, limit?: number, kept?: number }} asking
 */
async function asked(pair, asking) {
  const ask = async (/** @type {number} */ count) => {
    /** @type {import('../pair.mjs').RunResult} */
    const result = await pair.load('ask', { ...asking, count });
    expectExact(result);
    if (result.replies !== count) throw new Error(`${result.replies} replies to ${count} commands`);
    return result;
  };
  await ask(Math.ceil(asking.count / 4));
  await pair.collectGarbage();
  const { result, ...use } = await pair.measured(() => ask(asking.count));
  await pair.load('check');
  return {
    figures: { cpuUs: use.cpuUs / asking.count, perSec: (1e3 * asking.count) / result.elapsedMs },
    use,
  };
}
