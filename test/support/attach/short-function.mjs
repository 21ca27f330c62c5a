// @ts-check
/**
 * An application on a platform that ends every socket after its time, whatever it is doing. Run as a process of its own, it
 * takes what to do from its parent.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { channel, fanfare } from 'fanfare';
import { redis } from 'fanfare/redis';

/**
 * @typedef {{ readonly url: string, readonly prefix: string }} Stored where the broker keeps everything
 * @typedef {object} Platform
 * @property {Stored} stored
 * @property {number} maxConnectionMs
 * @property {boolean} isTold whether the application knows of it
 * @typedef {{ readonly url: string, readonly numCut: number }} FunctionState where clients connect, and how many were cut
 */

/** @type {import('../../../src/engine/ports/logger.js').Logger} */
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** @param {Stored} stored */
export function streamApp(stored) {
  return fanfare({
    anonymous: true,
    broker: redis(stored),
    // As long as its history is, however slow a machine is.
    limits: { maxRecoveredPublications: 10_000 },
    channels: { 'stream:{n}': channel({ subscribe: 'anyone', history: { size: 10_000 } }) },
    log: silent,
  });
}

/** @param {Platform} platform */
export async function startFunction({ stored, maxConnectionMs, isTold }) {
  const app = streamApp(stored);
  const http = createServer();
  let numCut = 0;
  http.on('connection', (socket) => {
    const timer = setTimeout(() => {
      numCut++;
      socket.destroy();
    }, maxConnectionMs);
    socket.on('close', () => clearTimeout(timer));
  });
  app.attach(http, isTold ? { maxConnectionMs } : {});
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // safe: it listens on TCP
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  return {
    /** @returns {FunctionState} */
    state: () => ({ url: `ws://127.0.0.1:${port}/connection/websocket`, numCut }),
    async stop() {
      await app.close(500);
      http.close();
      http.closeAllConnections();
    },
  };
}

if (process.argv[2] === 'serve') {
  /** @type {Awaited<ReturnType<typeof startFunction>> | undefined} */
  let running;
  process.on('message', async (message) => {
    const asked = /** @type {Platform | 'state'} */ (message);
    if (asked !== 'state') running = await startFunction(asked);
    process.send?.(running?.state());
  });
  process.on('disconnect', () => process.exit());
}
