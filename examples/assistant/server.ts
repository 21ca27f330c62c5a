/**
 * Serves the page and the assistant from one `node:http` server; several of them share their chats over Redis. PORT, REDIS_URL,
 * and ASSISTANT_PACE, the milliseconds between two words. Run it: see README.md.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redis } from 'fanfare/redis';
import { assistantApp } from './app.js';

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

const { PORT = '3000', REDIS_URL, ASSISTANT_PACE = '40' } = process.env;
const app = assistantApp({
  paceMs: Number(ASSISTANT_PACE),
  ...(REDIS_URL !== undefined && { broker: redis(REDIS_URL) }),
});
app.attach(server);
server.listen(Number(PORT), '127.0.0.1', () => {
  // safe: a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  console.log(`assistant: http://127.0.0.1:${port}/`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close();
    await app.close(5_000);
    server.closeAllConnections();
  });
}
