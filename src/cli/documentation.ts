/** `/docs/` in development mode: the documentation as a site, where `npm run site` has built it beside dist/. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HttpEndpoint, HttpReply } from '../http/endpoint.js';
import { contentTypes } from '../server/static-files.js';

export const documentationPath = '/docs/';

/** Of a clone; no package has it. */
const built = fileURLToPath(new URL('../../.cache/site/html/', import.meta.url));

const types: Readonly<Record<string, string>> = { ...contentTypes, '.png': 'image/png' };

/** The site sets its colours before it is drawn, and code its own, with scripts and styles in the page. */
const headers = {
  'Content-Security-Policy':
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
} as const;

const absent = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Fanfare documentation</title>
<h1>The documentation is not built</h1>
<p>In a clone of Fanfare it is in the folder docs/. <code>npm run site</code> makes a site of it, which is shown here then.</p>
`;

/** Whether there is more to show than how to build it. */
export const documentationIsBuilt = (): boolean => existsSync(join(built, 'index.html'));

/** Everything below `/docs/`. Files are looked up at each request: the site may be built meanwhile. */
export const documentationEndpoint: HttpEndpoint = {
  method: 'GET',
  path: documentationPath,
  isPrefix: true,
  respond({ path }) {
    if (!documentationIsBuilt()) return html(path === documentationPath ? 200 : 404, absent);
    const asked = path.slice(documentationPath.length);
    const name = asked === '' || asked.endsWith('/') ? `${asked}index.html` : asked;
    const type = types[extname(name)];
    // Only what the folder lists: a path with `..` is none of it.
    const isThere = type !== undefined && filesOf(built).has(name);
    if (!isThere) return html(404, readFileSync(join(built, '404.html'), 'utf8'));
    return { status: 200, headers: { ...headers, 'Content-Type': type }, body: readFileSync(join(built, name)) };
  },
};

function html(status: number, body: string): HttpReply {
  return { status, headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' }, body };
}

function filesOf(folder: string): ReadonlySet<string> {
  return new Set(readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.split('\\').join('/')));
}
