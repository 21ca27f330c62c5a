// @ts-check
/** Clients that all come at the same moment: when the last one is there, and how long those who are there are kept waiting. */
import { setTimeout as delay } from 'node:timers/promises';

const WARM_UP = 200;
const SETTLE_MS = 1500;

/**
 * @param {{ count: number, quickCount: number }} clients
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function storm({ count, quickCount }) {
  return async (pair, quick, peer) => {
    const clients = quick ? quickCount : count;
    const all = { count: clients, inFlight: clients };
    const forget = async () => {
      await pair.load('forget');
      await delay(SETTLE_MS);
    };
    await pair.start();
    await pair.open({ count: WARM_UP });
    await forget();
    // Only Node's event loop can be watched.
    const isNode = peer !== 'centrifuge';
    if (isNode) await pair.order('lag');
    const { result, ...use } = await pair.measured(() => pair.open(all));
    /** @type {{ maxMs: number } | null} */
    const lag = isNode ? await pair.order('endLag') : null;
    await pair.load('check');
    await forget();
    const figures = { allSec: result.elapsedMs / 1e3, cpuUs: use.cpuUs / clients, ...(lag && { stopMs: lag.maxMs }) };
    if (peer !== 'fanfare') return { figures, use };
    const full = await pair.start({ connectsPerSec: 1 });
    const refused = await pair.measured(() => pair.open({ ...all, badTokens: true }, full));
    return { figures: { ...figures, refusedUs: refused.cpuUs / clients }, use };
  };
}
