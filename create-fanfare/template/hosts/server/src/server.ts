/** Fanfare on a server of Node, which also has the page. */

import { createServer } from 'node:http';
import { listening, type Running } from './listening.ts';
import { pageFile } from './page.ts';

/** @param port 0: any that is free */
export function start(port: number, host?: string): Promise<Running> {
  const server = createServer(async (request, response) => {
    const file = await pageFile(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (file === undefined) response.writeHead(404).end('not found\n');
    else response.writeHead(200, { 'Content-Type': file.type }).end(file.text);
  });
  return listening(server, port, host);
}
