/** Functions that hold a WebSocket for a time: each ends its sockets, and clients lose and repeat nothing. */

import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Centrifuge } from 'centrifuge';
import { channel, fanfare } from 'fanfare';
import { redis } from 'fanfare/redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';
import { Gathered, gather } from '../support/centrifuge/awaiting.js';

const maxConnectionMs = 1_000;

describe.skipIf(redisIsMissing())('attach(server, { maxConnectionMs })', () => {
  const server = shared(RedisServer.start);

  /** An application on a platform that ends every socket after its time, whatever it is doing. */
  async function startFunction(prefix: string) {
    const app = fanfare({
      anonymous: true,
      broker: redis({ url: server().url, prefix }),
      channels: { 'stream:{n}': channel({ subscribe: 'anyone', history: { size: 1_000 } }) },
      log: silentLogger,
    });
    const http = createServer();
    let numCut = 0;
    http.on('connection', (socket: Socket) => {
      const timer = setTimeout(() => {
        numCut++;
        socket.destroy();
      }, maxConnectionMs);
      socket.on('close', () => clearTimeout(timer));
    });
    app.attach(http, { maxConnectionMs });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await app.close(500);
      http.close();
      http.closeAllConnections();
    });
    // safe: it listens on TCP
    const { port } = http.address() as AddressInfo;
    return { app, url: `ws://127.0.0.1:${port}/connection/websocket`, numCut: () => numCut };
  }

  test('clients are told before they are cut, recover from another function, and miss and repeat nothing', async () => {
    const prefix = ownPrefix();
    const functions = await Promise.all([startFunction(prefix), startFunction(prefix)]);
    const codes = new Gathered<number>();
    const clients = Array.from({ length: 10 }, (_, n) => {
      // No affinity: as a load balancer has it, the next connection is to another one.
      let turn = n;
      const connected = new Centrifuge('ws://unused', {
        websocket: class extends WebSocket {
          constructor(_: string) {
            super(functions[turn++ % functions.length]?.url ?? '');
          }
        },
        minReconnectDelay: 1,
        maxReconnectDelay: 20,
      });
      const room = connected.newSubscription('stream:a');
      const received = gather(room, 'publication', ({ data }) => data as number);
      const unrecovered = gather(room, 'subscribed', ({ wasRecovering, recovered }) => wasRecovering && !recovered);
      connected.on('connecting', ({ code }) => {
        if (code !== 0) codes.add(code);
      });
      room.subscribe();
      connected.connect();
      onTestFinished(() => connected.disconnect());
      return { room, received, unrecovered };
    });
    await Promise.all(clients.map(({ room }) => room.ready(10_000)));
    let n = 0;
    // Every client has been sent away twice.
    while (codes.items.length < 2 * clients.length) {
      await functions[n % 2]?.app.publish('stream:a', n);
      n++;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await functions[0].app.publish('stream:a', n);
    for (const { received, unrecovered } of clients) {
      expect(await received.atLeast(n + 1)).toEqual(Array.from({ length: n + 1 }, (_, i) => i));
      expect(unrecovered.items.filter(Boolean)).toEqual([]);
    }
    expect([...new Set(codes.items)]).toEqual([3001]);
    expect(functions.map(({ numCut }) => numCut())).toEqual([0, 0]);
  });
});
