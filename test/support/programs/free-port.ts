/** A port that nobody listens on, for programs that have to be told one. */

import { createServer } from 'node:net';
import { closed, listening } from '../servers/local-server.js';

/** Only somebody else who asks here could take it, and that by chance: systems hand out others. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await closed(server);
  return port;
}
