/** Fanfare as a process of its own. Pages are those of Next.js, which connect here from another port. */

import { createServer } from 'node:http';
import { listening, type Running } from './listening.ts';

/** @param port 0: any that is free */
export function start(port: number, host?: string): Promise<Running> {
  const server = createServer((_, response) => void response.writeHead(404).end('pages are on port 3000\n'));
  return listening(server, port, host);
}
