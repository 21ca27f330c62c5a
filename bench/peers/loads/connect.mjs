// @ts-check
/** Clients that connect with a token and subscribe: to a server that has just started, once more, and with wrong tokens. */
import { setTimeout as delay } from 'node:timers/promises';
import { PEERS } from '../peers.mjs';

/** Until the ends of earlier connections are processed. */
const SETTLE_MS = 500;

/**
 * @param {{ count: number, quickCount: number }} clients
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function connects({ count, quickCount }) {
  return async (pair, quick, peer) => {
    const clients = quick ? quickCount : count;
    await pair.start();
    const cold = await pair.measured(() => pair.open({ count: clients }));
    await pair.load('check');
    await pair.load('forget');
    await delay(SETTLE_MS);
    const warm = await pair.measured(() => pair.open({ count: clients }));
    await pair.load('forget');
    await delay(SETTLE_MS);
    const figures = {
      coldUs: cold.cpuUs / clients,
      coldSec: cold.elapsedMs / 1e3,
      warmUs: warm.cpuUs / clients,
    };
    if (PEERS[peer].dialect !== 'centrifugal') return { figures, use: cold };
    const refused = await pair.measured(() => pair.open({ count: clients, badTokens: true }));
    return { figures: { ...figures, refusedUs: refused.cpuUs / clients }, use: cold };
  };
}
