/** Where the chat example's log stands: at its end, unless its reader has gone up. In Chromium, for the order of events. */

import { connect } from 'fanfare/client';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { type DevServer, startDevServer } from '../support/programs/dev-server.js';
import { ChatVisitor } from './chat-visitor.js';

describe.skipIf(chromiumIsMissing())('the log of the chat example', () => {
  let browser: Browser;
  let server: DevServer;
  let ada: ChatVisitor;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startDevServer()]);
    return async () => {
      await browser.close();
      await server[Symbol.asyncDispose]();
    };
  });

  afterEach(async () => {
    await ada[Symbol.asyncDispose]();
    expect(ada.faults).toEqual([]);
  });

  async function publishAll(room: string, texts: readonly string[]): Promise<void> {
    const client = connect(server.url, { websocket: WebSocket });
    for (const text of texts) await client.publish(`chat:${room}`, { text, name: 'Bot' });
    client.close();
  }

  /** Ada is in a room with more than fits, at its end. */
  async function enterFullRoom(room: string): Promise<Page> {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index + 1}`);
    await publishAll(room, lines);
    ada = await ChatVisitor.enter(browser, { url: server.url, room, name: 'Ada' });
    await ada.sees('line 50');
    expect(await distanceFromEnd()).toBeLessThan(2);
    return ada.page;
  }

  const distanceFromEnd = () =>
    ada.log.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);

  const top = () => ada.log.evaluate((log) => log.scrollTop);

  it('stays at the bottom unless one reads further up, and then says what is new', async () => {
    const page = await enterFullRoom('scroll');
    await publishAll('scroll', ['line 51']);
    await ada.sees('line 51');
    expect(await distanceFromEnd()).toBeLessThan(2);

    await ada.log.evaluate((log) => log.scrollTo(0, 0));
    await publishAll('scroll', ['line 52', 'line 53']);
    const pill = page.getByRole('button', { name: '2 new messages' });
    await pill.waitFor();
    expect(await top()).toBe(0);
    await pill.click();
    await pill.waitFor({ state: 'hidden' });
    expect(await distanceFromEnd()).toBeLessThan(2);
  });

  // The browser says only with the next picture that one has scrolled. What came before that took readers down again.
  it('leaves readers where they are when a message comes in the moment in which they go up', async () => {
    const page = await enterFullRoom('moment');
    await page.evaluate(() => {
      const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data')?.get;
      Object.defineProperty(MessageEvent.prototype, 'data', {
        get(this: MessageEvent) {
          const text: unknown = data?.call(this);
          // In the task that brings the message: no picture comes between.
          if (String(text).includes('line 51')) document.querySelector('#log')?.scrollTo(0, 0);
          return text;
        },
      });
    });
    await publishAll('moment', ['line 51']);
    await page.getByRole('button', { name: '1 new message' }).waitFor();
    expect(await top()).toBe(0);
  });

  it('leaves them there when the log changes its size in that moment', async () => {
    const page = await enterFullRoom('size');
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          const observer = new ResizeObserver(() => requestAnimationFrame(resolve));
          // After the part of a picture in which scrolling is told, ahead of the one in which sizes are.
          requestAnimationFrame(() => {
            const log = document.querySelector<HTMLElement>('#log');
            if (log === null) return;
            log.scrollTo(0, 0);
            log.style.height = '200px';
            observer.observe(log);
          });
        }),
    );
    expect(await top()).toBe(0);
  });

  // The reverse: the scrolling that is told was the page's own, and since then the end has moved on.
  it('stays at the bottom when the log shrinks in the moment in which a message was shown', async () => {
    const page = await enterFullRoom('shrink');
    await page.evaluate(() => {
      const lines = document.querySelector('#lines');
      const log = document.querySelector<HTMLElement>('#log');
      if (lines === null || log === null) return;
      new MutationObserver(() => {
        log.style.height = '200px';
      }).observe(lines, { childList: true });
    });
    await publishAll('shrink', ['line 51']);
    await ada.sees('line 51');
    await page.waitForFunction(() => {
      const log = document.querySelector('#log');
      return log !== null && log.clientHeight === 200 && log.scrollHeight - log.scrollTop - log.clientHeight < 2;
    });
    await publishAll('shrink', ['line 52']);
    await ada.sees('line 52');
    expect(await distanceFromEnd()).toBeLessThan(2);
  });

  // Each one was moved to where it was: a message made a screen reader read out five hundred.
  it('lets go of the oldest of 500 lines without touching the others', async () => {
    const page = await enterFullRoom('long');
    await publishAll(
      'long',
      Array.from({ length: 450 }, (_, index) => `line ${index + 51}`),
    );
    await ada.sees('line 500');
    const numAdded = await page.evaluateHandle(() => {
      const count = { added: 0 };
      const lines = document.querySelector('#lines');
      if (lines !== null) {
        new MutationObserver((changes) => {
          for (const { addedNodes } of changes) count.added += addedNodes.length;
        }).observe(lines, { childList: true });
      }
      return count;
    });
    await publishAll('long', ['line 501', 'line 502']);
    await ada.sees('line 502');
    expect(await ada.messages.getByText('line 1', { exact: true }).count()).toBe(0);
    expect(await numAdded.jsonValue()).toEqual({ added: 2 });
    expect(await distanceFromEnd()).toBeLessThan(2);
  });
});
