/** An application with one-way endpoints behind a network that can be cut, and consumers of them. */

import { channel, fanfare, type Limits } from 'fanfare';
import { FaultProxy } from '../support/network/fault-proxy.js';

export function makeApp(limits: Limits = {}) {
  return fanfare({
    auth: ({ token }) => (token === undefined ? { user: null } : token.startsWith('user-') ? { user: token } : null),
    transports: { oneWay: true },
    limits,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'news:{name}': channel({ subscribe: 'anyone', history: { size: 5, ttl: '5m' }, presence: true }),
      'plain:{name}': channel({ subscribe: 'anyone' }),
      'lobby:{name}': channel({ subscribe: 'anyone', history: { size: 5 }, joinLeave: 'push' }),
      'cache:{name}': channel({ subscribe: 'anyone', history: { size: 3 }, recovery: 'cache' }),
      'members:{name}': channel({ subscribe: 'user', history: { size: 5 } }),
    },
  });
}

export async function startOneWay(limits: Limits = {}) {
  const app = makeApp(limits);
  const { port, url } = await app.listen(0);
  const proxy = await FaultProxy.start({ port });
  return {
    app,
    /** Straight to the server. */
    direct: url,
    /** Through the network that can be cut. */
    url: `http://127.0.0.1:${proxy.port}`,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await app.close(500);
    },
  };
}
