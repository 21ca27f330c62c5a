/** The chat example in Chromium, served as `npm start` serves it: people talk, lose their connection, and miss nothing. */

import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'fanfare/client';
import type { Browser } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { type DevServer, startChatServer, startDevServer } from '../support/programs/dev-server.js';
import { ChatVisitor, type VisitOptions } from './chat-visitor.js';

/** The one wait that is no waiting for anything: the cut itself. */
const cutMs = 5_000;

/** In development mode the pages of other addresses are kept out, and a proxy has another address. */
const letProxiesIn = ['--origins', '*'];

const numbered = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix} ${from + index}`);

describe.skipIf(chromiumIsMissing())('the chat example', () => {
  let browser: Browser;
  let server: DevServer;
  const visitors: ChatVisitor[] = [];

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startDevServer()]);
    return async () => {
      await browser.close();
      await server[Symbol.asyncDispose]();
    };
  });

  afterEach(async () => {
    const faults = visitors.flatMap((visitor) => visitor.faults);
    await Promise.all(visitors.splice(0).map((visitor) => visitor[Symbol.asyncDispose]()));
    expect(faults).toEqual([]);
  });

  async function enter(options: Omit<VisitOptions, 'url'> & { readonly url?: string }): Promise<ChatVisitor> {
    const visitor = await ChatVisitor.enter(browser, { url: server.url, ...options });
    visitors.push(visitor);
    return visitor;
  }

  /** A bot without a page. */
  async function publishAll(room: string, texts: readonly string[]): Promise<void> {
    const client = connect(server.url, { websocket: WebSocket });
    for (const text of texts) await client.publish(`chat:${room}`, { text, name: 'Bot' });
    client.close();
  }

  it('lets two people talk, in both directions', async () => {
    const ada = await enter({ room: 'talk', name: 'Ada' });
    await ada.page.getByText('It is quiet in here').waitFor();
    const bo = await enter({ room: 'talk', name: 'Bo' });
    await Promise.all([ada.seesPeople('Ada', 'Bo'), bo.seesPeople('Ada', 'Bo')]);

    await ada.say('Hello, Bo!');
    await bo.sees('Hello, Bo!');
    await bo.say('Hello, Ada!');
    await ada.sees('Hello, Ada!');

    for (const visitor of [ada, bo]) expect(await visitor.texts()).toEqual(['Hello, Bo!', 'Hello, Ada!']);
    expect(await ada.log.locator('.message.mine .text').allTextContents()).toEqual(['Hello, Bo!']);
    expect(await ada.log.locator('.message:not(.mine) .author').allTextContents()).toEqual(['Bo']);
    expect(await ada.log.locator('.message.pending').count()).toBe(0);
  });

  it('runs as an application of its own, with Fanfare as a library', async () => {
    await using server = await startChatServer();
    const ada = await enter({ room: 'lobby', name: 'Ada', url: server.url });
    const bo = await enter({ room: 'lobby', name: 'Bo', url: server.url });
    await ada.say('Hello, Bo!');
    await bo.sees('Hello, Bo!');
    await ada.seesPeople('Ada', 'Bo');
  });

  it('keeps rooms apart, and lists those one has been in', async () => {
    const ada = await enter({ room: 'first', name: 'Ada' });
    const bo = await enter({ room: 'first', name: 'Bo' });
    await ada.page.getByLabel('Join or open a room').fill(' Second Room ');
    await ada.page.getByRole('button', { name: 'Join' }).click();
    await ada.page.getByRole('heading', { name: '# second-room' }).waitFor();
    await bo.seesPeople('Bo');
    await ada.entered();
    await ada.say('said in the second');
    await bo.say('said in the first');
    await bo.sees('said in the first');
    await ada.page.getByRole('link', { name: 'first' }).click();
    await ada.sees('said in the first');
    expect(await ada.texts()).toEqual(['said in the first']);
    expect(await bo.texts()).toEqual(['said in the first']);
    await bo.seesPeople('Ada', 'Bo');
    expect(new URL(ada.page.url()).hash).toBe('#first');
  });

  it('shows the last 50 on joining, in order, with what arrives meanwhile, and nothing twice', async () => {
    await publishAll('history', numbered('line', 1, 60));
    const [ada] = await Promise.all([
      enter({ room: 'history', name: 'Ada' }),
      publishAll('history', numbered('line', 61, 120)),
    ]);
    await ada.sees('line 120');
    const texts = await ada.texts();
    // How many of the second half were there before the page came, nobody knows; that none is missing, the page does.
    expect(texts.length).toBeGreaterThanOrEqual(50);
    expect(texts).toEqual(numbered('line', 121 - texts.length, 120));

    await ada.page.reload();
    await ada.sees('line 120');
    expect(await ada.texts()).toEqual(numbered('line', 71, 120));
  });

  it('shows all of 20 messages once and in order after 5 s without a connection', async () => {
    await using server = await startDevServer(...letProxiesIn);
    await using proxy = await FaultProxy.start({ port: server.port });
    const ada = await enter({ room: 'cut', name: 'Ada', url: `http://127.0.0.1:${proxy.port}` });
    const bo = await enter({ room: 'cut', name: 'Bo', url: server.url });
    await bo.say('before');
    await ada.sees('before');
    await Promise.all([ada.seesPeople('Ada', 'Bo'), bo.seesPeople('Ada', 'Bo')]);

    proxy.cut();
    const cut = delay(cutMs);
    await ada.banner.getByText('Connection lost. Reconnecting…').waitFor();
    await bo.seesPeople('Bo');
    const missed = numbered('missed', 1, 20);
    for (const text of missed) await bo.say(text);
    await bo.sees('missed 20');
    await ada.say('written without a connection');
    await ada.log.getByText('Waiting for the connection…').waitFor();
    await ada.banner.getByText(/offline for \d+ s/).waitFor();
    await cut;
    expect(await ada.texts()).toEqual(['before', 'written without a connection']);
    expect(proxy.numRefused).toBeGreaterThan(0);

    proxy.restore();
    await ada.banner.getByText('Caught up: 20 messages').waitFor();
    await bo.sees('written without a connection');
    await ada.log.locator('.pending').waitFor({ state: 'detached' });
    const all = ['before', ...missed, 'written without a connection'];
    expect(await ada.texts()).toEqual(all);
    expect(await bo.texts()).toEqual(all);
    await Promise.all([ada.seesPeople('Ada', 'Bo'), bo.seesPeople('Ada', 'Bo')]);

    await bo.say('after');
    await ada.sees('after');
    expect(await ada.texts()).toEqual([...all, 'after']);
    await ada.banner.waitFor({ state: 'hidden' });
  });

  it('cuts its line, and shows what was missed as recovered, with the transport it is connected by', async () => {
    const ada = await enter({ room: 'line', name: 'Ada' });
    const bo = await enter({ room: 'line', name: 'Bo' });
    await bo.say('before');
    await ada.sees('before');
    const transport = ada.page.locator('#transport');
    expect(await transport.textContent()).toBe('WebSocket');
    const button = ada.page.getByRole('button', { name: 'Cut the line' });
    await button.click();
    await ada.banner.getByText('Connection lost. Reconnecting…').waitFor();
    expect([await transport.textContent(), await button.isDisabled()]).toEqual(['Not connected', true]);
    await bo.seesPeople('Bo');
    for (const text of ['missed 1', 'missed 2']) await bo.say(text);
    await ada.say('waits');
    await ada.banner.getByText('Caught up: 2 messages').waitFor();
    await ada.log.locator('.pending').waitFor({ state: 'detached' });
    await bo.say('after');
    await ada.sees('after');
    expect(await ada.texts()).toEqual(['before', 'missed 1', 'missed 2', 'waits', 'after']);
    expect(await ada.log.locator('.message.recovered .text').allTextContents()).toEqual(['missed 1', 'missed 2']);
    expect(await ada.log.locator('.divider.recovered').count()).toBe(1);
    expect([await transport.textContent(), await button.isDisabled()]).toEqual(['WebSocket', false]);
  });

  it('asks for a name in each tab, so that nobody talks to themselves, and keeps it for the tab', async () => {
    const ada = await enter({ room: 'tabs', name: 'Ada' });
    const [second] = await Promise.all([
      ada.page.context().waitForEvent('page'),
      ada.page.getByRole('link', { name: 'open this room in a second tab' }).click(),
    ]);
    const name = second.getByLabel('Your name');
    await name.waitFor();
    expect(await name.inputValue()).not.toBe('Ada');
    await name.fill('Bo');
    await second.getByRole('button', { name: 'Continue' }).click();
    await ada.seesPeople('Ada', 'Bo');
    await second.reload();
    await ada.seesPeople('Ada', 'Bo');
    expect(await second.locator('#my-name').textContent()).toBe('Bo');
  });

  it('makes links of addresses, and of nothing else', async () => {
    const ada = await enter({ room: 'links', name: 'Ada' });
    const texts = [
      'see https://example.com/a?b="onclick="alert(1) and http://x.example.',
      'javascript:alert(1) data:text/html,x https://bank.example@evil.example/',
    ];
    for (const text of texts) await ada.say(text);
    await ada.sees(texts[1] ?? '');
    expect(await ada.texts()).toEqual(texts);
    const links = await ada.log
      .locator('.text a')
      .evaluateAll((all) =>
        all.map((link) => [link.getAttribute('href'), link.getAttribute('rel'), link.getAttributeNames().length]),
      );
    const rel = 'noopener noreferrer nofollow';
    expect(links).toEqual([
      ['https://example.com/a?b=', rel, 3],
      ['http://x.example/', rel, 3],
    ]);
  });

  it('says so when messages may be missing, and goes on', async () => {
    await using server = await startDevServer(...letProxiesIn);
    await using successor = await startDevServer(...letProxiesIn);
    await using proxy = await FaultProxy.start({ port: server.port });
    const ada = await enter({ room: 'gap', name: 'Ada', url: `http://127.0.0.1:${proxy.port}` });
    await ada.say('to the first server');
    await ada.sees('to the first server');
    await ada.log.locator('.pending').waitFor({ state: 'detached' });

    // The server was started again: it has forgotten everything.
    proxy.retarget({ port: successor.port });
    proxy.reset();
    await ada.banner.getByText('Some messages may be missing').waitFor();
    await ada.log.getByText('Some messages may be missing here').waitFor();
    await ada.say('to the second server');
    await ada.log.locator('.pending').waitFor({ state: 'detached' });
    expect(await ada.texts()).toEqual(['to the first server', 'to the second server']);

    await ada.banner.getByRole('button', { name: 'Dismiss' }).click();
    await ada.banner.waitFor({ state: 'hidden' });
  });

  it('tells who is typing, until they send or think better of it', async () => {
    const ada = await enter({ room: 'typing', name: 'Ada' });
    const bo = await enter({ room: 'typing', name: 'Bo' });
    await bo.seesPeople('Ada', 'Bo');

    await ada.field.pressSequentially('I wonder');
    await bo.typingLine.getByText('Ada is typing…').waitFor();
    expect(await ada.typingLine.textContent()).toBe('');
    await ada.field.press('Enter');
    await bo.sees('I wonder');
    await bo.page.locator('#typing:empty').waitFor({ state: 'attached' });

    await ada.field.pressSequentially('no');
    await bo.typingLine.getByText('Ada is typing…').waitFor();
    await ada.field.fill('');
    await bo.page.locator('#typing:empty').waitFor({ state: 'attached' });
  });

  it('shows markup in texts, names and rooms as the text that it is', async () => {
    const attack = '<img src=x onerror="globalThis.hacked=1">';
    const mallory = await enter({ room: attack, name: attack });
    const bo = await enter({ room: attack, name: 'Bo' });
    await mallory.say(attack);
    await bo.sees(attack);
    await mallory.field.pressSequentially('<b>');
    await bo.typingLine.getByText(`${attack.slice(0, 40)} is typing…`).waitFor();
    await bo.seesPeople(attack.slice(0, 40), 'Bo');
    for (const { page } of [mallory, bo]) {
      expect(await page.locator('.app img, .app b b').count()).toBe(0);
      expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
    }
  });

  it('shows what is no chat message as JSON instead of failing', async () => {
    const ada = await enter({ room: 'bot', name: 'Ada' });
    await publishAll('bot', ['from a script']);
    await ada.sees('from a script');
    expect(await ada.log.locator('.author').allTextContents()).toEqual(['Bot']);
  });

  it('lets one take another name, which the others see at once', async () => {
    const ada = await enter({ room: 'rename', name: 'Ada' });
    const bo = await enter({ room: 'rename', name: 'Bo' });
    await bo.seesPeople('Ada', 'Bo');
    await ada.page.getByRole('button', { name: 'Change your name' }).click();
    await ada.page.getByLabel('Your name').fill('Countess');
    await ada.page.getByRole('button', { name: 'Continue' }).click();
    await Promise.all([ada.seesPeople('Countess', 'Bo'), bo.seesPeople('Countess', 'Bo')]);

    await ada.page.reload();
    await ada.entered();
    await bo.seesPeople('Countess', 'Bo');
  });

  it.each(['light', 'dark'] as const)(
    'fits a phone, by keyboard and without scrolling sideways (%s)',
    async (scheme) => {
      const room = `phone-${scheme}`;
      await publishAll(room, ['w'.repeat(300), `https://example.com/${'a/'.repeat(80)}`]);
      const ada = await enter({
        room,
        name: 'A name that has all of forty characters!',
        viewport: { width: 390, height: 844 },
        colorScheme: scheme,
      });
      const overflowPx = () => ada.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await ada.say('m'.repeat(200));
      await ada.sees('m'.repeat(200));
      expect(await overflowPx()).toBeLessThanOrEqual(0);
      expect(await ada.log.evaluate((log) => log.scrollWidth - log.clientWidth)).toBe(0);

      const opener = ada.page.getByRole('button', { name: 'People' });
      await opener.press('Enter');
      await ada.page.getByRole('complementary', { name: 'People' }).getByText('(you)').waitFor();
      expect(await overflowPx()).toBeLessThanOrEqual(0);
      await ada.page.keyboard.press('Escape');
      await ada.page.getByRole('complementary', { name: 'People' }).waitFor({ state: 'hidden' });
      expect(await opener.evaluate((button) => button === document.activeElement)).toBe(true);

      await ada.page.getByRole('button', { name: 'Rooms' }).press('Enter');
      await ada.page.getByRole('link', { name: 'random' }).click();
      await ada.page.getByRole('heading', { name: '# random' }).waitFor();
      await ada.page.getByRole('complementary', { name: 'Rooms' }).waitFor({ state: 'hidden' });
    },
  );
});
