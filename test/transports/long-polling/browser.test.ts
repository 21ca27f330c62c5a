/** G8: a page that is left leaves its rooms at once, though nothing but requests connects it. */

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { channel, fanfare } from 'fanfare';
import { describe, expect, test, vi } from 'vitest';
import { chromiumIsMissing, launchBrowser } from '../../support/programs/browser.js';

const pageSource = fileURLToPath(new URL('./browser-page.ts', import.meta.url));

describe.skipIf(chromiumIsMissing())('long polling in Chromium', () => {
  test.each(['goes elsewhere', 'is closed'])('a page that %s is gone within a second', async (way) => {
    const app = fanfare({
      anonymous: true,
      // Longer than anybody waits here: only what the page says when it goes is as soon.
      limits: { pollGraceMs: 60_000 },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      channels: { room: channel({ subscribe: 'anyone', presence: true }) },
    });
    const [browser, bundle, { url }] = await Promise.all([
      launchBrowser(),
      build({ entryPoints: [pageSource], bundle: true, format: 'iife', platform: 'browser', write: false }),
      app.listen(0),
    ]);
    try {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${url}/health/live`);
      await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' });
      await page.evaluate(() => window.joinRoom());
      expect(await app.presence('room')).toHaveLength(1);
      const left = way === 'is closed' ? page.close({ runBeforeUnload: true }) : page.goto('about:blank');
      await left;
      await vi.waitFor(async () => expect(await app.presence('room')).toEqual([]));
    } finally {
      await browser.close();
      await app.close(500);
    }
  });
});
