/** Frames compressed with a dictionary, read by the typed client in Chromium, and their length on the wire. */

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { channel, fanfare, rpc } from 'fanfare';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { served } from '../support/servers/served.js';

const source = (path: string) => fileURLToPath(new URL(`../../src/client/${path}`, import.meta.url));
const price = z.object({ symbol: z.string(), bid: z.number(), state: z.enum(['open', 'suspended']) });
const messages = Array.from({ length: 60 }, (_, bid) => ({ symbol: 'EURUSD 🎺', bid, state: 'suspended' }) as const);

describe.skipIf(chromiumIsMissing())('a page', () => {
  test('reads compressed frames in JSON and in protobuf', async () => {
    const app = fanfare({
      anonymous: true,
      channels: { 'prices:{market}': channel({ message: price, subscribe: 'anyone' }) },
      rpc: {
        begin: rpc({
          allow: 'anyone',
          run: async () => {
            for (const message of messages) await app.publish('prices:fx', message);
          },
        }),
      },
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    const { url } = await served(app, { deflate: { dictionary: true } });
    const [browser, bundle] = await Promise.all([
      launchBrowser(),
      build({
        entryPoints: [fileURLToPath(new URL('./dictionary-page.ts', import.meta.url))],
        bundle: true,
        format: 'iife',
        platform: 'browser',
        alias: {
          'fanfare/client/dictionary': source('dictionary/index.ts'),
          'fanfare/client/protobuf': source('protobuf/index.ts'),
          'fanfare/client': source('index.ts'),
        },
        write: false,
      }),
    ]);
    try {
      const page = await browser.newPage();
      await page.goto(`${url}/health/live`);
      await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' });
      let numBytes = 0;
      page.on('websocket', (socket) => {
        numBytes = 0;
        socket.on('framereceived', ({ payload }) => {
          numBytes += Buffer.byteLength(payload);
        });
      });
      for (const isBinary of [false, true]) {
        const lengths: number[] = [];
        for (const hasDictionary of [false, true]) {
          const options = { isBinary, hasDictionary, count: messages.length };
          expect(await page.evaluate((given) => window.read(given), options)).toEqual(messages);
          lengths.push(numBytes);
        }
        const [plain = 0, short = 0] = lengths;
        // With the dictionary itself, which comes with the first frame.
        expect(short).toBeLessThan(plain);
      }
    } finally {
      await browser.close();
    }
  });
});
