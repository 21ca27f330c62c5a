/** Compression in Chromium, whose WebSocket offers it by itself. */

import { channel, fanfare } from 'fanfare';
import { describe, expect, test } from 'vitest';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { served } from '../support/servers/served.js';

const table = (n: number) => Array.from({ length: 600 }, (_, row) => ({ n, row, name: `row ${row % 31} 🎺` }));

describe.skipIf(chromiumIsMissing())('a page', () => {
  test('sends and gets compressed messages, in their order', async () => {
    const app = fanfare({
      anonymous: true,
      channels: { 'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone' }) },
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    const { url } = await served(app, { deflate: true, metrics: true });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${url}/health/live`);
      const all = [table(1), 'short', table(2), table(3)];
      const { extensions, data } = await page.evaluate(async (tables) => {
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/connection/websocket`);
        const received: unknown[] = [];
        await new Promise((resolve, reject) => {
          socket.onclose = reject;
          socket.onopen = () => {
            socket.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:a"}}');
            for (const [n, table] of tables.entries()) {
              socket.send(JSON.stringify({ id: n + 3, publish: { channel: 'room:a', data: table } }));
            }
          };
          socket.onmessage = (message) => {
            for (const line of String(message.data).split('\n')) {
              const { push } = JSON.parse(line);
              if (push !== undefined) received.push(push.pub.data);
            }
            if (received.length === tables.length) resolve(undefined);
          };
        });
        return { extensions: socket.extensions, data: received };
      }, all);
      expect(data).toEqual(all);
      expect(extensions).toBe('permessage-deflate; server_no_context_takeover; client_no_context_takeover');
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/^fanfare_inflated_messages_total [4-6]$/m);
      expect(metrics).toMatch(/^fanfare_deflated_frames_total [1-9]/m);
    } finally {
      await browser.close();
    }
  });
});
