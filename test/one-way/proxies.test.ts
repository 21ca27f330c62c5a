/** F17: one-way endpoints through real nginx and HAProxy, whether those have been told about streams or not. */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { haproxy } from '../support/programs/haproxy.js';
import { nginx } from '../support/programs/nginx.js';
import { makeApp } from './app.js';

const proxies = { nginx, HAProxy: haproxy } as const;
/** Some rounds of pings, so that one may be late. */
const timeoutSec = 6;

/** Reads what comes, as text that can be awaited. */
class Reader {
  text = '';
  readonly #response: IncomingMessage;
  readonly #ended: Promise<'ended'>;

  constructor(response: IncomingMessage) {
    this.#response = response.setEncoding('utf8');
    // 'close' follows.
    response.on('error', () => undefined);
    this.#ended = new Promise((resolve) => response.once('close', () => resolve('ended')));
    response.on('data', (chunk: string) => {
      this.text += chunk;
    });
  }

  async until(satisfied: (text: string) => boolean): Promise<void> {
    while (!satisfied(this.text)) {
      const next = await Promise.race([once(this.#response, 'data'), this.#ended]);
      if (next === 'ended' && !satisfied(this.text)) throw new Error(`ended after ${this.text}`);
    }
  }

  close(): void {
    this.#response.destroy();
  }
}

describe.each(Object.entries(proxies))('%s', (_, { isMissing, start }) => {
  describe.skipIf(isMissing()).each([true, false])('buffering: %s', (buffering) => {
    async function open(path: string, pingIntervalMs = 25_000) {
      const app = makeApp({ pingIntervalMs, pongTimeoutMs: 1_000 });
      const { port } = await app.listen(0);
      const proxy = await start({ upstreamPort: port, buffering, timeoutSec });
      const [response] = await once(get(`${proxy.url}${path}?channels=news:a`), 'response');
      const reader = new Reader(response);
      return {
        app,
        reader,
        async [Symbol.asyncDispose]() {
          reader.close();
          await proxy[Symbol.asyncDispose]();
          await app.close(500);
        },
      };
    }

    describe.each(['/sse', '/stream'])('%s', (path) => {
      test.concurrent('begins and passes every publication at once', async () => {
        const began = performance.now();
        await using through = await open(path);
        const { app, reader } = through;
        await reader.until((text) => text.includes('news%3Aa=0.'));
        const openedMs = performance.now() - began;
        for (let n = 1; n <= 20; n++) {
          await app.publish('news:a', n);
          await reader.until((text) => text.includes(`"data":${n}}`));
        }
        // Held back until something is full, they would have come together, late or never.
        expect(performance.now() - began - openedMs).toBeLessThan(10_000);
      });

      test.concurrent('pings keep it open beyond the time-out of the proxy, and it is missed when it goes', async () => {
        await using through = await open(path, 2_000);
        const { app, reader } = through;
        const began = performance.now();
        await reader.until(() => performance.now() - began > (timeoutSec + 1) * 1_000);
        expect(app.numClients).toBe(1);
        await app.publish('news:a', 'still here');
        await reader.until((text) => text.includes('still here'));
        reader.close();
        // HAProxy without `option abortonclose` sees it when the next ping cannot be passed on.
        await vi.waitFor(() => expect(app.numClients).toBe(0));
      });
    });
  });
});
