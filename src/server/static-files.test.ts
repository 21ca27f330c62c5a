/** Files of one folder as endpoints. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { HttpReply } from '../http/endpoint.js';
import { staticEndpoints } from './static-files.js';

const folder = mkdtempSync(join(tmpdir(), 'fanfare-static-'));
mkdirSync(join(folder, 'js', 'deep.js'), { recursive: true });
const files = [
  ...['index.html', 'style.css', 'js/app.js', 'js/index.html', 'icon.svg', 'secrets.env', 'app.ts'],
  '.hidden',
];
for (const file of files) writeFileSync(join(folder, file), `content of ${file} ü`);
symlinkSync(join(folder, 'style.css'), join(folder, 'link.css'));
const endpoints = staticEndpoints(folder);

afterAll(() => rmSync(folder, { recursive: true }));

async function get(path: string): Promise<HttpReply | undefined> {
  const endpoint = endpoints.find((one) => one.path === path);
  const readBody = async () => undefined;
  return endpoint?.respond({ peer: '', headers: {}, path: endpoint.path, query: '', readBody });
}

test.each([
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/index.html', 'index.html', 'text/html; charset=utf-8'],
  ['/style.css', 'style.css', 'text/css; charset=utf-8'],
  ['/js/app.js', 'js/app.js', 'text/javascript; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
  ['/link.css', 'style.css', 'text/css; charset=utf-8'],
])('%s is %s with its type', async (path, file, type) => {
  const reply = await get(path);
  expect([reply?.status, reply?.body, reply?.headers?.['Content-Type']]).toEqual([200, `content of ${file} ü`, type]);
});

const unserved = ['/secrets.env', '/app.ts', '/.hidden', '/js', '/js/', '/js/deep.js', '/nothing.js'];
test.each(unserved)('%s is not served', async (path) => expect(await get(path)).toBeUndefined());

test('B104: a path is a name in a table, so none leads out of the folder', () => {
  expect(endpoints.map(({ path }) => path).sort()).toEqual([
    '/',
    '/icon.svg',
    '/index.html',
    '/js/app.js',
    '/js/index.html',
    '/link.css',
    '/style.css',
  ]);
});

test('B101 B102: pages load from their own host only, and nobody frames them', async () => {
  const policy = (await get('/'))?.headers?.['Content-Security-Policy'];
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
});

test('files that change later are served as they were at the start', async () => {
  writeFileSync(join(folder, 'style.css'), 'changed');
  expect((await get('/style.css'))?.body).toBe('content of style.css ü');
});

test('a folder that is not there is an error at once', () => {
  expect(() => staticEndpoints(join(folder, 'missing'))).toThrow('ENOENT');
});

test('a prefix puts the folder elsewhere', () => {
  const paths = staticEndpoints(folder, '/pages/').map(({ path }) => path);
  expect(paths).toContain('/pages/');
  expect(paths).toContain('/pages/style.css');
  expect(paths).toContain('/pages/js/app.js');
  expect(paths.every((path) => path.startsWith('/pages/'))).toBe(true);
});
