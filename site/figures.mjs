// @ts-check
/**
 * `npm run site:figures`: what main pages cost a slow phone, by Chromium's own measurements and with the conditions of Lighthouse:
 * 1.6 Mbit/s, 150 ms to and fro, a processor four times slower. `-- --write` puts the table into site/README.md.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from '../scripts/setup.mjs';
import { mainPages } from './main-pages.mjs';
import { serveSite } from './server.mjs';

const network = { offline: false, latency: 150, downloadThroughput: 204_800, uploadThroughput: 93_750 };
const slowdown = 4;
const numRounds = 3;
const [begin, end] = ['<!-- figures -->', '<!-- end of figures -->'];

const site = await serveSite();
const browser = await chromium.launch({
  executablePath: process.env.FANFARE_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
const rows = [];
for (const path of mainPages) {
  /** @type {Awaited<ReturnType<typeof measure>>[]} */
  const rounds = [];
  for (let round = 0; round < numRounds; round++) rounds.push(await measure(site.url + path));
  const [kilobytes, largestMs, shift, blockedMs] = /** @type {const} */ ([
    'bytes',
    'largestMs',
    'shift',
    'blockedMs',
  ]).map((name) => median(rounds.map((round) => round[name])));
  rows.push(
    `| ${path || 'first page'} | ${Math.round((kilobytes ?? 0) / 1_024)} KiB | ${((largestMs ?? 0) / 1_000).toFixed(1)} s | ${(shift ?? 0).toFixed(3)} | ${Math.round(blockedMs ?? 0)} ms |`,
  );
}
await browser.close();
site.close();
const table = [
  '| page | transferred | largest contentful paint | layout shift | blocking time |',
  '|---|---|---|---|---|',
  ...rows,
].join('\n');
console.log(table);
if (process.argv.includes('--write')) {
  const file = join(root, 'site/README.md');
  const text = readFileSync(file, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start === -1 || stop < start) throw new Error(`${file} has no place for the figures`);
  writeFileSync(file, `${text.slice(0, start)}${begin}\n\n${table}\n\n${text.slice(stop)}`);
}

/**
 * One visit with an empty cache.
 * @param {string} url
 */
async function measure(url) {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
  });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  let bytes = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', network);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  await page.addInitScript(() => {
    const seen = { largestMs: 0, shift: 0, blockedMs: 0 };
    Reflect.set(window, 'seen', seen);
    const watch = (/** @type {string} */ type, /** @type {(entry: PerformanceEntry) => void} */ take) =>
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) take(entry);
      }).observe({ type, buffered: true });
    watch('largest-contentful-paint', ({ startTime }) => {
      seen.largestMs = startTime;
    });
    watch('layout-shift', (entry) => {
      seen.shift += Number(Reflect.get(entry, 'value'));
    });
    watch('longtask', ({ duration }) => {
      seen.blockedMs += Math.max(0, duration - 50);
    });
  });
  await page.goto(url, { waitUntil: 'networkidle', timeout: 120_000 });
  /** @type {{ largestMs: number, shift: number, blockedMs: number }} */
  const seen = await page.evaluate(() => Reflect.get(window, 'seen'));
  await context.close();
  return { bytes, ...seen };
}

/** @param {number[]} values */
function median(values) {
  return values.sort((one, other) => one - other)[values.length >> 1] ?? 0;
}
