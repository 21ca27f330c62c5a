/** docs/guide/backend.md, followed from its first command to its last against a fresh server, with its page in a browser. */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { apiMethods } from '../../src/http/api/methods.js';
import { fanfare } from '../cli/fanfare-process.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { pythonIsMissing } from '../support/programs/python.js';
import { closed, listening } from '../support/servers/local-server.js';
import { readPage, root } from './page.js';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

const path = 'docs/guide/backend.md';

const toClose: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** The page's own web server: renders page.html with a token for user 42. */
async function serveWithToken(folder: string, port: number): Promise<void> {
  const html = await readFile(join(folder, 'page.html'), 'utf8');
  const secret = await readFile(join(folder, 'token.key'), 'utf8');
  const { stdout: token } = await fanfare(['token', '--user', '42'], { env: { FANFARE_TOKEN_SECRET: secret.trim() } });
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(html.replace('{{token}}', token.trim()));
  });
  await listening(server, port);
  toClose.push(() => closed(server));
}

test.skipIf(curlIsMissing())('every command of the page does what the page says', { timeout: patienceMs }, async () => {
  await using reader = await Reader.start();
  const port = reader.ports.get('3000') ?? 0;
  const inBrowser: (() => Promise<void>)[] = [];
  const openPage = async () => {
    await serveWithToken(reader.folder, port);
    const browser = await launchBrowser();
    toClose.push(() => browser.close());
    const page = await browser.newPage();
    const sdk = `${root}node_modules/centrifuge/dist/centrifuge.js`;
    await page.route('https://unpkg.com/**', (route) => route.fulfill({ path: sdk, contentType: 'text/javascript' }));
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(() => document.title === 'Listening');
    inBrowser.push(() => page.getByText('hello, browser').waitFor());
  };
  await reader.follow(path, {
    leaveOut: pythonIsMissing() ? ['python', 'drive.py'] : [],
    ...(!chromiumIsMissing() && { before: { browser: openPage } }),
  });
  for (const seen of inBrowser) await seen();
});

test('the page lists every method of the API', () => {
  const table = readPage(path).split('## All methods')[1]?.split('\n## ')[0] ?? '';
  const listed = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(listed.sort()).toEqual([...apiMethods.map(({ name }) => name), 'batch'].sort());
});
