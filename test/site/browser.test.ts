/** The documentation as a site: complete, every link good, nothing from elsewhere, read on a desktop and a phone, searched. */

import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { mainPages } from '../../site/main-pages.mjs';
import { pageOf, sections } from '../../site/pages.mjs';
import { html, problemsFile } from '../../site/places.mjs';
import { serveSite } from '../../site/server.mjs';
import { FanfareProcess } from '../cli/fanfare-process.js';
import { markdownIn, root } from '../docs/page.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { buildSite, builtPages, faultsOf } from './built-site.js';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

beforeAll(buildSite, 600_000);

test('every page of docs/ is a page of the site, and docs/README.md puts each of the guide and of operations into its sidebar', () => {
  const files = markdownIn(`${root}docs`);
  expect(files.length).toBeGreaterThan(30);
  const missing = files.filter((file) => !existsSync(join(html, pageOf(file).replace(/\.md$/, '.html'))));
  expect(missing).toEqual([]);
  const linked = sections().flatMap(({ items }) => items.map(({ link }) => link));
  const pages = files.filter((file) => /^docs\/\w+\/./.test(file)).map((file) => `/${pageOf(file)}`);
  expect(linked).toEqual(expect.arrayContaining(pages));
});

test('docstrings of public names say what they have to', () => {
  expect(JSON.parse(readFileSync(problemsFile, 'utf8'))).toEqual([]);
});

test('every link leads to a file, and to a heading that is there', { timeout: 120_000 }, () => {
  const pages = builtPages();
  expect(pages).toEqual(expect.arrayContaining(['index.html', 'protocol.html', 'guide/channels.html']));
  const faults = pages.flatMap((page) => faultsOf(page).map((fault) => `${page}: ${fault}`));
  expect(faults).toEqual([]);
});

describe.skipIf(chromiumIsMissing())('in Chromium', () => {
  let browser: Browser;
  let site: Awaited<ReturnType<typeof serveSite>>;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launchBrowser(), serveSite()]);
  });
  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  it.each([
    ['a light desktop', 'light', 1280],
    ['a dark phone', 'dark', 390],
  ] as const)(
    'on %s main pages fit, take nothing from elsewhere, and axe finds nothing serious',
    {
      timeout: 300_000,
    },
    async (_, colorScheme, width) => {
      await using context = await browser.newContext({ colorScheme, viewport: { width, height: 844 } });
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('request', (request) => {
        if (!request.url().startsWith(site.url) && !request.url().startsWith('data:')) faults.push(request.url());
      });
      page.on('pageerror', ({ message }) => faults.push(message));
      for (const path of mainPages) {
        await page.goto(site.url + path);
        await page.getByRole('heading', { level: 1 }).first().waitFor();
        faults.push(...(await problemsOf(page)).map((problem) => `${path}: ${problem}`));
      }
      expect(faults).toEqual([]);
    },
  );

  it('is part of the development mode, with nothing else of the machine', { timeout: 180_000 }, async () => {
    await using server = new FanfareProcess(['dev', '--port', '0']);
    const url = await server.listening();
    await server.seen('stdout', /documents .*\/docs\//);
    await using context = await browser.newContext();
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(`${url}/examples/`);
    await page.getByRole('link', { name: 'documentation' }).click();
    await page.getByRole('link', { name: 'Get started' }).click();
    await page.getByRole('heading', { level: 1, name: 'Getting started' }).waitFor();
    expect(faults).toEqual([]);
    for (const path of ['../pages/index.md', '%2e%2e/pages/index.md', '..%2fpages%2findex.md', 'nothing.html', 'guide'])
      expect([path, await statusOf(url, `/docs/${path}`)]).toEqual([path, 404]);
  });

  it('calls methods of the HTTP API of the server that shows it', { timeout: 180_000 }, async () => {
    const key = 'a-key-of-the-test-with-32-bytes-at-least';
    await using server = new FanfareProcess(['dev', '--port', '0'], { env: { FANFARE_API_KEYS: key } });
    const url = await server.listening();
    await using context = await browser.newContext();
    const page = await context.newPage();
    await visit(page, `${url}/docs/reference/http.html`);
    const form = page.locator('try-it[path="/api/publish"]');
    await form.getByText('Try it').click();
    const call = async (withKey: string) => {
      await form.getByLabel('Key').fill(withKey);
      await form.getByRole('button', { name: 'Call' }).click();
      const answer = form.getByRole('status').filter({ hasText: /^\d{3} / });
      return (await answer.textContent()) ?? '';
    };
    expect(await call('none')).toMatch(/^401 /);
    expect(await call(key)).toMatch(/^200 [\s\S]*"result":/);
  });

  it('is searched without a network', { timeout: 180_000 }, async () => {
    await using context = await browser.newContext();
    const page = await context.newPage();
    await visit(page, site.url);
    await page.keyboard.press('Control+k');
    // Its index is part of the site, and read when the search is opened.
    await page.getByRole('searchbox').fill('idempotency key');
    await page.locator('.results .result').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.hash !== '' && url.href.startsWith(site.url));
  });
});

/** Until its script has taken the page over: before, nobody hears a key. */
async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') ?? {}));
}

/** What axe calls serious, and whether the page is wider than the screen. */
async function problemsOf(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axe });
  return page.evaluate(async () => {
    // safe: what was just added
    const { run } = Reflect.get(window, 'axe') as typeof import('axe-core');
    const { violations } = await run(document, { resultTypes: ['violations'] });
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const found = grave.map(
      ({ id, nodes }) =>
        `${id} at ${nodes
          .map(({ target }) => target.join(' '))
          .slice(0, 5)
          .join(', ')}`,
    );
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [...found, `${scrollWidth - clientWidth} px wider than the screen`] : found;
  });
}

/** Of a path as it is: `fetch` would take its dots away. */
function statusOf(url: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}
