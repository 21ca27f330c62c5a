// @ts-check
/** A server under test with a load client of its own: one side of a comparison in turn. */
import { deliver, faultsOf, HOST, startClient, startServer } from './measure.mjs';

/** @typedef {import('./in-turn.mjs').Side} Side */
/** @typedef {Side & { port: number, host: import('./ipc.mjs').Child, pids: number[], close: () => Promise<void> }} RunningSide */

/**
 * Resolves when its subscribers are there.
 * @param {object} options
 * @param {string} options.server name of a file in servers/, a Fanfare
 * @param {string} [options.bench] the bench folder of another checkout, whose server it is
 * @param {import('../end-to-end/scenarios.mjs').DeliveryScenario} options.scenario
 * @param {number} options.sliceMs
 * @param {boolean} options.pinned whether processes can be pinned to cores
 * @returns {Promise<RunningSide>}
 */
export async function startSide({ server, bench, scenario, sliceMs, pinned }) {
  const { host, port } = await startServer(server, pinned, bench);
  const client = startClient(pinned);
  const close = async () => {
    await Promise.all([client.close(), host.close()]);
  };
  try {
    await client.request('open', { dialect: 'fanfare', host: HOST, port, count: scenario.subscribers });
    if (scenario.isFromOutside) await client.request('openPublisher', { host: HOST, port });
  } catch (error) {
    await close();
    throw error;
  }
  const publications = Math.ceil((scenario.ratePerSec * sliceMs) / 1e3);
  return {
    host,
    port,
    pids: [host.pid, client.pid],
    close,
    async load() {
      await client.request('begin', { publications });
      const { result } = await deliver({ host, client }, scenario, publications);
      const faults = faultsOf(server, result);
      if (faults.length > 0) throw new Error(faults.join('; '));
      return result.deliveries;
    },
    async cpuUs() {
      /** @type {import('./measure.mjs').Cpu} */
      const { user, system } = await host.request('cpu');
      return user + system;
    },
  };
}
