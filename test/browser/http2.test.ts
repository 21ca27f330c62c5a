/** A page over HTTP/2 in Chromium: streams go over the one connection, WebSocket gets one of HTTP/1.1. */

import { fanfare } from 'fanfare';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeApp } from '../one-way/app.js';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { makeCertificate } from '../support/programs/certificate.js';

describe.skipIf(chromiumIsMissing())('HTTP/2 in Chromium', () => {
  let browser: Browser;
  const tls = makeCertificate();

  beforeAll(async () => {
    browser = await launchBrowser();
    return async () => {
      await browser.close();
      tls[Symbol.dispose]();
    };
  });

  async function open(url: string) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const seen = new Gathered<string>();
    await page.exposeFunction('tell', (what: string) => seen.add(what));
    await page.goto(`${url}/health/live`);
    return { page, seen, context };
  }

  test('ten EventSources listen beside each other, more than HTTP/1.1 lets a page have', async () => {
    const app = makeApp();
    const { url } = await app.listen(0, { tls });
    const { page, seen, context } = await open(url);
    await page.evaluate(() => {
      // safe: the test has put it there
      const { tell } = window as unknown as { tell(what: string): void };
      for (let n = 0; n < 10; n++) {
        const source = new EventSource(`/sse?channels=news:${n}`);
        source.onopen = () => tell('open');
        source.onmessage = ({ data }) => tell(data);
      }
    });
    await seen.atLeast(10);
    for (let n = 0; n < 10; n++) await app.publish(`news:${n}`, n);
    const messages = (await seen.atLeast(20)).filter((item) => item !== 'open').map((item) => JSON.parse(item).data);
    expect(messages.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const protocols = await page.evaluate(() =>
      performance.getEntriesByType('navigation').map((entry) => (entry as PerformanceNavigationTiming).nextHopProtocol),
    );
    expect(protocols).toEqual(['h2']);
    await context.close();
    await app.close(500);
  });

  test('HTTP streaming with its emulation, and a WebSocket, connect from one page', async () => {
    const app = fanfare({ anonymous: true, log: { debug() {}, info() {}, warn() {}, error() {} } });
    const { url } = await app.listen(0, { tls });
    const { page, context } = await open(url);
    const emulated = await page.evaluate(async () => {
      const headers = { 'Content-Type': 'application/json' };
      const body = '{"id":1,"connect":{}}';
      const response = await fetch('/connection/http_stream', { method: 'POST', headers, body });
      // safe: a response that was asked for has a body
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      let text = '';
      while (!text.includes('"session"')) {
        const { value, done } = await reader.read();
        if (done) break;
        text += new TextDecoder().decode(value);
      }
      const { session, node } = JSON.parse(text).connect;
      const data = '{"id":2,"ping":{}}';
      const sent = await fetch('/emulation', {
        method: 'POST',
        headers,
        body: JSON.stringify({ session, node, data }),
      });
      return sent.status;
    });
    expect(emulated).toBe(204);
    const reply = await page.evaluate(
      () =>
        new Promise<string>((resolve, reject) => {
          const socket = new WebSocket(`wss://${location.host}/connection/websocket`);
          socket.onopen = () => socket.send('{"id":1,"connect":{}}');
          socket.onmessage = ({ data }) => resolve(String(data));
          socket.onerror = () => reject(new Error('no WebSocket'));
        }),
    );
    expect(reply).toContain('"connect"');
    await context.close();
    await app.close(500);
  });
});
