/** A port that nobody listens on, for programs that have to be told one. */

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { closed, listening } from '../servers/local-server.js';

/** Below those that systems give to connections and to whoever listens on any port: thousands of these come and go meanwhile. */
const [first, afterLast] = [10_000, 32_000] as const;
const tries = 100;

/** Only somebody else who asks here could take it, and that by chance. @throws Error when all that were tried are taken */
export async function freePort(): Promise<number> {
  for (let left = tries; left > 0; left--) {
    const port = randomInt(first, afterLast);
    const server = createServer();
    try {
      await listening(server, port);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') continue;
      throw error;
    }
    await closed(server);
    return port;
  }
  throw new Error(`none of ${tries} ports between ${first} and ${afterLast} is free`);
}
