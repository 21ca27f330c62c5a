// @ts-check
/**
 * Clients of functions that hold sockets for a time, each counting what it gets. Run as a process of its own, it takes what to do
 * from its parent, since one process cannot read for 200 clients.
 */
import { Centrifuge } from 'centrifuge';
import { WebSocket } from 'ws';

/**
 * @typedef {{ readonly urls: readonly string[], readonly count: number }} Wanted
 * @typedef {object} Outcome
 * @property {readonly number[]} last of each client: the offset of its last publication
 * @property {number} numWrong publications that did not follow the one before
 * @property {number} numUnrecovered times that the server said that it could not
 * @property {readonly number[]} codes with which clients were sent away
 * @property {number} fewestAways of one client
 * @property {Readonly<Record<string, number>>} steady by milliseconds, how many publications took so long that did not come with a
 *   recovery
 */

/** @param {Wanted} wanted */
export function startWatchers({ urls, count }) {
  /** @type {number[]} */
  const last = Array.from({ length: count }, () => 0);
  const aways = [...last];
  /** @type {number[]} */
  const codes = [];
  /** @type {Record<string, number>} */
  const steady = {};
  let [numWrong, numUnrecovered] = [0, 0];
  const clients = last.map((_, client) => {
    // No affinity: as a load balancer has it, the next connection is to another function.
    let turn = client;
    class Socket extends WebSocket {
      constructor() {
        super(urls[turn++ % urls.length] ?? '');
      }
    }
    const sdk = new Centrifuge('ws://unused', {
      websocket: Socket,
      minReconnectDelay: 1,
      maxReconnectDelay: 20,
      timeout: 20_000,
    });
    const room = sdk.newSubscription('stream:a');
    let isRecovering = false;
    room.on('subscribed', ({ wasRecovering, recovered }) => {
      if (wasRecovering && !recovered) numUnrecovered++;
      // What was missed follows in the same turn.
      isRecovering = true;
      setTimeout(() => {
        isRecovering = false;
      });
    });
    room.on('publication', ({ data, offset = 0 }) => {
      if (offset - 1 !== last[client]) numWrong++;
      last[client] = offset;
      if (isRecovering) return;
      const ms = Date.now() - data.atMs;
      steady[ms] = (steady[ms] ?? 0) + 1;
    });
    sdk.on('connecting', ({ code }) => {
      if (code === 0) return;
      aways[client] = (aways[client] ?? 0) + 1;
      codes.push(code);
    });
    room.subscribe();
    sdk.connect();
    return { sdk, room };
  });
  return {
    ready: () => Promise.all(clients.map(({ room }) => room.ready(60_000))),
    /** @returns {Outcome} */
    outcome: () => ({ last, numWrong, numUnrecovered, codes, fewestAways: Math.min(...aways), steady }),
    stop: () => {
      for (const { sdk } of clients) sdk.disconnect();
    },
  };
}

if (process.argv[2] === 'watch') {
  /** @type {ReturnType<typeof startWatchers> | undefined} */
  let watchers;
  process.on('message', async (message) => {
    const asked = /** @type {Wanted | 'outcome'} */ (message);
    if (asked !== 'outcome') {
      watchers = startWatchers(asked);
      await watchers.ready();
    }
    process.send?.(watchers?.outcome());
  });
  process.on('disconnect', () => process.exit());
}
