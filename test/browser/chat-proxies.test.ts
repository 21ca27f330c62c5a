/**
 * The chat example, as it is, in Chromium, behind real proxies that let no WebSocket pass: it is connected within ten
 * seconds, shows every message once and in order, and goes back to WebSocket when that passes again.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'fanfare/client';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { StallClock } from '../chaos/stall-clock.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { PickyProxy, type UpgradeFate } from '../support/network/picky-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { startDevServer } from '../support/programs/dev-server.js';
import { haproxy } from '../support/programs/haproxy.js';
import { nginx } from '../support/programs/nginx.js';
import { ChatVisitor } from './chat-visitor.js';

const proxies = { nginx, HAProxy: haproxy } as const;

/** Everybody may come, since a proxy has another address, and the tests see who is connected by what. */
const flags = ['--origins', '*', '--metrics'];

const maxConnectMs = 20_000;
/** Between the bot's lines: they wait for nothing, but are not to keep the machine busy. */
const paceMs = 100;

/** nginx and HAProxy refuse an upgrade themselves. What they cannot do, one behind them does. */
const fates: readonly [string, UpgradeFate][] = [
  ['refused', 'refused'],
  ['accepted and then silent', 'silent'],
  ['cut after 3 s', 3_000],
];

describe.skipIf(chromiumIsMissing())('the chat example', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
    return () => browser.close();
  });

  describe.each(Object.entries(proxies))('behind %s', (_, { isMissing, start }) => {
    describe.skipIf(isMissing()).each([true, false])('buffering: %s', (buffering) => {
      /** Page → something whose target can be changed → nginx or HAProxy → {@link PickyProxy} → server. */
      async function startWay(websocket: boolean) {
        const server = await startDevServer(...flags);
        const picky = await PickyProxy.start(server.port);
        const proxy = await start({ upstreamPort: picky.port, buffering, websocket });
        const front = await FaultProxy.start({ port: proxy.port });
        const parts: AsyncDisposable[] = [server, picky, proxy, front];
        return {
          server,
          picky,
          url: `http://127.0.0.1:${front.port}`,
          async letUpgradesPass() {
            picky.upgrades = 'passes';
            if (websocket) return;
            const other = await start({ upstreamPort: picky.port, buffering });
            parts.splice(-1, 0, other);
            front.retarget({ port: other.port });
          },
          async [Symbol.asyncDispose]() {
            for (const part of parts.reverse()) await part[Symbol.asyncDispose]();
          },
        };
      }

      it.concurrent.each(fates)('with upgrades %s', async (_, fate) => {
        using clock = new StallClock();
        await using way = await startWay(fate !== 'refused');
        way.picky.upgrades = fate;
        await using ada = await ChatVisitor.enter(browser, { url: way.url, room: 'way', name: 'Ada' });
        const everShown = await collectLines(ada.page);
        const bot = connect(way.server.url, { websocket: WebSocket });
        let published = 0;
        /** Some messages, until the page shows them: again and again, whatever becomes of its connection meanwhile. */
        const talkUntil = async (transport: string) => {
          do {
            for (let n = 0; n < 3; n++) await bot.publish('chat:way', { text: `line ${++published}`, name: 'Bot' });
            await ada.sees(`line ${published}`);
            await delay(paceMs);
          } while ((await transportOf(way.server.url)) !== transport);
        };

        const isOnStream = vi
          .waitFor(async () => expect(await transportOf(way.server.url)).toBe('http_stream'), 60_000)
          .then(() => performance.now());
        await talkUntil('http_stream');
        expect((await isOnStream) - ada.joinedAtMs - clock.stalledMs).toBeLessThan(maxConnectMs);
        await ada.say('by HTTP');
        await ada.sees('by HTTP');

        await way.letUpgradesPass();
        await ada.page.evaluate(() => dispatchEvent(new Event('online')));
        await talkUntil('websocket');
        await ada.say('by WebSocket');
        await ada.log.locator('.pending').waitFor({ state: 'detached' });

        const lines = Array.from({ length: published }, (_, index) => `line ${index + 1}`);
        expect(await everShown()).toEqual(lines);
        const mine = ada.log.locator('.message.mine .text');
        expect(await mine.allTextContents()).toEqual(['by HTTP', 'by WebSocket']);
        expect(ada.faults).toEqual([]);
        bot.close();
      });
    });

    it.skipIf(isMissing())('goes by long polling where streams do not pass either', async () => {
      await using server = await startDevServer(...flags);
      await using picky = await PickyProxy.start(server.port);
      picky.forbidden.add('/connection/http_stream');
      await using proxy = await start({ upstreamPort: picky.port, buffering: true, websocket: false });
      await using ada = await ChatVisitor.enter(browser, { url: proxy.url, room: 'polls', name: 'Ada' });
      expect(performance.now() - ada.joinedAtMs).toBeLessThan(maxConnectMs);
      await ada.say('by polls');
      await ada.log.locator('.pending').waitFor({ state: 'detached' });
      const bot = connect(server.url, { websocket: WebSocket });
      await bot.publish('chat:polls', { text: 'an answer', name: 'Bot' });
      bot.close();
      await ada.sees('an answer');
      expect(await ada.texts()).toEqual(['by polls', 'an answer']);
      expect(ada.faults).toEqual([]);
    });
  });
});

/** All of the bot's lines that the page shows from now on, in the order of their coming: it lets go of old ones. */
async function collectLines(page: Page): Promise<() => Promise<string[]>> {
  const collected = await page.evaluateHandle(() => {
    const texts: string[] = [];
    const lines = document.querySelector('#lines');
    const add = (node: Node) => {
      const text = node instanceof Element ? (node.querySelector('.text')?.textContent ?? '') : '';
      if (text.startsWith('line ')) texts.push(text);
    };
    if (lines !== null) {
      for (const line of lines.children) add(line);
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) addedNodes.forEach(add);
      }).observe(lines, { childList: true });
    }
    return texts;
  });
  return () => collected.jsonValue();
}

/** By which transport the page is connected, as the server sees it; the bot's own connection is left out. */
async function transportOf(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  const counts = new Map<string, number>();
  for (const [, transport = '', count] of (await response.text()).matchAll(
    /^fanfare_transport_connections\{transport="(\w+)"\} (\d+)$/gm,
  )) {
    counts.set(transport, Number(count) - (transport === 'websocket' ? 1 : 0));
  }
  const open = [...counts].filter(([, count]) => count > 0);
  return open.length === 1 ? (open[0]?.[0] ?? '') : '';
}
