/** docs/recipes: each page followed from its first file to its last command. */

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { goIsMissing } from '../support/programs/go.js';
import { areMissing } from '../support/programs/missing.js';
import { pythonIsMissing } from '../support/programs/python.js';
import { root } from './page.js';
import { type Following, followed, type Reader } from './terminals.js';

const ways: Readonly<Record<string, Following & { readonly isLeftOut?: boolean }>> = {
  'go.md': { isLeftOut: goIsMissing(), before: { site: compiled } },
  'php.md': { isLeftOut: areMissing('PHP', '/usr/bin/php') },
  'python.md': { isLeftOut: pythonIsMissing() },
  'vite.md': { before: { browser: seesTheMessage } },
};

/** The first time Go compiles its own library, too, which may take minutes. */
async function compiled({ folder }: Reader): Promise<void> {
  await promisify(execFile)('go', ['build', '-o', 'site', 'site.go'], { cwd: folder });
}

/** Vite's page in a browser, whose client connects through Vite's proxy. */
async function seesTheMessage({ ports }: Reader): Promise<void> {
  if (chromiumIsMissing()) return;
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${ports.get('3000')}/`);
    await page.getByText('hello through Vite').waitFor();
  } finally {
    await browser.close();
  }
}

for (const name of readdirSync(`${root}docs/recipes`)) followed(name, `docs/recipes/${name}`, ways[name]);
