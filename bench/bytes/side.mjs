// @ts-check
/** `fanfare serve` with subscribers that use certain options: one side of a comparison in turn. */
import { fileURLToPath } from 'node:url';
import { Child } from '../shared/ipc.mjs';
import { CLIENT_CORE, SERVER_CORE } from '../shared/measure.mjs';
import { cpuUsOf } from '../shared/process-use.mjs';
import { startServer } from './servers.mjs';

/** @typedef {import('./rows.mjs').Option} Option */
/** Of one side. @typedef {{ load: string, subscribers: number, ratePerSec: number, sliceMs: number, pinned: boolean }} Plan */
/**
 * @typedef {import('../shared/in-turn.mjs').Side & { pids: number[], bytesPerDelivery: () => number, close: () => Promise<void> }} BytesSide
 * `bytesPerDelivery`: on the wire, of the last slice
 */

/** Subscribers must all have the same frames. */
const WITHOUT_PINGS = { limits: { pingInterval: '0s' } };

/**
 * Resolves when its subscribers are there, and the server has compiled what it does for them.
 * @param {Option[]} options of the server
 * @param {Option[][]} combinations of them, which the subscribers use in turn
 * @param {Plan} plan
 * @returns {Promise<BytesSide>}
 */
export async function startSide(options, combinations, { load, subscribers, ratePerSec, sliceMs, pinned }) {
  const row = { server: /** @type {const} */ ('fanfare'), options };
  const server = await startServer(row, pinned ? SERVER_CORE : null, WITHOUT_PINGS);
  if (typeof server === 'string') throw new Error(server);
  const audience = new Child({
    name: 'audience',
    script: fileURLToPath(new URL('audience.mjs', import.meta.url)),
    core: pinned ? CLIENT_CORE : null,
  });
  const close = async () => {
    await Promise.all([audience.close(), server.close()]);
  };
  try {
    await audience.request('join', { port: server.port, load, options, combinations, subscribers });
  } catch (error) {
    await close();
    throw error;
  }
  const publications = Math.ceil((ratePerSec * sliceMs) / 1e3);
  let bytesPerDelivery = Number.NaN;
  return {
    pids: [server.pid, audience.pid],
    cpuUs: () => cpuUsOf(server.pid),
    bytesPerDelivery: () => bytesPerDelivery,
    close,
    async load() {
      /** @type {{ deliveries: number, bytes: number }} */
      const { deliveries, bytes } = await audience.request('deliver', { publications, ratePerSec });
      bytesPerDelivery = bytes / deliveries;
      return deliveries;
    },
  };
}
