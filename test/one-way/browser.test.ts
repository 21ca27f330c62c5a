/** A page with a bare `EventSource` in Chromium: receives, is cut, and goes on from where it was without a line of ours. */

import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { startOneWay } from './app.js';

describe.skipIf(chromiumIsMissing())('EventSource in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
    return () => browser.close();
  });

  test('F7: is cut and resumes, each message in order and once', async () => {
    await using server = await startOneWay();
    const { app, url, proxy } = server;
    const context = await browser.newContext();
    const page = await context.newPage();
    const seen = new Gathered<string>();
    await page.exposeFunction('tell', (what: string) => seen.add(what));
    await page.goto(`${url}/health/live`);
    await page.evaluate(() => {
      // safe: the test has put it there
      const { tell } = window as unknown as { tell(what: string): void };
      const source = new EventSource('/sse?channels=news:a,news:b');
      source.onopen = () => tell('open');
      source.onmessage = ({ data }) => tell(data);
      source.onerror = () => tell(`error ${source.readyState}`);
      source.addEventListener('reset', ({ data }) => tell(`reset ${data}`));
    });
    await seen.atLeast(1);
    // The id came with an event that is no message; 'open' says only that the head is there.
    await app.publish('news:b', 'before');
    await seen.atLeast(2);
    proxy.cut();
    await seen.atLeast(3);
    for (const n of [1, 2, 3]) await app.publish('news:a', n);
    proxy.restore();
    await seen.atLeast(4);
    await app.publish('news:a', 4);
    // It may try several times while the network is away.
    await expect.poll(() => seen.items.filter((item) => item.startsWith('{')).length).toBe(5);
    const others = seen.items.filter((item) => !item.startsWith('{'));
    expect(new Set(others)).toEqual(new Set(['open', 'error 0']));
    const data = seen.items.filter((item) => item.startsWith('{')).map((item) => JSON.parse(item).data);
    expect(data).toEqual(['before', 1, 2, 3, 4]);
    await context.close();
  }, 30_000);
});
