/**
 * Pictures of every page of the console, on a desktop and a phone, light and dark, into .cache/console/: for whoever
 * changes how it looks. `--write` puts the one that the documentation shows into docs/images/.
 */

import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../support/programs/browser.js';
import { consolePassword } from '../support/servers/console-server.js';
import { fill, startDemo } from './demo.js';
import { ConsoleVisitor, places } from './visitor.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}.cache/console`;
const shown = `${root}docs/images/console.png`;
/** Long enough for charts with a shape. */
const watchedMs = Number(process.env.WATCH_MS ?? 60_000);

mkdirSync(folder, { recursive: true });
const [browser, demo] = await Promise.all([launchBrowser(), startDemo()]);
const stop = await fill(demo);
const sizes = [
  ['desktop', 1280, 860],
  ['phone', 390, 844],
] as const;
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [device, width, height] of sizes) {
    const options = { colorScheme, viewport: { width, height }, deviceScaleFactor: 1.5 };
    const visitor = await ConsoleVisitor.arrive(browser, demo.server.url, options);
    const { page } = visitor;
    const take = async (name: string) => {
      await page.waitForTimeout(600);
      await page.screenshot({ path: `${folder}/${name}-${device}-${colorScheme}.png`, fullPage: true });
    };
    await page.getByLabel('Password').waitFor();
    await take('login');
    await visitor.logIn(consolePassword);
    await page.waitForTimeout(watchedMs);
    for (const place of places) {
      await visitor.goTo(place);
      await take(place.toLowerCase());
    }
    await visitor.open('channels', 'chat:lobby');
    await page.locator('.publications li').nth(3).waitFor();
    await take('channel');
    await visitor.open('channels', 'orders:berlin');
    await page.getByRole('tab', { name: 'Publish' }).click();
    await take('publish-form');
    await visitor.find('ada');
    await page.locator('.event').first().waitFor();
    await take('user');
    await page.locator('.event .id').first().click();
    await page.getByRole('heading', { name: 'Who it is' }).waitFor();
    await take('connection');
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await take('dialog');
    await visitor[Symbol.asyncDispose]();
  }
}
stop();
await browser.close();
await demo[Symbol.asyncDispose]();
if (process.argv.includes('--write')) copyFileSync(`${folder}/overview-desktop-light.png`, shown);
console.log(`pictures are in ${folder}`);
