// @ts-check
/** `npm run site:pictures`: pictures of the main pages on a desktop and a phone, light and dark, in .cache/site/pictures. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from '../scripts/setup.mjs';
import { mainPages } from './main-pages.mjs';
import { serveSite } from './server.mjs';

const folder = join(root, '.cache/site/pictures');
mkdirSync(folder, { recursive: true });
const site = await serveSite();
const browser = await chromium.launch({
  executablePath: process.env.FANFARE_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
const only = process.argv[2];
for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  for (const [device, width, height] of /** @type {const} */ ([
    ['desktop', 1280, 860],
    ['phone', 390, 844],
  ])) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height } });
    for (const path of mainPages.filter((name) => only === undefined || name.includes(only))) {
      await page.goto(site.url + path, { waitUntil: 'load' });
      await page.evaluate(() => {
        for (const image of document.images) image.loading = 'eager';
      });
      const name = path.replace(/\.html$/, '').replaceAll('/', '-') || 'home';
      await page.screenshot({ path: join(folder, `${name}-${device}-${colorScheme}.png`), fullPage: path === '' });
    }
    await page.close();
  }
}
await browser.close();
site.close();
console.log(`pictures are in ${folder}`);
