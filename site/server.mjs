// @ts-check
/** Serves the built site on this machine, and passes calls of the HTTP API on to a Fanfare beside it. */

import { existsSync, readFileSync } from 'node:fs';
import { request as call, createServer } from 'node:http';
import { extname, join, posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { base, html } from './places.mjs';

/** @type {Readonly<Record<string, string>>} */
const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.yaml': 'text/plain; charset=utf-8',
};

/**
 * @param {{ port?: number, api?: string }} options `port` 0 takes a free one; `api` is the address of a Fanfare, to which `/api/` goes
 * @returns {Promise<{ url: string, close: () => void }>} where the first page is
 */
export async function serveSite({ port = 0, api = 'http://127.0.0.1:8000' } = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site.invalid');
    if (pathname === '/') return response.writeHead(302, { Location: base }).end();
    if (pathname.startsWith('/api/')) return passOn(request, response, api);
    const found = fileAt(pathname);
    if (found === undefined) {
      response.writeHead(404, { 'Content-Type': 'text/html; charset=utf-8' });
      return response.end(readFileSync(join(html, '404.html')));
    }
    const type = types[extname(found)] ?? 'application/octet-stream';
    const headers = { 'Content-Type': type, 'Cache-Control': 'no-cache' };
    const body = readFileSync(found);
    if (type === 'image/png' || !/\bgzip\b/.test(`${request.headers['accept-encoding']}`)) {
      response.writeHead(200, headers);
      return response.end(body);
    }
    response.writeHead(200, { ...headers, 'Content-Encoding': 'gzip' });
    response.end(gzipSync(body));
  });
  await new Promise((listening, failed) =>
    server.once('error', failed).listen(port, '127.0.0.1', () => listening(undefined)),
  );
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${actual}${base}`, close };
}

/**
 * @param {string} pathname as it was sent
 * @returns {string | undefined} the file, which is never outside of the site
 */
function fileAt(pathname) {
  /** @type {string} */
  let path;
  try {
    path = posix.normalize(decodeURIComponent(pathname));
  } catch {
    return undefined; // no address that anything has
  }
  if (!path.startsWith(base) || path.includes('\0')) return undefined;
  const file = join(html, path.slice(base.length), path.endsWith('/') ? 'index.html' : '');
  return existsSync(file) && extname(file) !== '' ? file : undefined;
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} api
 */
function passOn(request, response, api) {
  const { origin: _, host: __, ...headers } = request.headers;
  const onward = call(new URL(request.url ?? '/', api), { method: request.method ?? 'GET', headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  });
  onward.on('error', ({ message }) => {
    response.writeHead(502, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`no Fanfare answers at ${api}: ${message}\n`);
  });
  request.pipe(onward);
}
