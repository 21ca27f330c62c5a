/** F8: the network takes bytes and delivers none. Nobody is told; the server has to find out. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { channel, fanfare } from 'fanfare';
import { describe, expect, test, vi } from 'vitest';
import type { TransportPeer } from '../../conformance/transport-suite.js';
import { openPolling } from '../../support/clients/polling-peer.js';
import { answerTo, httpStreamReading, openStream, sseReading } from '../../support/clients/stream-peer.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';

const pingIntervalMs = 2_000;
const pongTimeoutMs = 1_000;

const clients: readonly [string, (url: string, firstFrame: string) => Promise<TransportPeer>][] = [
  ['http_stream', (url, firstFrame) => openStream(url, httpStreamReading, firstFrame)],
  ['sse', (url, firstFrame) => openStream(url, sseReading, firstFrame)],
  ['long_polling', openPolling],
];

describe.each(clients)('%s', (_, open) => {
  test.concurrent('F8: a half-open connection is given up, and its sockets closed', async () => {
    const app = fanfare({
      anonymous: true,
      transports: { sse: true },
      limits: { pingIntervalMs, pongTimeoutMs },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      channels: { news: channel({ subscribe: 'anyone' }) },
    });
    const server = createServer();
    app.attach(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const sockets = new Set<unknown>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    // safe: it listens on a port
    const proxy = await FaultProxy.start({ port: (server.address() as AddressInfo).port });
    const peer = await open(
      `http://127.0.0.1:${proxy.port}`,
      '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"news"}}',
    );
    await answerTo(peer, 2);
    expect(app.numClients).toBe(1);
    const cutMs = performance.now();
    proxy.setFaults({ blackHole: true });
    // A round of pings, the time to answer, and what the clock of the pings adds.
    await vi.waitFor(() => expect(app.numClients).toBe(0), { timeout: 15_000 });
    expect(performance.now() - cutMs).toBeLessThan(pingIntervalMs + pongTimeoutMs + 10_000);
    // The last words are not read either: 5 seconds for them.
    await vi.waitFor(() => expect(sockets.size).toBe(0), { timeout: 15_000 });
    peer.destroy();
    await proxy[Symbol.asyncDispose]();
    await app.close(500);
    server.close();
  });
});
