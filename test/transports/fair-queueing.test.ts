/** G12: consumers of one transport do not wait behind those of another: 500 streams that read nothing, 500 WebSockets. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { channel, fanfare } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { served } from '../support/servers/served.js';

const count = 500;
const rounds = 30;
function start() {
  return served(
    fanfare({
      anonymous: true,
      log: silentLogger,
      // Nobody here answers them.
      limits: { pingIntervalMs: 0 },
      channels: { news: channel({ subscribe: 'anyone' }) },
    }),
  );
}

const commands = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"news"}}';

/** An HTTP stream whose client reads its head and nothing more. */
async function openUnread(port: number): Promise<void> {
  const socket: Socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const head = `Host: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${commands.length}`;
  socket.write(`POST /connection/http_stream HTTP/1.1\r\n${head}\r\n\r\n${commands}`);
  await once(socket, 'data');
  socket.pause();
}

class Listeners {
  #heard = 0;
  #onAll: (() => void) | undefined;

  async open(port: number): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/connection/websocket`);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    const subscribed = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        const text = String(data);
        if (text.includes('"subscribe"')) resolve();
        if (text.includes('"pub"') && ++this.#heard === count) this.#onAll?.();
      });
    });
    socket.send(commands);
    await subscribed;
  }

  /** From a publication until the last of all has it. */
  async timeMs(publish: () => Promise<unknown>): Promise<number> {
    this.#heard = 0;
    const all = new Promise<void>((resolve) => {
      this.#onAll = resolve;
    });
    const began = performance.now();
    await publish();
    await all;
    return performance.now() - began;
  }
}

async function inBatches(open: () => Promise<void>): Promise<void> {
  for (let n = 0; n < count; n += 50) await Promise.all(Array.from({ length: 50 }, open));
}

/** A server with a way to time one publication to its listeners. */
async function opened(openAll: (port: number, listeners: Listeners) => Promise<void>): Promise<() => Promise<number>> {
  const { app, port } = await start();
  const listeners = new Listeners();
  await openAll(port, listeners);
  return () => listeners.timeMs(() => app.publish('news', 'x'.repeat(200)));
}

describe('500 WebSockets', () => {
  test('wait for 500 unread streams no longer than their share, whether these came before or after', async () => {
    const sockets = (port: number, listeners: Listeners) => inBatches(() => listeners.open(port));
    const streams = (port: number) => inBatches(() => openUnread(port));
    const timed = [
      await opened(sockets),
      await opened(async (port, listeners) => {
        await sockets(port, listeners);
        await streams(port);
      }),
      await opened(async (port, listeners) => {
        await streams(port);
        await sockets(port, listeners);
      }),
    ];
    // In turns, and the swiftest counts: other work of the machine delays some, a place behind the streams would delay all.
    const swiftest = timed.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < rounds; round++) {
      for (const [n, timeMs] of timed.entries()) swiftest[n] = Math.min(swiftest[n] ?? 0, await timeMs());
    }
    const [alone = Number.NaN, ...shared] = swiftest;
    // Twice as many writes take about twice as long. The rest is room for a machine with other work.
    for (const together of shared) {
      expect(together, `alone it took ${alone} ms`).toBeLessThan(4 * alone + 50);
      expect(together).toBeLessThan(200);
    }
  }, 120_000);
});
