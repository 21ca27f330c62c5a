// @ts-check
/** Clients that all lose their connections, miss publications, and all reconnect at once to recover them. */
import { setTimeout as delay } from 'node:timers/promises';
import { expectExact } from '../pair.mjs';

const SETTLE_MS = 1000;

/**
 * @param {{ count: number, quickCount: number, missed: number }} clients
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function recovery({ count, quickCount, missed }) {
  return async (pair, quick) => {
    const clients = quick ? quickCount : count;
    await pair.start();
    await pair.open({ count: clients });
    await pair.load('drop', { count: clients });
    await delay(SETTLE_MS);
    await pair.fill(missed);
    await pair.load('begin', { publications: missed });
    const { result, ...use } = await pair.measured(async () => {
      const back = await /** @type {Promise<{ elapsedMs: number }>} */ (pair.load('reopen'));
      /** @type {import('../pair.mjs').RunResult} */
      const counted = await pair.load('result');
      expectExact(counted);
      return back;
    });
    await pair.load('check');
    return { figures: { cpuUs: use.cpuUs / clients, allBackSec: result.elapsedMs / 1e3 }, use };
  };
}
