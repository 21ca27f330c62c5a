/** A port that nobody listened on a moment ago, for programs that have to be told one. */

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Somebody else may be quicker to take it, though not soon: the system hands out others first. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a port was asked for');
  return address.port;
}
