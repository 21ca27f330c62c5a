/** Serves the match day from one `node:http` server, with Fanfare as a library. Run it: see README.md. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scoresApp } from './app.js';
import { newDeskCode } from './desk.js';
import { startFeed } from './feed/feed.js';

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

const desk = { tokenSecret: randomBytes(32).toString('base64url'), code: newDeskCode() };
const app = scoresApp(desk);
app.attach(server);
const apiKey = randomBytes(32).toString('base64url');
const closing = new AbortController();

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', async () => {
  // The HTTP API has a port of its own, which fans do not reach.
  const api = await app.listen(0, { api: { keys: [apiKey] }, clients: false });
  const log = { warn: (about: object, text: string) => console.warn(text, about) };
  const feed = await startFeed({ app, log, signal: closing.signal, api: { url: `${api.url}/api`, key: apiKey } });
  // safe: a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  console.log(`match day: http://127.0.0.1:${port}/`);
  console.log(`commentary: http://127.0.0.1:${port}/#/desk?code=${desk.code}`);
  console.log(`feed: ${feed}`);
});

process.once('SIGTERM', async () => {
  closing.abort();
  server.close();
  await app.close(5_000);
  server.closeAllConnections();
});
