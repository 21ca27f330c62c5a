// @ts-check
/** All servers under test listen in the same way: node:http on a free port of the loopback interface. */
import { once } from 'node:events';

/**
 * @param {import('node:http').Server} server
 * @returns {Promise<number>} the port
 */
export async function listenOnLoopback(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return address.port;
}
