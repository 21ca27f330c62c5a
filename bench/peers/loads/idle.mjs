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
    const memory = async () => {
      // V8's young generation: it grows with the connects, does not shrink in silence, and has nothing in it.
      const { young } = /** @type {{ young?: number }} */ ((await request?.('memory')) ?? {});
      if (!request) await delay(SETTLE_MS);
      const resident = residentBytesOf(pid);
      return { resident, old: young === undefined ? undefined : resident - young };
    };
    // Memory that is loaded with the first connection does not count.
    await pair.open({ count: WARM_UP, channels: CHANNELS, perClient });
    await pair.load('forget');
    await delay(SETTLE_MS / 3);
    const before = await memory();
    await pair.open({ count: clients, channels: CHANNELS, perClient });
    const after = await memory();
    await pair.load('check');
    const kib = (/** @type {number} */ bytes) => bytes / 1024 / clients;
    const oldKib = after.old === undefined || before.old === undefined ? {} : { oldKib: kib(after.old - before.old) };
    return { figures: { kib: kib(after.resident - before.resident), ...oldKib, clients }, use: null };
  };
}
