/**
 * Pictures of the assistant, on a desktop and a phone, light and dark, into .cache/assistant/: for whoever changes how it
 * looks. `--write` puts the one that the documentation shows into docs/images/.
 */

import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AssistantReader } from '../browser/assistant-reader.js';
import { launchBrowser } from '../support/programs/browser.js';
import { startExample } from '../support/programs/dev-server.js';

const folder = fileURLToPath(new URL('../../.cache/assistant', import.meta.url));
const shown = fileURLToPath(new URL('../../docs/images/assistant.png', import.meta.url));
const sizes = [
  ['desktop', 1280, 860],
  ['phone', 390, 844],
] as const;

mkdirSync(folder, { recursive: true });
const [browser, server] = await Promise.all([launchBrowser(), startExample('assistant', { ASSISTANT_PACE: '25' })]);
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [device, width, height] of sizes) {
    const reader = await AssistantReader.open(browser, {
      url: server.url,
      chatId: `${device}-${colorScheme}`,
      colorScheme,
      viewport: { width, height },
      deviceScaleFactor: 1.5,
    });
    const { page } = reader;
    const take = (name: string) => page.screenshot({ path: `${folder}/${name}-${device}-${colorScheme}.png` });
    await page.getByText('Ask something, then reload.').waitFor();
    await page.locator('.dot.online').waitFor();
    await take('welcome');
    await reader.ask('What is the weather in Lisbon?');
    await reader.stop.waitFor();
    await page.locator('.reasoning[open] p').waitFor();
    await take('thinking');
    await reader.stop.waitFor({ state: 'hidden' });
    await reader.ask('Tell me a long story');
    await page.getByText('like people in a row').waitFor();
    await take('story');
    await page.getByRole('button', { name: 'Cut the line' }).click();
    await reader.notice.waitFor();
    await take('cut');
    await reader.stop.waitFor({ state: 'hidden', timeout: 60_000 });
    await take('whole');
    if (reader.faults.length > 0) console.error(reader.faults.join('\n'));
    await reader[Symbol.asyncDispose]();
  }
}
await server[Symbol.asyncDispose]();
await browser.close();
if (process.argv.includes('--write')) copyFileSync(`${folder}/story-desktop-light.png`, shown);
console.log(`pictures: ${folder}`);
