/**
 * Serves the page and the arena from one `node:http` server; several of them share their rooms over Redis. PORT, REDIS_URL,
 * ARENA_CAPACITY and ARENA_FILL, the most players and the least ships of a room, and ARENA_KEEP, the seconds for which the place
 * of a player who is away is kept. Run it: see README.md.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redis } from 'fanfare/redis';
import { pino } from 'pino';
import { arenaApp } from './app.js';
import { keepSeatSec } from './game/rules.js';

const headers = {
  'Content-Security-Policy': "default-src 'self'; img-src 'self' data:; style-src 'self'",
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

const { PORT = '3000', REDIS_URL, ARENA_ORIGINS } = process.env;
const { ARENA_CAPACITY = '10', ARENA_FILL = '6', ARENA_KEEP = String(keepSeatSec) } = process.env;
const app = arenaApp({
  log: pino({ level: 'warn' }),
  capacity: Number(ARENA_CAPACITY),
  fillTo: Number(ARENA_FILL),
  keepSeatSec: Number(ARENA_KEEP),
  ...(REDIS_URL !== undefined && { broker: redis(REDIS_URL) }),
  ...(ARENA_ORIGINS !== undefined && { origins: ARENA_ORIGINS.split(',') }),
});
app.attach(server);
server.listen(Number(PORT), '127.0.0.1', () => {
  // safe: a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  console.log(`arena: http://127.0.0.1:${port}/`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close();
    await app.close(5_000);
    server.closeAllConnections();
  });
}
