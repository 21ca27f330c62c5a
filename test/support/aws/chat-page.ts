/** The files of the chat example's page, as the distribution in front of functions would have them. */

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

const folder = new URL('../../../dist/examples-chat/', import.meta.url);
const files: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
};

export function chatFiles(request: IncomingMessage, response: ServerResponse): void {
  const [name, type] = files[request.url ?? ''] ?? [];
  if (name === undefined) response.writeHead(404).end();
  else response.writeHead(200, { 'Content-Type': type }).end(readFileSync(new URL(name, folder)));
}
