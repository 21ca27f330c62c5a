/** The official JavaScript client, unmodified, in Chromium: the same scenarios as in Node, run inside a page. */

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Controls } from '../support/centrifuge/context.js';
import { type ScenarioServer, startScenarioServer } from '../support/centrifuge/scenario-app.js';
import { centrifugeScenarios } from '../support/centrifuge/scenarios.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';

/** As the SDK publishes it for `<script>` tags. */
const sdkBundle = fileURLToPath(new URL('../../node_modules/centrifuge/dist/centrifuge.js', import.meta.url));
const pageSource = fileURLToPath(new URL('./centrifuge-page.ts', import.meta.url));

describe.skipIf(chromiumIsMissing())('the official client in Chromium', () => {
  let browser: Browser;
  let context: BrowserContext;
  let scenarioBundle: string;

  beforeAll(async () => {
    const [launched, bundle] = await Promise.all([
      launchBrowser(),
      build({ entryPoints: [pageSource], bundle: true, format: 'iife', platform: 'browser', write: false }),
    ]);
    browser = launched;
    context = await browser.newContext();
    scenarioBundle = bundle.outputFiles[0]?.text ?? '';
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function runInPage(
    server: ScenarioServer,
    transport: Window['fanfareTransport'],
    group: string,
    name: string,
  ): Promise<void> {
    const page = await context.newPage();
    try {
      // Any document of the very host that it connects to: only those may.
      await page.goto(`http://${server.host}/health/live`);
      await page.exposeFunction('callControl', (control: keyof Controls, args: readonly unknown[]) => {
        // safe: the scenarios are compiled against these controls
        return (server.controls[control] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
      });
      await page.addScriptTag({ path: sdkBundle });
      await page.addScriptTag({ content: scenarioBundle });
      await page.evaluate(
        ([over, ofGroup, named]) => {
          window.fanfareTransport = over;
          return window.runScenario(ofGroup, named);
        },
        [transport, group, name] as const,
      );
    } finally {
      await page.close();
    }
  }

  describe.each(['websocket', 'http_stream', 'sse', 'sockjs'] as const)('%s', (transport) => {
    describe.each(Object.entries(centrifugeScenarios))('%s', (group, scenarios) => {
      test.concurrent.each(Object.keys(scenarios))('%s', async (name) => {
        await using server = await startScenarioServer();
        await runInPage(server, transport, group, name);
      });
    });
  });
});
