/**
 * Pictures of every page of the live scores, on a desktop and a phone, light and dark, into .cache/live-scores/: for whoever
 * changes how they look. `--write` puts the one that the documentation shows into docs/images/.
 */

import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ScoresFan } from '../browser/scores-fan.js';
import { launchBrowser } from '../support/programs/browser.js';
import { ScoresServer, scoresCode } from '../support/programs/scores-server.js';

const folder = fileURLToPath(new URL('../../.cache/live-scores', import.meta.url));
const shown = fileURLToPath(new URL('../../docs/images/live-scores.png', import.meta.url));
/** Long enough for some events. */
const watchedMs = Number(process.env.WATCH_MS ?? 4_000);
const sizes = [
  ['desktop', 1280, 860],
  ['phone', 390, 844],
] as const;

mkdirSync(folder, { recursive: true });
const [browser, server] = await Promise.all([
  launchBrowser(),
  ScoresServer.start([], { SCORES_FEED: 'node', SCORES_SPEED: '10' }),
]);
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [device, width, height] of sizes) {
    const options = { colorScheme, viewport: { width, height }, deviceScaleFactor: 1.5 };
    const fan = await ScoresFan.arrive(browser, server.url, '/', options);
    const { page } = fan;
    const take = async (name: string, isWhole = true) => {
      await page.evaluate(() => window.scrollTo(0, 0));
      await page.waitForTimeout(600);
      await page.screenshot({ path: `${folder}/${name}-${device}-${colorScheme}.png`, fullPage: isWhole });
    };
    await page.locator('.result.live').first().waitFor();
    for (const name of await page.getByRole('button', { name: /^Tell me about/ }).all()) {
      await name.click();
    }
    await take('board');
    for (const sport of ['football', 'basketball']) {
      await page.goto(`${server.url}/#/`);
      await page
        .locator(`section[aria-labelledby=${sport}] .result.live .tie`)
        .nth(sport === 'football' ? 1 : 0)
        .click();
      await page.locator('.hero').waitFor();
      await page.waitForTimeout(watchedMs);
      await take(`${sport}-top`, false);
      await take(sport);
    }
    await page.goto(`${server.url}/#/desk?code=${scoresCode}`);
    await page.getByLabel('Your name').fill('Ada Larkin');
    await take('sign-in');
    await page.getByRole('button', { name: 'Take the microphone' }).click();
    await page.getByLabel('What do you see?').fill('They have not crossed the halfway line in five minutes.');
    await page.getByRole('button', { name: 'Say it' }).click();
    await page.locator('.said li').first().waitFor();
    await take('desk');
    if (fan.faults.length > 0) console.error(fan.faults.join('\n'));
    await fan[Symbol.asyncDispose]();
  }
}
await browser.close();
await server[Symbol.asyncDispose]();
if (process.argv.includes('--write')) copyFileSync(`${folder}/football-top-desktop-light.png`, shown);
console.log(`pictures are in ${folder}`);
