/** G12: consumers of one transport do not wait behind those of another: 500 streams that read nothing, 500 WebSockets. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { channel, fanfare } from 'fanfare';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

const count = 500;
const rounds = 30;
const toClose: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

function start() {
  const app = fanfare({
    anonymous: true,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: { news: channel({ subscribe: 'anyone' }) },
  });
  toClose.push(() => app.close(1_000));
  return app;
}

const commands = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"news"}}';

/** An HTTP stream whose client reads its head and nothing more. */
async function openUnread(port: number): Promise<void> {
  const socket: Socket = connect(port, '127.0.0.1');
  toClose.push(() => socket.destroy());
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
    toClose.push(() => socket.terminate());
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

async function measure(openAll: (port: number, listeners: Listeners) => Promise<void>): Promise<number> {
  const app = start();
  const { port } = await app.listen(0);
  const listeners = new Listeners();
  await openAll(port, listeners);
  const times: number[] = [];
  for (let n = 0; n < rounds; n++) times.push(await listeners.timeMs(() => app.publish('news', 'x'.repeat(200))));
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}

describe('500 WebSockets', () => {
  test('wait for 500 unread streams no longer than their share, whether these came before or after', async () => {
    const sockets = (port: number, listeners: Listeners) => inBatches(() => listeners.open(port));
    const streams = (port: number) => inBatches(() => openUnread(port));
    const alone = await measure(sockets);
    const behind = await measure(async (port, listeners) => {
      await sockets(port, listeners);
      await streams(port);
    });
    const before = await measure(async (port, listeners) => {
      await streams(port);
      await sockets(port, listeners);
    });
    // Twice as many writes take about twice as long. The rest is room for a machine with other work.
    for (const together of [behind, before]) {
      expect(together, `alone it took ${alone} ms`).toBeLessThan(4 * alone + 50);
      expect(together).toBeLessThan(200);
    }
  }, 60_000);
});
