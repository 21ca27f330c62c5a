/** Serves the files of one folder, read once, so that no other files can be requested. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { HttpEndpoint } from '../http/endpoint.js';

/** By ending. */
export const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

/** Pages may only load from their own host, and may not be framed. */
const pageHeaders = {
  'Content-Security-Policy':
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
} as const;

/**
 * One endpoint for each text file; `index.html` is also the folder itself.
 *
 * @param prefix of their paths; begins and ends with a slash
 */
export function staticEndpoints(folder: string, prefix = '/'): HttpEndpoint[] {
  const endpoints: HttpEndpoint[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(folder, name);
    const type = contentTypes[extname(name)];
    if (type === undefined || !statSync(file).isFile()) continue;
    const body = readFileSync(file, 'utf8');
    const respond = () => ({ status: 200, headers: { 'Content-Type': type, ...pageHeaders }, body });
    endpoints.push({ method: 'GET', path: `${prefix}${name.split('\\').join('/')}`, respond });
    if (name === 'index.html') endpoints.push({ method: 'GET', path: prefix, respond });
  }
  return endpoints;
}
