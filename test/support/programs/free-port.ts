/** A port that nobody listened on a moment ago, for programs that have to be told one. */

import { createServer } from 'node:net';
import { closed, listening } from '../servers/local-server.js';

/** Somebody else may be quicker to take it, though not soon: the system hands out others first. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await closed(server);
  return port;
}
