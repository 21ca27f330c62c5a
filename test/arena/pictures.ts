/**
 * Pictures of the arena, on a desktop and a phone, light and dark, into .cache/arena/, and how many frames a second a page draws
 * with 50 ships: for whoever changes how it looks. `--write` puts the one that its README shows into docs/images/.
 */

import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ArenaVisitor } from '../browser/arena-visitor.js';
import { launchBrowser } from '../support/programs/browser.js';
import { startExample } from '../support/programs/dev-server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}.cache/arena`;
const framesForMs = Number(process.env.FRAMES_MS ?? 10_000);
const sizes = [
  ['desktop', 1280, 800],
  ['phone', 390, 844],
] as const;

mkdirSync(folder, { recursive: true });
const [browser, server] = await Promise.all([launchBrowser(), startExample('arena', { ARENA_FILL: '9' })]);
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [device, width, height] of sizes) {
    const isMobile = device === 'phone';
    const context = { colorScheme, viewport: { width, height }, deviceScaleFactor: 1.5, isMobile, hasTouch: isMobile };
    const take = (page: ArenaVisitor['page'], name: string) =>
      page.screenshot({ path: `${folder}/${name}-${device}-${colorScheme}.png` });
    const start = await (await browser.newContext(context)).newPage();
    await start.goto(`${server.url}/`);
    await start.waitForTimeout(3_000);
    await take(start, 'start');
    await start.context().close();
    const ann = await ArenaVisitor.enter(browser, { url: server.url, name: 'Ann', ...context });
    await ann.page.keyboard.down('ArrowUp');
    await ann.page.keyboard.down('Space');
    await ann.hold('ArrowRight', 2_500);
    await take(ann.page, 'play');
    const eve = await ArenaVisitor.enter(browser, { url: server.url, room: ann.room, ...context });
    await eve.page.waitForTimeout(1_500);
    await take(eve.page, 'watch');
    await ann.page.getByRole('button', { name: 'Cut the line' }).click();
    await ann.page.waitForTimeout(1_500);
    await take(ann.page, 'cut');
    await Promise.all([ann, eve].map((visitor) => visitor[Symbol.asyncDispose]()));
  }
}
await server[Symbol.asyncDispose]();

const crowded = await startExample('arena', { ARENA_FILL: '50', ARENA_CAPACITY: '50' });
const ann = await ArenaVisitor.enter(browser, {
  url: crowded.url,
  name: 'Ann',
  viewport: { width: 1280, height: 800 },
});
await ann.page.keyboard.down('ArrowUp');
const frames: string[] = [];
for (const untilMs = performance.now() + framesForMs; performance.now() < untilMs; ) {
  await ann.page.waitForTimeout(1_000);
  frames.push((await ann.page.locator('#figure-frames').textContent()) ?? '');
}
await ann.page.screenshot({ path: `${folder}/fifty-desktop-light.png` });
console.log(`50 ships, frames in a second and the 95th percentile of a frame:\n${frames.join('\n')}`);
await browser.close();
await crowded[Symbol.asyncDispose]();
if (process.argv.includes('--write')) copyFileSync(`${folder}/play-desktop-light.png`, `${root}docs/images/arena.png`);
console.log(`pictures are in ${folder}`);
