/** Serves the chat page and its realtime endpoint from one `node:http` server. Run it: see README.md. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chatApp } from './app.js';

const headers = {
  'Content-Security-Policy': "default-src 'self'; img-src 'self' data:",
  'X-Content-Type-Options': 'nosniff',
};

const files = new Map<string, { readonly type: string; readonly body: Buffer }>();
for (const [path, name, type] of [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/app.js', 'app.js', 'text/javascript; charset=utf-8'],
  ['/style.css', 'style.css', 'text/css; charset=utf-8'],
] as const) {
  files.set(path, { type, body: readFileSync(new URL(name, import.meta.url)) });
}

const server = createServer((request, response) => {
  const file = request.method === 'GET' ? files.get(request.url ?? '') : undefined;
  if (file === undefined) response.writeHead(404, headers).end();
  else response.writeHead(200, { ...headers, 'Content-Type': file.type }).end(file.body);
});

const app = chatApp();
app.attach(server);
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  // safe: a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  console.log(`chat: http://127.0.0.1:${port}/`);
});

process.once('SIGTERM', async () => {
  server.close();
  await app.close(5_000);
  server.closeAllConnections();
});
