/** A port that nobody listens on, for programs that have to be told one. */

import { createServer } from 'node:net';
import { closed, listening, ofPrograms, type PortRange } from '../servers/local-server.js';

/** More than there are workers at a time. */
const numShares = 8;
/** Programs have taken theirs by then, and many have ended. */
const maxRemembered = 500;
const given = new Set<number>();

/** Nobody else is given it before the program has taken it: each worker has a share of the ports. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = await listening(server, undefined, ownShare());
    await closed(server);
    if (given.has(port)) continue;
    if (given.size === maxRemembered) given.clear();
    given.add(port);
    return port;
  }
}

function ownShare(): PortRange {
  const [first, afterLast] = ofPrograms;
  const size = (afterLast - first) / numShares;
  const share = Number(process.env.VITEST_POOL_ID ?? 0) % numShares;
  return [first + share * size, first + (share + 1) * size];
}
