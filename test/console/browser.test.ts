/** The console's page in Chromium: logging in, finding a reason, watching, publishing, ending; by keyboard, and with axe. */

import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenApi } from '../support/documents/openapi.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { consolePassword } from '../support/servers/console-server.js';
import { type Demo, startDemo } from './demo.js';
import { ConsoleVisitor, places } from './visitor.js';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Markup in every place where a stranger can put text. */
const markup = '<img src=x onerror="window.hacked=true"><script>window.hacked=true</script>';

describe.skipIf(chromiumIsMissing())('the console', () => {
  let browser: Browser;
  let demo: Demo;
  /** Of one login for all tests, since ten of an address are free. */
  let loggedIn: Promise<string> | undefined;
  const cookie = () => (loggedIn ??= demo.server.logIn());
  beforeAll(async () => {
    [browser, demo] = await Promise.all([launchBrowser(), startDemo()]);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.[Symbol.asyncDispose]();
  });

  it('asks for the password, says when it is wrong, and keeps who has logged in', async () => {
    await using visitor = await ConsoleVisitor.arrive(browser, demo.server.url);
    const { page } = visitor;
    await visitor.logIn('not-the-password');
    await page.getByRole('alert').waitFor();
    await visitor.logIn(consolePassword);
    await visitor.heading('Overview').waitFor();
    await page.reload();
    await visitor.heading('Overview').waitFor();
    expect(await page.evaluate(() => [document.cookie, localStorage.length])).toEqual(['', 0]);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Password').waitFor();
    await page.reload();
    await page.getByLabel('Password').waitFor();
    expect(visitor.faults).toEqual([]);
  });

  it('leads with one click from the overview to why a user cannot subscribe, and to the option', async () => {
    const mallory = await demo.connect('mallory');
    expect(await demo.subscribe(mallory, 'closed:vault')).toBe(102);
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    const { page } = visitor;
    await page.evaluate(() => {
      document.addEventListener('click', () =>
        Reflect.set(window, 'clicks', Number(Reflect.get(window, 'clicks') ?? 0) + 1),
      );
    });
    await visitor.find('mallory');
    const reason = page.getByRole('listitem').filter({ hasText: 'closed:vault' });
    await reason.getByText('no pattern in channels matches').waitFor();
    expect(await reason.locator('.event-option code').textContent()).toBe('channels');
    expect(await page.evaluate(() => Reflect.get(window, 'clicks'))).toBeLessThanOrEqual(2);
    mallory.disconnect();
  });

  it('B101 markup in channels, users and data is shown as text, under a policy that would stop it', async () => {
    const client = await demo.connect(markup);
    const channel = `plain:${markup}`;
    expect(await demo.subscribe(client, channel)).toBeUndefined();
    expect(await demo.subscribe(client, `none:${markup}`)).toBe(102);
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    const { page } = visitor;
    const shows = async (text: string) => page.getByText(text, { exact: true }).first().waitFor();
    await visitor.goTo('Connections');
    await shows(markup);
    await visitor.goTo('Channels');
    await shows(channel);
    await visitor.goTo('Refusals');
    await page.getByRole('link', { name: markup }).first().waitFor();
    await visitor.find(markup);
    await shows(markup);
    await visitor.open('channels', channel);
    await page.getByText('watching').waitFor();
    await client.publish(channel, { html: markup });
    await page.locator('.data').filter({ hasText: '<img src=x onerror' }).waitFor();
    expect(
      await page.evaluate(() => [Reflect.get(window, 'hacked'), document.querySelectorAll('main img').length]),
    ).toEqual([undefined, 0]);
    // What a hole in the page would be good for.
    await page.evaluate((text) => {
      const place = document.createElement('div');
      place.innerHTML = text;
      document.body.append(place);
      const script = document.createElement('script');
      script.textContent = 'window.hacked = true';
      document.body.append(script);
    }, markup);
    await page.waitForFunction(() => document.querySelector('img[src=x]') !== null);
    expect(await page.evaluate(() => Reflect.get(window, 'hacked'))).toBeUndefined();
    expect(visitor.faults.length).toBeGreaterThan(0);
    expect(visitor.faults.every((fault) => /Content Security Policy/.test(fault))).toBe(true);
    client.disconnect();
  });

  it('shows the keys of a map as they are, page by page, and what its rule says', async () => {
    const asOperator = await cookie();
    const set = (key: string, data: unknown) =>
      demo.server.call(asOperator, 'map_publish', { channel: 'scores:final', key, data });
    for (let n = 0; n < 60; n++) await set(`player ${n}`, { points: n });
    await set(markup, { points: 7 });
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    const { page } = visitor;
    await visitor.open('channels', 'scores:final');
    await page.getByText('up to 500 keys in 128 MiB, kept for 1 h').waitFor();
    await page.getByText('61 keys').waitFor();
    await page.getByRole('row').filter({ hasText: 'player 49' }).getByText('{"points":49}').waitFor();
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByRole('row').filter({ hasText: markup }).getByText('the server').waitFor();
    await demo.server.call(asOperator, 'map_remove', { channel: 'scores:final', key: markup });
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.getByText('60 keys').waitFor();
    expect(await page.getByRole('row').filter({ hasText: markup }).count()).toBe(0);
    expect(await page.getByRole('tab').allTextContents()).toEqual(['Keys', 'Live tail', 'Presence', 'Subscribers']);
    expect(visitor.faults).toEqual([]);
  });

  it('tells the story of a connection, and ends it', async () => {
    const ann = await demo.connect('ann');
    await demo.subscribe(ann, 'chat:lobby');
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    const { page } = visitor;
    await visitor.goTo('Connections');
    await page.getByRole('textbox', { name: 'User' }).fill('ann');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('row').filter({ hasText: 'ann' }).getByRole('link').last().click();
    await page.getByText('chat:{room}').waitFor();
    const ended = new Promise<number>((resolve) => ann.on('disconnected', ({ code }) => resolve(code)));
    await page.getByRole('button', { name: 'Unsubscribe' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unsubscribe' }).click();
    await page.getByText('It is in no channel.').waitFor();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    expect(await ended).toBe(3503);
    await page.getByText(/It has ended at .* with 3503/).waitFor();
  });

  it('asks for nothing while it is hidden, and goes on when it is seen again', async () => {
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    const { page } = visitor;
    await page.clock.install();
    const show = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event('visibilitychange'));
      }, isHidden);
    await visitor.open('channels', 'orders:berlin');
    await page.getByText('watching').waitFor();
    await show(true);
    // What it has asked for before is answered.
    await page.waitForLoadState('networkidle');
    let asked = 0;
    page.on('request', () => asked++);
    await page.clock.runFor(20_000);
    expect(asked).toBe(0);
    const tailed = page.waitForRequest((request) => request.url().endsWith('/api/tail'));
    await show(false);
    await tailed;
    expect(visitor.faults).toEqual([]);
  });

  it('publishes what the schema of the channel wants, and shows it as it arrives', async () => {
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    const { page } = visitor;
    await visitor.open('channels', 'orders:berlin');
    await page.getByText('watching').waitFor();
    await page.getByRole('tab', { name: 'Publish' }).click();
    await page.getByLabel('item').fill('tea');
    await page.getByLabel('pieces').fill('0');
    await page.getByRole('button', { name: 'Publish' }).click();
    // The form knows the smallest number, and so does the server.
    expect(await page.getByLabel('pieces').evaluate((field) => field.matches(':invalid'))).toBe(true);
    await page.getByLabel('pieces').fill('3');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Published at offset 1.').waitFor();
    await page.getByLabel('Write it as JSON').check();
    await page.getByLabel('Message, as JSON').fill('{"item":"tea","pieces":-1}');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Refused (107)').waitFor();
    await page.getByRole('tab', { name: 'History' }).click();
    await page.locator('.data').filter({ hasText: '"pieces": 3' }).waitFor();
    await page.getByRole('tab', { name: 'Live tail' }).click();
    await page.getByText('watching').waitFor();
    const tailed = page.waitForResponse((response) => response.url().endsWith('/api/tail'));
    await tailed;
    await demo.server.call(await cookie(), 'publish', {
      channel: 'orders:berlin',
      data: { item: 'mug', pieces: 7 },
    });
    await page.locator('.data').filter({ hasText: '"pieces": 7' }).waitFor();
  });

  it('shows bytes as text if they are one, and in hexadecimals', async () => {
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    const { page } = visitor;
    await visitor.open('channels', 'frames:final');
    await page.getByText('bytes, for clients in protobuf').waitFor();
    await page.waitForResponse((response) => response.url().endsWith('/api/tail'));
    for (const b64data of ['w5xuw68=', 'AP8Q']) {
      await demo.server.call(await cookie(), 'publish', { channel: 'frames:final', b64data, tags: { kind: 'key' } });
    }
    await page.locator('.data').filter({ hasText: 'Ünï' }).waitFor();
    await page.locator('.data').filter({ hasText: '00 ff 10' }).waitFor();
    await page.getByText('5 B, which are text').waitFor();
    await page.getByText('3 B, in hexadecimals').waitFor();
    expect(await page.getByText('kind=key').count()).toBe(2);
    await page.getByRole('tab', { name: 'Publish' }).click();
    await page.getByLabel('Message, in base64').fill('%');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Refused (107)').waitFor();
    await page.getByLabel('Message, in base64').fill('q6s=');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Published at offset 3.').waitFor();
    await page.getByRole('tab', { name: 'History' }).click();
    await page.locator('.data').filter({ hasText: 'ab ab' }).waitFor();
  });

  it('is worked by keyboard', async () => {
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    const { page } = visitor;
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
    await page.reload();
    await visitor.heading('Overview').waitFor();
    await page.getByRole('button', { name: 'Skip to the content' }).focus();
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    await page.getByRole('link', { name: 'Channels', exact: true }).focus();
    await page.keyboard.press('Enter');
    await visitor.heading('Channels').waitFor();
    expect(await focused()).toBe('Channels');
    await visitor.open('channels', 'chat:lobby');
    await page.getByRole('tab', { name: 'Live tail' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('History');
    await page.keyboard.press('End');
    expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('Publish');
  });

  it('calls nothing but documented methods, as they are documented, and nobody else', async () => {
    const openApi = new OpenApi();
    await using visitor = await ConsoleVisitor.enter(browser, demo.server.url, await cookie());
    for (const place of places) {
      await visitor.goTo(place);
      await visitor.page.waitForLoadState('networkidle');
    }
    await visitor.find('somebody');
    await visitor.open('channels', 'chat:lobby');
    for (const tab of ['History', 'Presence', 'Subscribers', 'Live tail']) {
      const answered = visitor.page.waitForResponse((response) => response.url().includes('/api/'));
      await visitor.page.getByRole('tab', { name: tab }).click();
      await answered;
    }
    const methods = new Set(visitor.calls.map(({ method }) => method));
    expect([...methods]).toEqual(
      expect.arrayContaining([
        'nodes',
        'events',
        'connections',
        'channels_page',
        'channel',
        'config',
        'tail',
        'history',
      ]),
    );
    for (const { method, fields, status, answer } of visitor.calls) {
      for (const [validate, value] of [
        [openApi.schemaAt(`/api/${method}`), fields],
        [openApi.schemaAt(`/api/${method}`, status), answer],
      ] as const) {
        validate(value);
        expect(validate.errors ?? [], `${method} ${JSON.stringify(value).slice(0, 500)}`).toEqual([]);
      }
    }
    expect(visitor.strangers).toEqual([]);
    expect(visitor.faults).toEqual([]);
  });

  it.each([
    ['a light desktop', 'light', 1280],
    ['a dark phone', 'dark', 390],
  ] as const)('on %s it fits, and axe finds nothing serious', async (_, colorScheme, width) => {
    const ada = await demo.connect('ada');
    await demo.subscribe(ada, 'chat:lobby');
    await demo.subscribe(ada, 'none:x');
    // axe is a script of its own, which the policy of the page would stop.
    const options = { colorScheme, viewport: { width, height: 800 }, bypassCSP: true };
    await using visitor = await ConsoleVisitor.arrive(browser, demo.server.url, options);
    const found: string[] = [];
    const examine = async (what: string) => {
      found.push(...(await problemsOf(visitor, what)));
    };
    await visitor.page.getByLabel('Password').waitFor();
    await examine('login');
    await visitor.logIn(consolePassword);
    for (const place of places) {
      await visitor.goTo(place);
      await visitor.page.waitForFunction(() => !document.body.textContent?.includes('Asking the node'));
      await examine(place);
    }
    await visitor.open('channels', 'chat:lobby');
    await visitor.page.getByText('watching').waitFor();
    await examine('a channel');
    await visitor.page.getByRole('tab', { name: 'Publish' }).click();
    await examine('publishing');
    await visitor.find('ada');
    await visitor.page.locator('.event').first().waitFor();
    await examine('a user');
    await visitor.page.locator('.event .id').first().click();
    await visitor.heading('Connection').waitFor();
    await visitor.page.getByRole('heading', { name: 'Who it is' }).waitFor();
    await examine('a connection');
    expect(found).toEqual([]);
    ada.disconnect();
  });
});

/** What axe calls serious, and whether the page is wider than the screen. */
async function problemsOf({ page }: ConsoleVisitor, what: string): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.addScriptTag({ path: axe });
  const serious = await page.evaluate(async () => {
    // safe: what was just added
    const { run } = Reflect.get(window, 'axe') as typeof import('axe-core');
    const { violations } = await run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .map(({ html }) => html)
            .join(' ')
            .slice(0, 300)}`,
      );
  });
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  return [
    ...serious.map((problem) => `${what}: ${problem}`),
    ...(excess > 0 ? [`${what}: ${excess} px too wide`] : []),
  ];
}
