// @ts-check
/** Connections that are subscribed and silent: the growth of the server's resident memory for each. */
import { setTimeout as delay } from 'node:timers/promises';
import { residentBytesOf } from '../../shared/process-use.mjs';

const WARM_UP = 200;
const CHANNELS = 100;
/** A server without a request for it collects garbage by itself. */
const SETTLE_MS = 3000;

/**
 * @param {{ count: number, quickCount: number, perClient: number }} clients
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function idle({ count, quickCount, perClient }) {
  return async (pair, quick) => {
    const clients = quick ? quickCount : count;
    const { pid, request } = await pair.start();
    const resident = async () => {
      if (request) await request('memory');
      else await delay(SETTLE_MS);
      return residentBytesOf(pid);
    };
    // Memory that is loaded with the first connection does not count.
    await pair.open({ count: WARM_UP, channels: CHANNELS, perClient });
    await pair.load('forget');
    await delay(SETTLE_MS / 3);
    const before = await resident();
    await pair.open({ count: clients, channels: CHANNELS, perClient });
    const after = await resident();
    await pair.load('check');
    return { figures: { kib: (after - before) / 1024 / clients, clients }, use: null };
  };
}
