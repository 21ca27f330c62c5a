/** The official JavaScript client, unmodified, in Chromium: the same scenarios as in Node, run inside a page. */

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Combination, combinationsIn, savingsOf } from '../support/centrifuge/combinations.js';
import type { Controls } from '../support/centrifuge/context.js';
import { type ScenarioServer, startScenarioServer } from '../support/centrifuge/scenario-app.js';
import { centrifugeScenarios } from '../support/centrifuge/scenarios.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';

/** As the SDK publishes them for `<script>` tags. */
const sdkBundles = {
  json: fileURLToPath(new URL('../../node_modules/centrifuge/dist/centrifuge.js', import.meta.url)),
  protobuf: fileURLToPath(new URL('../../node_modules/centrifuge/dist/centrifuge.protobuf.js', import.meta.url)),
};
const pageSource = fileURLToPath(new URL('./centrifuge-page.ts', import.meta.url));

/** Runs one scenario after another. A page of its own for each would cost more than most of them. */
class ScenarioPage {
  #controls: Controls | undefined;

  private constructor(private readonly page: Page) {}

  static async open(context: BrowserContext): Promise<ScenarioPage> {
    const opened = new ScenarioPage(await context.newPage());
    await opened.page.exposeFunction('callControl', (control: keyof Controls, args: readonly unknown[]) => {
      if (opened.#controls === undefined) throw new Error('no scenario runs here');
      // safe: the scenarios are compiled against these controls
      return (opened.#controls[control] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
    });
    return opened;
  }

  async run(
    server: ScenarioServer,
    bundle: string,
    combination: Combination,
    ...scenario: readonly [group: string, name: string]
  ): Promise<void> {
    const { page } = this;
    const settings = { ...combination, savings: savingsOf(combination) };
    this.#controls = server.controls;
    // Any document of the very host that it connects to: only those may.
    await page.goto(`http://${server.host}/health/live`);
    await page.addScriptTag({ path: sdkBundles[combination.codec] });
    await page.addScriptTag({ content: bundle });
    await page.evaluate(([given, ...named]) => window.runScenario(given, ...named), [settings, ...scenario] as const);
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

describe.skipIf(chromiumIsMissing())('the official client in Chromium', () => {
  let browser: Browser;
  let context: BrowserContext;
  let scenarioBundle: string;
  const idle: ScenarioPage[] = [];

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

  // Concurrent from the outermost: while one waits for a token to expire, those of other groups run.
  describe.concurrent.each(combinationsIn('Chromium'))('$name', (combination) => {
    describe.each(Object.entries(centrifugeScenarios))('%s', (group, scenarios) => {
      test.each(Object.keys(scenarios))('%s', async (name) => {
        await using server = await startScenarioServer(combination);
        const page = idle.pop() ?? (await ScenarioPage.open(context));
        try {
          await page.run(server, scenarioBundle, combination, group, name);
        } catch (error) {
          await page.close();
          throw error;
        }
        idle.push(page);
      });
    });
  });
});
