/** F17: streams and polls through real nginx and HAProxy, whether those have been told about streams or not. */

import { Centrifuge } from 'centrifuge';
import { channel, fanfare } from 'fanfare';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { nothing } from '../../support/centrifuge/combinations.js';
import { nodeContext } from '../../support/centrifuge/node-context.js';
import { startScenarioServer } from '../../support/centrifuge/scenario-app.js';
import { centrifugeScenarios } from '../../support/centrifuge/scenarios.js';
import { openPolling } from '../../support/clients/polling-peer.js';
import {
  answerTo,
  httpStreamReading,
  openStream,
  type SessionPeer,
  sseReading,
} from '../../support/clients/stream-peer.js';
import { haproxy } from '../../support/programs/haproxy.js';
import { nginx } from '../../support/programs/nginx.js';

const proxies = { nginx, HAProxy: haproxy } as const;

const transports: readonly [string, (url: string, firstFrame: string) => Promise<SessionPeer>][] = [
  ['http_stream', (url, firstFrame) => openStream(url, httpStreamReading, firstFrame)],
  ['sse', (url, firstFrame) => openStream(url, sseReading, firstFrame)],
  ['long_polling', openPolling],
];

/** HAProxy keeps each chunk for 200 ms to see whether more comes. The swiftest counts: the machine may be busy. */
const heldBackMs = 150;

/** Shorter than four rounds of pings take together, and some of them, so that one may be late. */
const timeoutSec = 6;

describe.each(Object.entries(proxies))('%s', (_, { isMissing, start }) => {
  describe.skipIf(isMissing()).each([true, false])('buffering: %s', (buffering) => {
    async function started(pingIntervalMs = 25_000) {
      const app = fanfare({
        anonymous: true,
        transports: { sse: true },
        limits: { pingIntervalMs, pongTimeoutMs: 1_900, pollWaitMs: 1_000, pollGraceMs: 2_000 },
        log: { debug() {}, info() {}, warn() {}, error() {} },
        channels: { news: channel({ subscribe: 'anyone', history: { size: 100 } }) },
      });
      const { port } = await app.listen(0);
      const proxy = await start({ upstreamPort: port, buffering, timeoutSec });
      return {
        app,
        url: proxy.url,
        async [Symbol.asyncDispose]() {
          await proxy[Symbol.asyncDispose]();
          await app.close(500);
        },
      };
    }

    test.concurrent.each(transports)('%s: every publication passes at once', async (_, open) => {
      await using through = await started();
      const peer = await open(through.url, '{"id":1,"connect":{}}');
      await answerTo(peer, 1);
      expect(await peer.emulate('{"id":2,"subscribe":{"channel":"news"}}')).toBe(204);
      await answerTo(peer, 2);
      const delaysMs: number[] = [];
      for (let n = 0; n < 20; n++) {
        const count = peer.frames.items.length;
        const publishedMs = performance.now();
        await through.app.publish('news', n);
        // What is held back until something is full never comes alone.
        await peer.frames.atLeast(count + 1);
        delaysMs.push(performance.now() - publishedMs);
      }
      expect(Math.min(...delaysMs)).toBeLessThan(heldBackMs);
    });

    test.concurrent.each(transports)('%s: pings keep it open beyond the time-out of the proxy', async (_, open) => {
      await using through = await started(2_000);
      const peer = await open(through.url, '{"id":1,"connect":{}}');
      const began = performance.now();
      const pings = () => peer.frames.items.filter((frame) => frame === '{}').length;
      for (let answered = 0; answered < 4; ) {
        await peer.frames.atLeast(peer.frames.items.length + 1);
        if (pings() === answered) continue;
        answered = pings();
        expect(await peer.emulate('{}')).toBe(204);
      }
      expect(performance.now() - began).toBeGreaterThan(timeoutSec * 1_000);
    });

    test.concurrent.each(transports)('%s: a client that goes away is gone behind the proxy too', async (_, open) => {
      await using through = await started(2_000);
      const peer = await open(through.url, '{"id":1,"connect":{}}');
      await answerTo(peer, 1);
      expect(through.app.numClients).toBe(1);
      peer.destroy();
      // G8: at once, or when a ping is not answered: HAProxy without `option abortonclose` does not look.
      await vi.waitFor(() => expect(through.app.numClients).toBe(0));
    });

    describe.each(['http_stream', 'sse', 'sockjs'] as const)('the official client over %s', (transport) => {
      // The network is cut between the proxy and the server: the client sees what the proxy makes of it.
      test.concurrent.each(Object.entries(centrifugeScenarios.recovery ?? {}))('%s', async (_, scenario) => {
        await using server = await startScenarioServer();
        await using proxy = await start({ upstreamPort: Number(server.host.split(':')[1]), buffering });
        const combination = { place: 'Node', transport, codec: 'json', ...nothing } as const;
        const { context, disconnectAll } = nodeContext(server, combination, proxy.url);
        try {
          await scenario(context);
        } finally {
          disconnectAll();
        }
      });
    });
  });
});

describe.each(Object.entries(proxies))('%s in front of WebSocket', (_, { isMissing, start }) => {
  test.skipIf(isMissing()).each([true, false])('passes upgrades: %s; then the next transport', async (websocket) => {
    const app = fanfare({ anonymous: true, channels: {} });
    const { port } = await app.listen(0);
    const proxy = await start({ upstreamPort: port, buffering: true, websocket });
    const client = new Centrifuge(
      [
        { transport: 'websocket', endpoint: `${proxy.url.replace('http', 'ws')}/connection/websocket` },
        { transport: 'http_stream', endpoint: `${proxy.url}/connection/http_stream` },
      ],
      { emulationEndpoint: `${proxy.url}/emulation`, websocket: WebSocket },
    );
    const connected = new Promise<string>((resolve) => {
      client.on('connected', (context) => resolve(context.transport));
    });
    client.connect();
    try {
      expect(await connected).toBe(websocket ? 'websocket' : 'http_stream');
    } finally {
      client.disconnect();
      await proxy[Symbol.asyncDispose]();
      await app.close(500);
    }
  });
});
