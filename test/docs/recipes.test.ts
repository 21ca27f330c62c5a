/** docs/recipes: each page followed from its first file to its last command. */

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { onTestFinished, test } from 'vitest';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { goIsMissing } from '../support/programs/go.js';
import { areMissing } from '../support/programs/missing.js';
import { PostgresServer, postgresIsMissing } from '../support/programs/postgres.js';
import { pythonIsMissing } from '../support/programs/python.js';
import { root } from './page.js';
import { type Following, followed, frameworkPages, hasFrameworks, type Reader } from './terminals.js';

const ways: Readonly<Record<string, Following & { readonly isLeftOut?: boolean }>> = {
  'dashboard-from-postgres.md': { isLeftOut: postgresIsMissing(), before: { database: withPostgres } },
  'go.md': { isLeftOut: goIsMissing(), before: { site: compiled } },
  'php.md': { isLeftOut: areMissing('PHP', '/usr/bin/php') },
  'python.md': { isLeftOut: pythonIsMissing() },
  'vite.md': { before: { browser: seesTheMessage } },
};

/** The first time Go compiles its own library, too, which may take minutes. */
async function compiled({ folder }: Reader): Promise<void> {
  await promisify(execFile)('go', ['build', '-o', 'site', 'site.go'], { cwd: folder });
}

async function withPostgres({ ports }: Reader): Promise<void> {
  const server = await PostgresServer.start(ports.get('5432') ?? 0);
  onTestFinished(() => server[Symbol.asyncDispose]());
}

/** Vite's page in a browser, whose client connects through Vite's proxy. */
async function seesTheMessage({ ports }: Reader): Promise<void> {
  await inBrowser(`http://127.0.0.1:${ports.get('3000')}/`, (page) => page.getByText('hello through Vite').waitFor());
}

async function inBrowser(url: string, look: (page: Page) => Promise<void>): Promise<void> {
  if (chromiumIsMissing()) return;
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await look(page);
  } finally {
    await browser.close();
  }
}

for (const name of readdirSync(`${root}docs/recipes`)) {
  const path = `docs/recipes/${name}`;
  if (hasFrameworks || !frameworkPages.includes(path)) followed(name, path, ways[name]);
  else test.skip(`${name} (skipped: npm run test:frameworks installs what it needs)`, () => undefined);
}
