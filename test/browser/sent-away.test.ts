/** The typed client in Chromium, when the server does not let it in or is not there: everything ends, with the reason. */

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { channel, fanfare } from 'fanfare';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { freePort } from '../support/programs/free-port.js';

const pageSource = fileURLToPath(new URL('./sent-away-page.ts', import.meta.url));
const client = fileURLToPath(new URL('../../src/client/index.ts', import.meta.url));

describe.skipIf(chromiumIsMissing())('the typed client in Chromium', () => {
  const app = fanfare({
    auth: () => null,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: { room: channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 3 } }) },
  });
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const [launched, bundle, { url }] = await Promise.all([
      launchBrowser(),
      build({
        entryPoints: [pageSource],
        bundle: true,
        format: 'iife',
        platform: 'browser',
        alias: { 'fanfare/client': client },
        write: false,
      }),
      app.listen(0),
    ]);
    browser = launched;
    page = await (await browser.newContext()).newPage();
    await page.goto(`${url}/health/live`);
    await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' });
  });

  afterAll(async () => {
    await browser?.close();
    await app.close(500);
  });

  const transports = ['websocket', 'http_stream', 'long_polling'] as const;
  test.each(transports)('%s: a refusal ends all at once', async (transport) => {
    const { cause, withinMs, ...told } = await page.evaluate((by) => window.knock(by), transport);
    const { code, reason } = JSON.parse(cause);
    const error = `ERR_DISCONNECTED ${code} false ${cause}`;
    expect(code).toBe(3_500);
    expect(told).toEqual({
      calls: [error, error, error, error],
      state: 'unsubscribed',
      error,
      event: `${code} ${reason} ERR_DISCONNECTED`,
      later: error,
    });
    // Not by a time-out of the calls.
    expect(withinMs).toBeLessThan(20_000);
  });

  test('status.cause says that a server which is down is not reached', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await page.evaluate((url) => window.causeWhenDown(url), nobody)).toMatch(/^2 .*not reached/);
  });
});
