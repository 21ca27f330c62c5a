/**
 * WebSockets that crossws holds: on a server of `node:http`, as Nitro and h3 have them, or as Vercel's runtime hands them to
 * a function.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import nodeAdapter from 'crossws/adapters/node';
import vercelAdapter from 'crossws/adapters/vercel';

/** Under this symbol Vercel's runtime has what it knows of the request that a function works for. */
const requestContext = Symbol.for('@vercel/request-context');

/**
 * @typedef {AsyncDisposable & { readonly port: number }} Platform
 * @typedef {import('../../../src/transports/websocket/socket-hooks.js').SocketHooks} SocketHooks
 * @typedef {(request: import('node:http').IncomingMessage, socket: import('node:stream').Duplex, head: Buffer) => void} OnUpgrade
 */

/**
 * @param {OnUpgrade} onUpgrade
 * @returns {Promise<Platform>}
 */
async function serve(onUpgrade) {
  const server = createServer((_, response) => response.writeHead(404).end());
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', onUpgrade);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // safe: it listens on TCP
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** @param {SocketHooks} hooks */
export function crosswsOnNode(hooks) {
  const { handleUpgrade } = nodeAdapter({ hooks });
  return serve((...upgrade) => void handleUpgrade(...upgrade));
}

/**
 * A function that exports `fetch`.
 *
 * @param {SocketHooks} hooks
 */
export function crosswsOnVercel(hooks) {
  const { handleWebUpgrade } = vercelAdapter({ hooks });
  return serve((req, socket, head) => {
    const headers = /** @type {Record<string, string>} */ (req.headers);
    const request = new Request(`http://${req.headers.host}${req.url}`, { headers });
    // Asked in the turn of the call.
    Object.assign(globalThis, {
      [requestContext]: { get: () => ({ upgradeWebSocket: () => ({ req, socket, head }) }) },
    });
    handleWebUpgrade(request).catch(() => socket.destroy());
    Reflect.deleteProperty(globalThis, requestContext);
  });
}
